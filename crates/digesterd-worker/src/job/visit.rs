//! A visit: everything one process does about one job, from its record to its end.
//!
//! Look at the record, decide, act, and look again wherever another process was faster. The record is the
//! only lock; what stands here is safe to run in any number of processes at once.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use digest_core::record::{Failure, State};
use digest_core::{Job, JobRecord};
use digest_storage::{Created, ErrorKind, StoreError, Swap, Version};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep;
use tracing::warn;
use uuid::Uuid;

use super::attempt::{Attempt, attempt, give_up};
use super::decision::{Decision, Occasion, decide};
use super::held::Held;
use super::marker;
use super::running::Seat;
use super::stage::{Ending, Stage};
use crate::publish::{Standing, abandon, standing};
use crate::terms::delta;
use crate::worker::Worker;

/// How often a job that is another's is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Visits a job until it has ended, nobody waits for it any more, or the process shuts down.
pub(crate) async fn visit(
    worker: Worker,
    job: Job,
    occasion: Occasion,
    seat: Seat,
    slot: Option<OwnedSemaphorePermit>,
) {
    let mut visit = Visit {
        worker,
        job,
        occasion,
        seat,
        slot,
        is_recorded: false,
    };
    let mut failures = 0;
    loop {
        let next = match visit.look().await {
            Ok(next) => {
                failures = 0;
                next
            }
            // Nobody delivers it again: who sent it was told that it cannot get lost.
            Err(error) if visit.is_recorded && visit.seat.is_kept() => {
                failures += 1;
                visit.store_failed(&error);
                visit.slot = None;
                visit.wait(visit.worker.terms().pause_after(failures)).await
            }
            Err(error) => Next::End(visit.store_failed(&error)),
        };
        match next {
            Next::Again => {}
            Next::End(ending) => return visit.seat.end(ending),
            Next::Leave if visit.seat.leave() => return,
            Next::Leave => {}
        }
    }
}

struct Visit {
    worker: Worker,
    job: Job,
    occasion: Occasion,
    seat: Seat,
    /// The right to build, once this visit has one.
    slot: Option<OwnedSemaphorePermit>,
    /// Whether the job has been seen to have a record.
    is_recorded: bool,
}

/// What follows a look at the record.
enum Next {
    /// Look again.
    Again,
    /// The visit is over.
    End(Ending),
    /// Nobody waits for it any more.
    Leave,
}

impl Next {
    fn after(attempt: Attempt) -> Self {
        match attempt {
            Attempt::Ended(ending) => Self::End(ending),
            Attempt::Lost => Self::Again,
        }
    }
}

impl Visit {
    /// One look at the record, and what it asks for.
    async fn look(&mut self) -> Result<Next, StoreError> {
        if self.worker.is_draining() {
            return Ok(Next::End(Ending::Draining));
        }
        let Some((record, version)) = self.worker.records().load(self.job.id()).await? else {
            return self.begin().await;
        };
        self.seat.reach(Stage::Recorded);
        self.is_recorded = true;
        let known = self.worker.circumstances(self.occasion, &record);
        match decide(&record, &known) {
            Decision::Ended => self.ended(&record, &version).await,
            Decision::Wait(time) => {
                // A slot is for building alone; and the job is another's, or the sweeper's after its pause.
                self.slot = None;
                self.seat.let_go();
                Ok(self.wait(time.min(LOOK)).await)
            }
            Decision::GiveUp if standing(self.worker.places(), &record).await? != Standing::ToBuild => {
                self.take(record, version).await
            }
            Decision::GiveUp => {
                let reason = format!(
                    "given up: {} builders in a row vanished without a word, as by running out of memory",
                    record.lost_leases().saturating_add(1)
                );
                let held = Held::new(self.worker.records().clone(), record, version);
                let failure = Failure {
                    reason,
                    transient: true,
                };
                Ok(Next::after(give_up(&self.worker, &held, failure).await))
            }
            Decision::Take | Decision::TakeOver => self.take(record, version).await,
        }
    }

    /// A job without a record, as the Go service queues them: nothing to do if its digest stands, else make one.
    async fn begin(&mut self) -> Result<Next, StoreError> {
        if self.worker.digests().head(self.job.id()).await?.is_some() {
            return Ok(Next::End(Ending::Stored));
        }
        let (now, timeout) = (Utc::now(), delta(self.worker.terms().queue_timeout));
        let claimed = JobRecord::claim(
            self.job.clone(),
            self.worker.owner(),
            Uuid::new_v4(),
            now,
            timeout,
        );
        let queued = claimed.queued(now, timeout).unwrap_or(claimed);
        match self.worker.records().create(&queued).await? {
            Created::Created(_) => marker::show(self.worker.markers(), &queued, self.worker.terms()).await,
            Created::Exists(_) => {}
        }
        Ok(Next::Again)
    }

