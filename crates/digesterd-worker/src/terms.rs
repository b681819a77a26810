//! The terms a worker keeps: how long things may last, how often they may fail, how many may run.

use std::time::Duration;

use chrono::TimeDelta;

/// Times and limits of a worker. The defaults are those of an empty environment.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Builds at once in this process (`WORKER_CONCURRENCY`).
    pub concurrency: usize,
    /// Longest window that is built, in minutes (`DIGEST_MAX_WINDOW`).
    pub max_window_minutes: i64,
    /// How long a queued job may wait for its worker (`DIGEST_QUEUE_TIMEOUT`).
    pub queue_timeout: Duration,
    /// A building job's lease, renewed every quarter (`DIGEST_PROGRESS_TIMEOUT`).
    pub progress_timeout: Duration,
    /// How often abandoned jobs are looked for (`DIGEST_SWEEP_INTERVAL`).
    pub sweep_interval: Duration,
    /// How long the record of an ended job stays (`DIGEST_RECORD_RETENTION`).
    pub record_retention: Duration,
    /// How long a delivery is held for a job that is not done (`SQSD_PATIENCE`).
    pub patience: Duration,
    /// How long after a window's stop objects may still arrive (`VPC_FLOW_LOGS_LATE_ARRIVAL`).
    pub late_arrival: Duration,
    /// Failed attempts before a job is given up (`DIGEST_MAX_ATTEMPTS`).
    pub max_attempts: u32,
    /// Lost leases before a job is given up (`DIGEST_MAX_LOST_LEASES`).
    pub max_lost_leases: u32,
    /// Most lines of a digest (`DIGEST_MAX_EDGES`).
    pub max_edges: u64,
    /// Most bytes of a digest's gzip (`DIGEST_MAX_OUTPUT`).
    pub max_output: u64,
    /// Pause after the first failed attempt; doubled with each further one, with jitter.
    pub retry_pause: Duration,
    /// Longest pause between two attempts.
    pub longest_pause: Duration,
    /// Largest digest that is stored by one request, in bytes; a larger one goes by a temporary object.
    pub single_put: usize,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            concurrency: 1,
            max_window_minutes: 31 * 24 * 60,
            queue_timeout: Duration::from_secs(6 * 60 * 60),
            progress_timeout: Duration::from_secs(300),
            sweep_interval: Duration::from_secs(30),
            record_retention: Duration::from_secs(7 * 24 * 60 * 60),
            patience: Duration::from_secs(150),
            late_arrival: Duration::from_secs(30 * 60),
            max_attempts: 5,
            max_lost_leases: 20,
            max_edges: 1_000_000_000,
            max_output: 64 << 30,
            retry_pause: Duration::from_secs(5),
            longest_pause: Duration::from_secs(300),
            single_put: 64 * 1024 * 1024,
        }
    }
}

impl Terms {
    /// The pause after this many failed attempts: doubled with each, within half of it either way.
    pub(crate) fn pause_after(&self, attempts: u32) -> Duration {
        let doubled = self
            .retry_pause
            .saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1)));
        let pause = doubled.min(self.longest_pause);
        pause.mul_f64(0.5 + fastrand::f64())
    }

    /// How often a building job shows that it is alive.
    pub(crate) fn heartbeat(&self) -> Duration {
        self.progress_timeout / 4
    }
}

/// A duration as the record's arithmetic takes it.
pub(crate) fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_with_the_attempts_up_to_the_longest() {
        let terms = Terms::default();
        for _ in 0..100 {
            let first = terms.pause_after(1);
            assert!(
                first >= terms.retry_pause / 2 && first <= terms.retry_pause * 3 / 2,
                "{first:?}"
            );
            assert!(terms.pause_after(4) >= terms.retry_pause * 4);
            assert!(terms.pause_after(u32::MAX) <= terms.longest_pause * 3 / 2);
        }
    }
}
