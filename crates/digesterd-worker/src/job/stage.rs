//! How far a visit is, and how it ended: what deliveries are told.

use std::time::Duration;

/// How far a visit is.
#[derive(Debug, Clone)]
pub(crate) enum Stage {
    /// Begun; nothing is durable yet.
    Arrived,
    /// The job's record is durable: the sweeper finishes it whatever happens.
    Recorded,
    /// Over.
    Ended(Ending),
}

/// How a visit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The digest is stored.
    Stored,
    /// The job has failed for good, and the record says so.
    Failed {
        /// Why.
        reason: String,
    },
    /// Another try is worth it.
    Retry {
        /// Why this one ended.
        reason: String,
        /// When to come again.
        after: Duration,
    },
    /// The process shuts down.
    Draining,
}

impl Ending {
    /// A visit that fell over inside the program.
    pub(crate) fn interrupted() -> Self {
        Self::Retry {
            reason: "the job's task ended before its work was done".to_owned(),
            after: Duration::from_secs(5),
        }
    }
}
