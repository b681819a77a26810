//! What is to be digested.

use chrono::TimeDelta;
use digest_core::{Job, Scope, Window};

/// What is to be digested: a window of a place in AWS's layout, or loose objects.
#[derive(Debug, Clone)]
pub struct BuildRequest {
    /// The window; none: every record.
    pub window: Option<Window>,
    /// Accounts and regions; all by default.
    pub scope: Scope,
    /// How long after the window's stop objects may still arrive.
    pub late_arrival: TimeDelta,
    /// Whether the objects lie loose, whatever their names, and are all read.
    pub loose: bool,
}

impl BuildRequest {
    /// The request of a job.
    #[must_use]
    pub fn of_job(job: &Job, late_arrival: TimeDelta) -> Self {
        Self {
            window: Some(*job.window()),
            scope: job.scope().clone(),
            late_arrival,
            loose: false,
        }
    }
}
