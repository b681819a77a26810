//! The threads that inflate, parse and fold: plain ones, off the async runtime.
//!
//! Each takes the next object's reader from one bounded channel, so that a slow object holds up one
//! thread and no more. The first error stops all of them; a panic is an error like any other.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use digest_core::{BadRows, Budget, Digest, FoldOptions, fold_parallel};
use digest_storage::ObjectReader;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::error::BuildError;
use super::ledger::Ledger;
use super::progress::ProgressCounters;
use super::reader::TimedReader;
use super::stopwatch::Stopwatch;

/// An object's name among those of the plan, and its bytes on their way.
pub(super) type Opened = (String, ObjectReader);

/// What the threads work with.
#[derive(Clone)]
pub(super) struct Crew {
    pub(super) threads: usize,
    pub(super) options: FoldOptions,
    pub(super) budget: Option<Budget>,
    pub(super) progress: Arc<ProgressCounters>,
    pub(super) stopwatch: Arc<Stopwatch>,
    /// Cancelled, it ends every thread at its next read.
    pub(super) stop: CancellationToken,
    /// Cancelled by the threads once one of them has failed: the feed ends.
    pub(super) enough: CancellationToken,
    /// How many objects the threads have done with.
    pub(super) gone: watch::Sender<usize>,
}

impl Crew {
    /// Folds every object that comes through the channel, until it is closed.
    ///
    /// `ledger` has one entry for each object of the channel.
    pub(super) async fn fold(
        self,
        objects: mpsc::Receiver<Opened>,
        ledger: Ledger,
    ) -> Result<(Digest, Ledger), BuildError> {
        let stop = self.stop.clone();
        let folded = tokio::task::spawn_blocking(move || self.run(objects, ledger)).await;
        let folded = match folded {
            Ok(folded) => folded,
            Err(error) => Err(BuildError::panicked(error)),
        };
        if folded.is_err() {
            stop.cancel();
        }
        folded
    }

    /// Starts the threads and waits for all of them.
    fn run(self, objects: mpsc::Receiver<Opened>, ledger: Ledger) -> Result<(Digest, Ledger), BuildError> {
        let (objects, ledger) = (Mutex::new(objects), Mutex::new(ledger));
        // A lenient fold goes on after a bad object.
        let enough = Some(&self.enough).filter(|_| self.options.bad_rows == BadRows::Fail);
        let next = || {
            let asked = Instant::now();
            let (key, reader) = objects
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .blocking_recv()?;
            self.stopwatch.add_waited(asked.elapsed());
            let others = ledger.lock().unwrap_or_else(PoisonError::into_inner).others(&key);
            let reader = TimedReader::new(reader, &self.progress, &self.stopwatch, &self.stop, enough)
                .beside(others)
                .counted(&self.gone);
            Some((key, Box::new(reader) as Box<_>))
        };
        let digest = fold_parallel(
            &self.options,
            self.budget.clone(),
            self.threads.max(1),
            next,
            |key, tally| {
                self.progress.add_object(tally.records);
                let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
                ledger.enter(key, tally);
            },
        )?;
        let ledger = ledger.into_inner().unwrap_or_else(PoisonError::into_inner);
        // A build that was stopped between two objects has read only some of them.
        if ledger.is_whole() {
            Ok((digest, ledger))
        } else {
            Err(BuildError::Stopped)
        }
    }
}
