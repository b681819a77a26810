//! What a round over the records tells of all jobs on their way: how many there are in each state, and how old the oldest is
//! that waits.

use std::time::Duration;

use chrono::{DateTime, Utc};
use digest_core::JobRecord;
use digest_core::record::State;
use digesterd_process::metrics::JobsOnTheirWay;

/// The jobs of one round, counted.
#[derive(Debug, Default)]
pub(super) struct Census {
    claimed: u64,
    queued: u64,
    building: u64,
    /// When the oldest job that waits was asked for.
    waiting_since: Option<DateTime<Utc>>,
}

impl Census {
    /// Counts a job.
    pub(super) fn count(&mut self, record: &JobRecord) {
        match record.state() {
            State::Claimed => self.claimed += 1,
            State::Queued => self.queued += 1,
            State::Building => {
                self.building += 1;
                return;
            }
            State::Stored | State::Failed => return,
        }
        let asked = record.claimed_at();
        self.waiting_since = Some(self.waiting_since.map_or(asked, |since| since.min(asked)));
    }

    /// What it comes to.
    pub(super) fn told(&self, now: DateTime<Utc>) -> JobsOnTheirWay {
        let age = self.waiting_since.map(|since| now.signed_duration_since(since));
        JobsOnTheirWay {
            claimed: self.claimed,
            queued: self.queued,
            building: self.building,
            oldest_waits: age.and_then(|age| age.to_std().ok()).unwrap_or(Duration::ZERO),
        }
    }
}
