//! Signs of life in a job record: the lease, and how far the build is.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How far a build is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Objects read to their end.
    pub objects_done: u64,
    /// Objects of the plan.
    pub objects_total: u64,
    /// Compressed bytes read.
    pub bytes_done: u64,
    /// Compressed bytes of the plan.
    pub bytes_total: u64,
    /// Flow records counted.
    pub records: u64,
}

/// How long the present state may last without a sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// End of the lease by the writer's clock.
    pub until: DateTime<Utc>,
    /// Length in milliseconds, to be waited out by an observer's own clock.
    pub length_ms: u64,
}

impl Lease {
    /// A lease that begins now.
    #[must_use]
    pub fn new(now: DateTime<Utc>, length: TimeDelta) -> Self {
        let length = length.max(TimeDelta::zero());
        Self {
            until: now.checked_add_signed(length).unwrap_or(DateTime::<Utc>::MAX_UTC),
            length_ms: u64::try_from(length.num_milliseconds()).unwrap_or_default(),
        }
    }

    /// Length of the lease.
    #[must_use]
    pub fn length(&self) -> TimeDelta {
        i64::try_from(self.length_ms)
            .ok()
            .and_then(TimeDelta::try_milliseconds)
            .unwrap_or(TimeDelta::MAX)
    }
}