    /// The record says that the job has ended. A digest that was removed since is made anew.
    async fn ended(&self, record: &JobRecord, version: &Version) -> Result<Next, StoreError> {
        if record.state() == State::Failed {
            let reason = record
                .failure()
                .map_or_else(String::new, |failure| failure.reason.clone());
            return Ok(Next::End(Ending::Failed { reason }));
        }
        if self.occasion != Occasion::Delivery || self.worker.digests().head(self.job.id()).await?.is_some() {
            return Ok(Next::End(Ending::Stored));
        }
        let timeout = delta(self.worker.terms().queue_timeout);
        if let Ok(anew) = record.reclaim(self.worker.owner(), Uuid::new_v4(), Utc::now(), timeout) {
            self.worker.records().swap(version, &anew).await?;
        }
        Ok(Next::Again)
    }

    /// The job waits for somebody: get a slot unless all is built already, take the record, do the work.
    async fn take(&mut self, record: JobRecord, version: Version) -> Result<Next, StoreError> {
        let standing = match standing(self.worker.places(), &record).await {
            Err(error) if is_for_good(&error) => return self.refuse(record, version, &error).await,
            found => found?,
        };
        if standing == Standing::ToBuild && self.slot.is_none() {
            return self.queue_up(&record, &version).await;
        }
        // What a predecessor published bears its nonce: the record keeps it until all is in order.
        let nonce = match standing {
            Standing::ToBuild | Standing::Given => Uuid::new_v4(),
            Standing::Published => record.nonce(),
        };
        let lease = delta(self.worker.terms().progress_timeout);
        let Ok(taken) = record.take(self.worker.owner(), nonce, Utc::now(), lease) else {
            return Ok(Next::Again);
        };
        let Swap::Swapped(version) = self.worker.records().swap(&version, &taken).await? else {
            return Ok(Next::Again);
        };
        if record.begun_at().is_some() && nonce != record.nonce() {
            abandon(self.worker.places(), &self.job, record.nonce()).await;
        }
        let held = Held::new(self.worker.records().clone(), taken, version);
        let ended = attempt(&self.worker, held, standing).await;
        self.slot = None;
        Ok(Next::after(ended))
    }

    /// Takes the record to end the job: where the digest is to be, the store refuses this worker for good.
    async fn refuse(
        &self,
        record: JobRecord,
        version: Version,
        error: &StoreError,
    ) -> Result<Next, StoreError> {
        let lease = delta(self.worker.terms().progress_timeout);
        let Ok(taken) = record.take(self.worker.owner(), record.nonce(), Utc::now(), lease) else {
            return Ok(Next::Again);
        };
        let Swap::Swapped(version) = self.worker.records().swap(&version, &taken).await? else {
            return Ok(Next::Again);
        };
        let held = Held::new(self.worker.records().clone(), taken, version);
        let failure = Failure {
            reason: format!("the digest could not be looked for: {error}"),
            transient: false,
        };
        Ok(Next::after(give_up(&self.worker, &held, failure).await))
    }

    /// Waits for a slot. A job that is kept without callers is first offered to every worker: whoever is
    /// free before this one takes it.
    async fn queue_up(&mut self, record: &JobRecord, version: &Version) -> Result<Next, StoreError> {
        if let Some(slot) = self.worker.free_slot() {
            self.slot = Some(slot);
            return Ok(Next::Again);
        }
        if self.seat.is_kept() && record.begun_at().is_none() {
            return self.offer(record, version).await;
        }
        tokio::select! {
            slot = self.worker.next_slot() => {
                self.slot = slot;
                Ok(Next::Again)
            }
            () = self.seat.deserted() => Ok(Next::Leave),
            () = self.worker.drained() => Ok(Next::End(Ending::Draining)),
        }
    }

    /// Makes a waiting job one that every sweeper may take at once.
    async fn offer(&self, record: &JobRecord, version: &Version) -> Result<Next, StoreError> {
        let now = Utc::now();
        let lease = delta(self.worker.terms().progress_timeout);
        let offered = record
            .take(self.worker.owner(), Uuid::new_v4(), now, lease)
            .and_then(|taken| taken.handed_back(now, TimeDelta::zero(), None));
        if let Ok(offered) = offered {
            self.worker.records().swap(version, &offered).await?;
        }
        Ok(Next::Again)
    }

    /// Waits a while for another process, or for a pause to pass.
    async fn wait(&self, time: Duration) -> Next {
        tokio::select! {
            () = sleep(time) => Next::Again,
            () = self.seat.deserted() => Next::Leave,
            () = self.worker.drained() => Next::End(Ending::Draining),
        }
    }

    fn store_failed(&self, error: &StoreError) -> Ending {
        warn!(job_id = %self.job.id(), %error, "a job could not be looked at");
        Ending::Retry {
            reason: format!("the job's record could not be read or written: {error}"),
            after: self.worker.terms().retry_pause,
        }
    }
}

/// Whether a person has to act before a store answers otherwise.
fn is_for_good(error: &StoreError) -> bool {
    matches!(error.kind(), ErrorKind::AccessDenied | ErrorKind::NoSuchBucket)
}
