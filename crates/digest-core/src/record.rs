//! The job record: the lock of a digest's making, as a pure state machine.
//!
//! ```text
//! absent -> claimed -> queued -> building -> stored
//!              |          ^  \       |
//!              |          |   \      +-> failed (reason kept)
//!              |          +----\-----+   handed back: another try after a pause
//!              +-> failed (the queue was down)
//! stored, failed -> claimed (a new request)
//! ```
//!
//! A record is created if absent and changed only by compare-and-swap; the functions here say what
//! the next record is, never whether the store took it. Time is an argument. Every record carries
//! its lease's length beside its end, so that an observer can wait a whole lease by a clock of its
//! own before it takes the work over: skewed clocks do no harm.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use crate::job::Job;

mod lease;
#[cfg(test)]
mod tests;

pub use lease::{Lease, Progress};

/// Version of the record's JSON.
const FORMAT: u32 = 1;

/// Where a digest is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// A request holds the window and is about to queue the job.
    Claimed,
    /// The job is on its way to a worker, or waits for another try.
    Queued,
    /// A worker builds the digest and renews its lease.
    Building,
    /// The digest is stored.
    Stored,
    /// Given up, with the reason.
    Failed,
}

/// Why a job ended or was handed back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What happened, where, and what to do: a sentence for a person.
    pub reason: String,
    /// Whether another try can help. A permanent failure needs a person first.
    pub transient: bool,
}

/// The record as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRecord {
    format: u32,
    job: Job,
    state: State,
    /// Grows with every claim and every taking of the work: a successor's is always greater.
    epoch: u64,
    /// Names this attempt's temporary objects; fresh with every epoch.
    nonce: Uuid,
    /// Grows with every write, so that two writes never look alike.
    revision: u64,
    /// Process that wrote the record last.
    owner: String,
    /// Failed attempts since the claim.
    attempts: u32,
    /// Leases that ran out since the claim.
    lost_leases: u32,
    lease: Lease,
    claimed_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    begun_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    progress: Option<Progress>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    /// ETag of the stored digest that this job replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_of: Option<String>,
}

/// A step that the state does not allow.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a job that is {from:?} cannot be {step}")]
pub struct StepError {
    /// State of the record.
    pub from: State,
    /// What was tried.
    pub step: &'static str,
}

impl JobRecord {
    /// Claims a window that has no record: the first state.
    #[must_use]
    pub fn claim(job: Job, owner: &str, nonce: Uuid, now: DateTime<Utc>, timeout: TimeDelta) -> Self {
        Self {
            format: FORMAT,
            job,
            state: State::Claimed,
            epoch: 1,
            nonce,
            revision: 1,
            owner: owner.to_owned(),
            attempts: 0,
            lost_leases: 0,
            lease: Lease::new(now, timeout),
            claimed_at: now,
            updated_at: now,
            begun_at: None,
            progress: None,
            failure: None,
            refresh_of: None,
        }
    }

    /// Claims a window anew whose last job has ended; attempts start at zero again.
    ///
    /// # Errors
    /// [`StepError`] while a job is on its way.
    pub fn reclaim(
        &self,
        owner: &str,
        nonce: Uuid,
        now: DateTime<Utc>,
        timeout: TimeDelta,
    ) -> Result<Self, StepError> {
        self.allow("claimed", &[State::Stored, State::Failed])?;
        let fresh = Self::claim(self.job.clone(), owner, nonce, now, timeout);
        Ok(Self {
            epoch: self.epoch + 1,
            revision: self.revision + 1,
            ..fresh
        })
    }

    /// Notes that this job replaces a stored digest, known by its ETag.
    #[must_use]
    pub fn replacing(self, etag: Option<String>) -> Self {
        Self {
            refresh_of: etag,
            ..self
        }
    }

    /// The claim's holder has queued the job.
    ///
    /// # Errors
    /// [`StepError`] where a worker was faster or the claim is gone.
    pub fn queued(&self, now: DateTime<Utc>, timeout: TimeDelta) -> Result<Self, StepError> {
        self.allow("queued", &[State::Claimed])?;
        Ok(Self {
            state: State::Queued,
            lease: Lease::new(now, timeout),
            ..self.touched(now)
        })
    }

