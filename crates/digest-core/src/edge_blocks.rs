//! Edges some at a time: every thread makes something of a block, and what was made is handed on in the digest's order.
//!
//! A thread that has made its block before its turn leaves it and makes another. It waits once as many blocks are left as
//! there are threads, so that no more than twice as many are held.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::thread;

use crate::digest::{Body, Digest, Held};
use crate::edge::Edge;
use crate::merge::{Merge, Part};
use crate::spill::SpilledRun;
use crate::tables::lock;

/// Merged edges that are handed to another thread at once, at most.
const MERGED_AT_ONCE: usize = 8192;

/// Edges that stand one behind the other in a digest.
#[derive(Debug)]
pub struct EdgeBlock<'d>(Edges<'d>);

#[derive(Debug)]
enum Edges<'d> {
    Held(&'d Held, &'d [usize], Range<usize>),
    Merged(&'d [Part], &'d [Vec<u8>]),
}

impl<'d> EdgeBlock<'d> {
    /// Hands out all edges in the digest's order, one or more of one interface at a time.
    pub fn for_each(&self, mut take: impl FnMut(&[Edge<'d>])) {
        match self.0 {
            Edges::Held(held, starts, ref edges) => held.edges(starts, edges.clone(), take),
            Edges::Merged(parts, actions) => {
                for part in parts {
                    for (row, sums) in &part.rows {
                        take(&[part.edge(row, sums, actions)]);
                    }
                }
            }
        }
    }
}

impl Digest {
    /// Cuts the edges into blocks of `edges`, the last of which may have fewer. `make` is called on all of the digest's
    /// threads; `take` gets what it made, in order. As [`Digest::for_each_edge`], it knows edges of one line apart.
    ///
    /// # Errors
    /// The first one that `make` or `take` returns, and failures of runs that are read back.
    pub fn edge_blocks<T: Send>(
        &self,
        edges: usize,
        make: impl Fn(EdgeBlock<'_>) -> io::Result<T> + Sync,
        take: impl FnMut(T) -> io::Result<()> + Send,
    ) -> io::Result<()> {
        let edges = edges.max(1);
        let turns = Turns::new(take, self.threads);
        match &self.body {
            Body::Held(held) => {
                let starts = held.starts();
                let all = starts.last().copied().unwrap_or_default();
                let next = AtomicUsize::new(0);
                let work = || {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let from = at.saturating_mul(edges);
                        if from >= all || turns.is_over() {
                            return;
                        }
                        let block = Edges::Held(held, &starts, from..all.min(from + edges));
                        let _watch = turns.watch();
                        turns.take(at, make(EdgeBlock(block)));
                    }
                };
                let threads = self.threads.min(all.div_ceil(edges));
                if threads < 2 {
                    work();
                } else {
                    thread::scope(|scope| {
                        for _ in 0..threads {
                            scope.spawn(work);
                        }
                    });
                }
                turns.end()
            }
            Body::Spilled(runs) => self.merged_edges(runs, edges, make, turns),
        }
    }

    /// Blocks of edges that this thread merges and the others make something of.
    fn merged_edges<T: Send>(
        &self,
        runs: &[Arc<dyn SpilledRun>],
        edges: usize,
        make: impl Fn(EdgeBlock<'_>) -> io::Result<T> + Sync,
        turns: Turns<T, impl FnMut(T) -> io::Result<()> + Send>,
    ) -> io::Result<()> {
        let mut merge = Merge::edges(runs)?;
        let actions = Arc::clone(&merge.actions);
        let (sender, merged) = mpsc::sync_channel::<(usize, Vec<Part>)>(1);
        let merged = Mutex::new(merged);
        let work = || {
            loop {
                let received = lock(&merged).recv();
                let Ok((at, parts)) = received else { return };
                if !turns.is_over() {
                    let _watch = turns.watch();
                    turns.take(at, make(EdgeBlock(Edges::Merged(&parts, &actions))));
                }
            }
        };
        let fed = thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(work);
            }
            let feed = sender;
            let (mut at, mut parts, mut held) = (0, Vec::new(), 0);
            merge.read(MERGED_AT_ONCE.min(edges), |mut part| {
                if turns.is_over() {
                    return Err(io::Error::other("nobody takes the merged edges any more"));
                }
                // Once it is full, a block has room for nothing.
                let rest = part.rows.split_off(part.rows.len().min(edges - held));
                held += part.rows.len();
                let names = Arc::clone(&part.names);
                parts.push(part);
                if held == edges {
                    // The receiver outlives all workers.
                    feed.send((at, std::mem::take(&mut parts)))
                        .map_err(io::Error::other)?;
                    (at, held) = (at + 1, rest.len());
                    if held > 0 {
                        parts.push(Part { names, rows: rest });
                    }
                }
                Ok(())
            })?;
            if parts.is_empty() {
                return Ok(());
            }
            feed.send((at, parts)).map_err(io::Error::other)
        });
        turns.end().and(fed)
    }
}

/// Whose turn it is to hand on what was made.
struct Turns<T, F> {
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
    fn new(take: F, threads: usize) -> Self {
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
    fn watch(&self) -> Watch<'_, T, F> {
        Watch(self)
    }

    /// Whether something has failed, and nothing more is wanted.
    fn is_over(&self) -> bool {
        lock(&self.state).failed.is_some()
    }

    /// Hands on what was made of this block, or leaves it to the thread that makes the one that is next.
    fn take(&self, at: usize, made: io::Result<T>)
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

    fn end(self) -> io::Result<()> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.failed.map_or(Ok(()), Err)
    }
}

struct Watch<'t, T, F>(&'t Turns<T, F>);

impl<T, F> Drop for Watch<'_, T, F> {
    fn drop(&mut self) {
        if thread::panicking() {
            lock(&self.0.state).failed = Some(io::Error::other("a thread fell over"));
            self.0.turned.notify_all();
        }
    }
}
