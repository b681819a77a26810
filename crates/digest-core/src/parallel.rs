//! Many objects on many threads: each thread folds for itself, and whoever is done merges with another.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::digest::Digest;
use crate::error::FoldError;
use crate::fold::{Fold, FoldOptions};
use crate::tally::ObjectTally;

/// An object to read: its key, for messages, and its bytes.
pub type Source = (String, Box<dyn Read + Send>);

/// Folds objects on up to `threads` threads into one digest, whose contents depend on neither their number nor their
/// order.
///
/// `next` is asked by all threads for one object after another until it has none left (it may block). To call the
/// work off, let it hand out a source that fails: if it merely ended early, the digest would lack what was left.
/// `on_object` hears of each object that has been read.
///
/// # Errors
/// The first [`FoldError`] of any thread. It stops the others at their next read; what they have folded is dropped.
pub fn fold_parallel(
    options: &FoldOptions,
    threads: usize,
    next: impl Fn() -> Option<Source> + Sync,
    on_object: impl Fn(&str, &ObjectTally) + Sync,
) -> Result<Digest, FoldError> {
    let shared = Shared::default();
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                let folded = fold_some(options, &shared, &next, &on_object);
                if let Err(error) = folded.and_then(|fold| shared.hand_in(fold)) {
                    shared.fail(error);
                }
            });
        }
    });
    let Shared { done, error, .. } = shared;
    match error.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => {
            let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
            done.unwrap_or_else(|| Fold::new(options)).finish()
        }
    }
}

/// What the threads share.
#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    /// A finished thread's fold that waits for another's.
    done: Mutex<Option<Fold>>,
    error: Mutex<Option<FoldError>>,
}

impl Shared {
    /// Leaves a fold for the next thread that is done, or merges with the one that was left.
    fn hand_in(&self, mut fold: Fold) -> Result<(), FoldError> {
        loop {
            let mut done = lock(&self.done);
            let Some(other) = done.take() else {
                *done = Some(fold);
                return Ok(());
            };
            drop(done);
            fold.merge(other)?;
        }
    }

    /// Keeps the first error, and stops all threads.
    fn fail(&self, error: FoldError) {
        lock(&self.error).get_or_insert(error);
        self.stop.store(true, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// One thread's work.
fn fold_some(
    options: &FoldOptions,
    shared: &Shared,
    next: impl Fn() -> Option<Source>,
    on_object: impl Fn(&str, &ObjectTally),
) -> Result<Fold, FoldError> {
    let mut fold = Fold::new(options);
    while !shared.is_stopped() {
        let Some((key, source)) = next() else {
            break;
        };
        let tally = fold.read_object(&key, &mut Stoppable { source, shared })?;
        on_object(&key, &tally);
    }
    Ok(fold)
}

/// A source that ends in an error once another thread has failed.
struct Stoppable<'a> {
    source: Box<dyn Read + Send>,
    shared: &'a Shared,
}

impl Read for Stoppable<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.shared.is_stopped() {
            return Err(io::Error::other("stopped, as another object could not be read"));
        }
        self.source.read(out)
    }
}

/// A panic in another thread is passed on by the scope; until then its data is still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
