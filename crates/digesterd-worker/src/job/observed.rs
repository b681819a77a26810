//! What this process has seen of each job record, by its own clock: the ground of every takeover.
//!
//! A lease that another machine wrote ends by that machine's clock. A record that stood unchanged for
//! the lease's whole length while this process watched has lost its builder, whatever the clocks say.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use digest_core::{DigestId, JobRecord};

/// First sight of each record's present revision.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    seen: Mutex<HashMap<DigestId, Sight>>,
}

#[derive(Debug, Clone, Copy)]
struct Sight {
    epoch: u64,
    revision: u64,
    since: Instant,
}

impl Observed {
    /// Notes the record and says for how long it has stood unchanged under this process's eyes.
    pub(crate) fn unchanged_for(&self, record: &JobRecord) -> Duration {
        self.unchanged_at(record, Instant::now())
    }

    fn unchanged_at(&self, record: &JobRecord, now: Instant) -> Duration {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = Sight {
            epoch: record.epoch(),
            revision: record.revision(),
            since: now,
        };
        let sight = seen.entry(record.job().id()).or_insert(fresh);
        if (sight.epoch, sight.revision) != (fresh.epoch, fresh.revision) {
            *sight = fresh;
        }
        now.saturating_duration_since(sight.since)
    }

    /// Forgets every record but these: the others are gone.
    pub(crate) fn keep(&self, present: &HashSet<DigestId>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|id, _| present.contains(id));
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Utc};
    use digest_core::{Job, Scope, Window};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_change_starts_the_watch_anew() {
        let window = Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").unwrap();
        let job = Job::new(window, Scope::default());
        let lease = TimeDelta::minutes(5);
        let first = JobRecord::claim(job, "api", Uuid::nil(), Utc::now(), lease);
        let (observed, begun) = (Observed::default(), Instant::now());
        let later = begun + Duration::from_secs(9);
        assert_eq!(observed.unchanged_at(&first, begun), Duration::ZERO);
        assert_eq!(observed.unchanged_at(&first, later), Duration::from_secs(9));
        let second = first.queued(Utc::now(), lease).unwrap();
        assert_eq!(observed.unchanged_at(&second, later), Duration::ZERO);
    }
}
