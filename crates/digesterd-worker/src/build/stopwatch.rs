//! What held a build up: the time its threads waited for bytes, worked, and wrote what did not fit memory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use digest_core::manifest::Bound;
use digesterd_process::metrics::ThreadTime;

/// Thread time of one build, summed over its threads.
#[derive(Debug, Default)]
pub(super) struct Stopwatch {
    waited_us: AtomicU64,
    worked_us: AtomicU64,
    spilled_us: AtomicU64,
    spilled_bytes: AtomicU64,
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

    /// A thread wrote so many bytes that did not fit memory: a part of the time that it worked.
    pub(super) fn add_spilled(&self, time: Duration, bytes: usize) {
        self.spilled_us.fetch_add(micros(time), Ordering::Relaxed);
        self.spilled_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// All of it, each second once.
    pub(super) fn times(&self) -> ThreadTime {
        let read = |time: &AtomicU64| Duration::from_micros(time.load(Ordering::Relaxed));
        let disk = read(&self.spilled_us);
        ThreadTime {
            fetch: read(&self.waited_us),
            cpu: read(&self.worked_us).saturating_sub(disk),
            disk,
            spilled: self.spilled_bytes.load(Ordering::Relaxed),
        }
    }

    /// Which of them was most; none where nothing was read.
    pub(super) fn bound(&self) -> Option<Bound> {
        let ThreadTime { fetch, cpu, disk, .. } = self.times();
        if (cpu + disk).is_zero() {
            None
        } else if disk > fetch && disk > cpu {
            Some(Bound::Disk)
        } else if fetch > cpu {
            Some(Bound::Fetch)
        } else {
            Some(Bound::Cpu)
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
        stopwatch.add_worked(Duration::from_secs(2));
        stopwatch.add_spilled(Duration::from_secs(2), 1000);
        assert_eq!(stopwatch.bound(), Some(Bound::Disk));
        let ThreadTime { cpu, spilled, .. } = stopwatch.times();
        assert_eq!((cpu, spilled), (Duration::from_millis(1001), 1000));
    }
}
