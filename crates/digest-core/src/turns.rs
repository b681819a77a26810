//! Turns: what several threads make, each some of it, is handed on in order.
//!
//! A thread that has made its block before its turn leaves it and makes another. It waits once as many blocks are left as
//! there are threads, so that no more than twice as many are held.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use crate::tables::lock;

/// Whose turn it is to hand on what was made.
pub(crate) struct Turns<T, F> {
    state: Mutex<State<T, F>>,
    turned: Condvar,
    /// How many may be left by threads that went on.
    most: usize,
}

struct State<T, F> {
    next: usize,
    /// What was made before its turn.
    left: BTreeMap<usize, T>,
    take: F,
    failed: Option<io::Error>,
}

impl<T, F: FnMut(T) -> io::Result<()>> State<T, F> {
    /// Hands on what is next, and all behind it that was left.
    fn hand_on(&mut self, made: T) -> io::Result<()> {
        let mut made = Some(made);
        while let Some(next) = made {
            (self.take)(next)?;
            self.next += 1;
            made = self.left.remove(&self.next);
        }
        Ok(())
    }
}

impl<T, F> Turns<T, F> {
    pub(crate) fn new(take: F, threads: usize) -> Self {
        Self {
            state: Mutex::new(State {
                next: 0,
                left: BTreeMap::new(),
                take,
                failed: None,
            }),
            turned: Condvar::new(),
            // One thread makes all in order.
            most: threads,
        }
    }

    /// Ends all turns where a thread falls over before it has taken its own.
    pub(crate) fn watch(&self) -> Watch<'_, T, F> {
        Watch(self)
    }

    /// Whether something has failed, and nothing more is wanted.
    pub(crate) fn is_over(&self) -> bool {
        lock(&self.state).failed.is_some()
    }

    /// Hands on what was made of this block, or leaves it to the thread that makes the one that is next.
    pub(crate) fn take(&self, at: usize, made: io::Result<T>)
    where
        F: FnMut(T) -> io::Result<()>,
    {
        let mut state = lock(&self.state);
        while made.is_ok() && state.next != at && state.left.len() >= self.most && state.failed.is_none() {
            state = self.turned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.failed.is_none() {
            match made {
                Ok(made) if state.next == at => state.failed = state.hand_on(made).err(),
                Ok(made) => {
                    state.left.insert(at, made);
                }
                Err(error) => state.failed = Some(error),
            }
        }
        drop(state);
        self.turned.notify_all();
    }

    /// Makes so many blocks on so many threads, this one if it is one, and hands on each in its turn.
    pub(crate) fn make(&self, blocks: usize, threads: usize, make: impl Fn(usize) -> io::Result<T> + Sync)
    where
        T: Send,
        F: FnMut(T) -> io::Result<()> + Send,
    {
        let next = AtomicUsize::new(0);
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= blocks || self.is_over() {
                    return;
                }
                let _watch = self.watch();
                self.take(at, make(at));
            }
        };
        let threads = threads.min(blocks);
        if threads < 2 {
            work();
        } else {
            thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(work);
                }
            });
        }
    }

    /// What went wrong, if anything did.
    pub(crate) fn end(self) -> io::Result<()> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.failed.map_or(Ok(()), Err)
    }
}

pub(crate) struct Watch<'t, T, F>(&'t Turns<T, F>);

impl<T, F> Drop for Watch<'_, T, F> {
    fn drop(&mut self) {
        if thread::panicking() {
            lock(&self.0.state).failed = Some(io::Error::other("a thread fell over"));
            self.0.turned.notify_all();
        }
    }
}
