//! What is to be digested.

use chrono::TimeDelta;
use digest_core::{Job, Scope, Window};

/// What is to be digested: flow logs somewhere, and which of their records.
#[derive(Debug, Clone)]
pub struct BuildRequest {
    /// The window; none: every record.
    pub window: Option<Window>,
    /// Accounts and regions, where the keys name them; all by default.
    pub scope: Scope,
    /// How long after the window's stop objects may still arrive.
    pub late_arrival: TimeDelta,
    /// How the flow logs lie.
    pub source: Source,
}

/// How flow logs lie in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// In AWS's layout: only the folders are listed that can hold records of the window. Without a window,
    /// as [`Source::Loose`].
    Layout,
    /// Loose: every object is read, whatever its name.
    Loose,
    /// The one object of this key.
    One(String),
}

impl BuildRequest {
    /// The request of a job.
    #[must_use]
    pub fn of_job(job: &Job, late_arrival: TimeDelta) -> Self {
        Self {
            window: Some(*job.window()),
            scope: job.scope().clone(),
            late_arrival,
            source: Source::Layout,
        }
    }
}
