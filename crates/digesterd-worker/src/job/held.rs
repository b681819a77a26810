//! A job record that this process holds: every change is a compare-and-swap, and losing one is final.

use std::sync::Arc;

use digest_core::JobRecord;
use digest_core::record::{State, StepError};
use digest_storage::{Records, StoreError, Swap, Version};
use thiserror::Error;
use tokio::sync::Mutex;

/// Tries of one step: a swap of our own whose answer went missing makes the next one fail once.
const TRIES: usize = 3;

/// The record of the attempt that runs here. Shared by the build, its publisher and the heartbeat.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    records: Records,
    present: Arc<Mutex<(JobRecord, Version)>>,
}

/// Why a step was not taken.
#[derive(Debug, Error)]
pub(crate) enum HoldError {
    /// The record is another's now. Nothing of this job may be touched any more.
    #[error("another process has taken the job over")]
    Lost,
    /// The store did not say.
    #[error("the job record could not be written: {0}")]
    Store(#[from] StoreError),
}

impl Held {
    /// Holds a record that was just taken.
    pub(crate) fn new(records: Records, record: JobRecord, version: Version) -> Self {
        Self {
            records,
            present: Arc::new(Mutex::new((record, version))),
        }
    }

    /// The record as it was last written.
    pub(crate) async fn record(&self) -> JobRecord {
        self.present.lock().await.0.clone()
    }

    /// The same with its version.
    pub(crate) async fn present(&self) -> (JobRecord, Version) {
        self.present.lock().await.clone()
    }

    /// Takes one step by compare-and-swap.
    ///
    /// A future that is dropped in the middle may have written: the next step finds the record changed,
    /// reads it back, and goes on where epoch and nonce are still this attempt's.
    pub(crate) async fn step<F>(&self, step: F) -> Result<JobRecord, HoldError>
    where
        F: Fn(&JobRecord) -> Result<JobRecord, StepError>,
    {
        let mut present = self.present.lock().await;
        for _ in 0..TRIES {
            let Ok(next) = step(&present.0) else {
                return Err(HoldError::Lost);
            };
            if let Swap::Swapped(version) = self.records.swap(&present.1, &next).await? {
                *present = (next.clone(), version);
                return Ok(next);
            }
            match self.records.load(next.job().id()).await? {
                Some((found, version)) if is_same_attempt(&found, &present.0) => {
                    if found.state() == next.state() && found.has_ended() {
                        *present = (found.clone(), version);
                        return Ok(found);
                    }
                    *present = (found, version);
                }
                _ => return Err(HoldError::Lost),
            }
        }
        Err(HoldError::Lost)
    }
}

fn is_same_attempt(found: &JobRecord, ours: &JobRecord) -> bool {
    (found.epoch(), found.nonce()) == (ours.epoch(), ours.nonce()) && found.state() != State::Queued
}
