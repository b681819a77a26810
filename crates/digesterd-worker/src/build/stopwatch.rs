//! What held a build up: the time its threads waited for bytes against the time they worked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use digest_core::manifest::Bound;

/// Thread time of one build, summed over its threads.
#[derive(Debug, Default)]
pub(super) struct Stopwatch {
    waited_us: AtomicU64,
    worked_us: AtomicU64,
}

impl Stopwatch {
    /// A thread stood waiting for an object or its bytes.
    pub(super) fn add_waited(&self, time: Duration) {
        self.waited_us.fetch_add(micros(time), Ordering::Relaxed);
    }

    /// A thread inflated, parsed and folded.
    pub(super) fn add_worked(&self, time: Duration) {
        self.worked_us.fetch_add(micros(time), Ordering::Relaxed);
    }

    /// Which of the two was more; none where nothing was read.
    pub(super) fn bound(&self) -> Option<Bound> {
        let waited = self.waited_us.load(Ordering::Relaxed);
        let worked = self.worked_us.load(Ordering::Relaxed);
        match waited.cmp(&worked) {
            _ if worked == 0 => None,
            std::cmp::Ordering::Greater => Some(Bound::Fetch),
            _ => Some(Bound::Cpu),
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_took_longer() {
        let stopwatch = Stopwatch::default();
        stopwatch.add_waited(Duration::from_secs(1));
        assert_eq!(stopwatch.bound(), None, "nothing was read");
        stopwatch.add_worked(Duration::from_millis(999));
        assert_eq!(stopwatch.bound(), Some(Bound::Fetch));
        stopwatch.add_worked(Duration::from_millis(2));
        assert_eq!(stopwatch.bound(), Some(Bound::Cpu));
    }
}