    /// A worker takes the job. From [`State::Building`] this is a takeover: the caller must have seen
    /// the record unchanged for the whole lease by its own clock, and the lease counts as lost.
    ///
    /// # Errors
    /// [`StepError`] for a job that has ended.
    pub fn take(
        &self,
        owner: &str,
        nonce: Uuid,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Self, StepError> {
        self.allow("taken", &[State::Claimed, State::Queued, State::Building])?;
        let lost = u32::from(self.state == State::Building);
        Ok(Self {
            state: State::Building,
            epoch: self.epoch + 1,
            nonce,
            owner: owner.to_owned(),
            lost_leases: self.lost_leases.saturating_add(lost),
            lease: Lease::new(now, lease),
            begun_at: Some(now),
            progress: None,
            ..self.touched(now)
        })
    }

    /// The builder is alive: a fresh lease and how far it is.
    ///
    /// # Errors
    /// [`StepError`] unless building.
    pub fn renewed(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        progress: Option<Progress>,
    ) -> Result<Self, StepError> {
        self.allow("renewed", &[State::Building])?;
        let progress = progress.or(self.progress);
        Ok(Self {
            lease: Lease::new(now, lease),
            progress,
            ..self.touched(now)
        })
    }

    /// The digest is stored. The record stays for `retention`.
    ///
    /// # Errors
    /// [`StepError`] unless building.
    pub fn stored(&self, now: DateTime<Utc>, retention: TimeDelta) -> Result<Self, StepError> {
        self.allow("stored", &[State::Building])?;
        let lease = Lease::new(now, retention);
        Ok(Self {
            state: State::Stored,
            lease,
            failure: None,
            ..self.touched(now)
        })
    }

    /// Gives the job back for another try once `pause` has passed. With a failure the attempt counts;
    /// without one (a worker that shuts down) it does not.
    ///
    /// # Errors
    /// [`StepError`] unless building.
    pub fn handed_back(
        &self,
        now: DateTime<Utc>,
        pause: TimeDelta,
        failure: Option<Failure>,
    ) -> Result<Self, StepError> {
        self.allow("handed back", &[State::Building])?;
        Ok(Self {
            state: State::Queued,
            attempts: self.attempts.saturating_add(u32::from(failure.is_some())),
            lease: Lease::new(now, pause),
            progress: None,
            failure: failure.or_else(|| self.failure.clone()),
            ..self.touched(now)
        })
    }

    /// Gives the job up. The record stays for `retention`.
    ///
    /// # Errors
    /// [`StepError`] for a job that has ended.
    pub fn failed(
        &self,
        now: DateTime<Utc>,
        retention: TimeDelta,
        failure: Failure,
    ) -> Result<Self, StepError> {
        self.allow("failed", &[State::Claimed, State::Queued, State::Building])?;
        let attempts = self
            .attempts
            .saturating_add(u32::from(self.state == State::Building));
        let lease = Lease::new(now, retention);
        Ok(Self {
            state: State::Failed,
            attempts,
            lease,
            failure: Some(failure),
            ..self.touched(now)
        })
    }

    fn allow(&self, step: &'static str, from: &[State]) -> Result<(), StepError> {
        if from.contains(&self.state) {
            Ok(())
        } else {
            Err(StepError {
                from: self.state,
                step,
            })
        }
    }

    /// The same record with the next revision.
    fn touched(&self, now: DateTime<Utc>) -> Self {
        Self {
            revision: self.revision + 1,
            updated_at: now,
            ..self.clone()
        }
    }

    /// The job.
    #[must_use]
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// The state.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Whether the job has ended, well or not.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self.state, State::Stored | State::Failed)
    }

    /// Whether the lease has run out by the given clock. Not enough for a takeover: see the module.
    #[must_use]
    pub fn lease_is_over(&self, now: DateTime<Utc>) -> bool {
        self.lease.until <= now
    }

    /// The epoch: grows with every claim and every taking of the work.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Names this attempt's temporary objects.
    #[must_use]
    pub fn nonce(&self) -> Uuid {
        self.nonce
    }

    /// Number of this write.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Process that wrote the record last.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Failed attempts since the claim.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Leases that ran out since the claim.
    #[must_use]
    pub fn lost_leases(&self) -> u32 {
        self.lost_leases
    }

    /// The lease of the present state.
    #[must_use]
    pub fn lease(&self) -> Lease {
        self.lease
    }

    /// When the window was claimed.
    #[must_use]
    pub fn claimed_at(&self) -> DateTime<Utc> {
        self.claimed_at
    }

    /// When the record was last written.
    #[must_use]
    pub fn updated_at(&self) -> DateTime<Utc> {
        self.updated_at
    }

    /// When the present or last attempt began to build.
    #[must_use]
    pub fn begun_at(&self) -> Option<DateTime<Utc>> {
        self.begun_at
    }

    /// How far the build is.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        self.progress
    }

    /// Why the job ended, or why its last attempt was handed back.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// ETag of the stored digest that this job replaces.
    #[must_use]
    pub fn refresh_of(&self) -> Option<&str> {
        self.refresh_of.as_deref()
    }
}
