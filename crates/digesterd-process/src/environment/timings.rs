//! How long each state of a job may last and how often it is tried.

use std::time::Duration;

use chrono::TimeDelta;
use serde::Deserialize;

use super::{Reader, values};

/// Lifetimes, limits of attempts, and pauses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timings {
    /// A claim that was not queued lapses after this (`DIGEST_CLAIM_TIMEOUT`).
    pub claim_timeout: Duration,
    /// A queued job that no worker took lapses after this (`DIGEST_QUEUE_TIMEOUT`).
    pub queue_timeout: Duration,
    /// A build without a sign of life lapses after this (`DIGEST_PROGRESS_TIMEOUT`).
    pub progress_timeout: Duration,
    /// Workers look for lapsed jobs this often (`DIGEST_SWEEP_INTERVAL`).
    pub sweep_interval: Duration,
    /// Records of ended jobs are kept this long (`DIGEST_RECORD_RETENTION`).
    pub record_retention: Duration,
    /// A request with a job is held at most this long before it is answered 429 (`SQSD_PATIENCE`).
    pub sqsd_patience: Duration,
    /// Failed attempts before a job is given up (`DIGEST_MAX_ATTEMPTS`).
    pub max_attempts: u32,
    /// Lost leases before a job is given up (`DIGEST_MAX_LOST_LEASES`).
    pub max_lost_leases: u32,
}

#[derive(Default, Deserialize)]
pub(super) struct Raw {
    digest_claim_timeout: Option<String>,
    digest_queue_timeout: Option<String>,
    digest_progress_timeout: Option<String>,
    digest_sweep_interval: Option<String>,
    digest_record_retention: Option<String>,
    sqsd_patience: Option<String>,
    digest_max_attempts: Option<String>,
    digest_max_lost_leases: Option<String>,
}

impl Timings {
    /// Reads the variables; `None` and a note for each one at fault.
    #[must_use]
    pub fn read(reader: &Reader<'_>) -> Option<Self> {
        let raw: Raw = reader.raw();
        let default = Self::default();
        let positive = |name, text, default| reader.value_or(name, text, values::positive_duration, default);
        let count = |name, text, default| reader.value_or(name, text, values::count, default);
        let claim = positive(
            "DIGEST_CLAIM_TIMEOUT",
            raw.digest_claim_timeout,
            default.claim_timeout,
        );
        let queue = positive(
            "DIGEST_QUEUE_TIMEOUT",
            raw.digest_queue_timeout,
            default.queue_timeout,
        );
        let progress = reader.value_or(
            "DIGEST_PROGRESS_TIMEOUT",
            raw.digest_progress_timeout,
            values::milliseconds,
            default.progress_timeout,
        );
        let sweep = positive(
            "DIGEST_SWEEP_INTERVAL",
            raw.digest_sweep_interval,
            default.sweep_interval,
        );
        let retention = positive(
            "DIGEST_RECORD_RETENTION",
            raw.digest_record_retention,
            default.record_retention,
        );
        let patience = reader.value_or(
            "SQSD_PATIENCE",
            raw.sqsd_patience,
            values::duration,
            default.sqsd_patience,
        );
        let attempts = count(
            "DIGEST_MAX_ATTEMPTS",
            raw.digest_max_attempts,
            default.max_attempts,
        );
        let lost = count(
            "DIGEST_MAX_LOST_LEASES",
            raw.digest_max_lost_leases,
            default.max_lost_leases,
        );
        Some(Self {
            claim_timeout: claim?,
            queue_timeout: queue?,
            progress_timeout: progress?,
            sweep_interval: sweep?,
            record_retention: retention?,
            sqsd_patience: patience?,
            max_attempts: attempts?,
            max_lost_leases: lost?,
        })
    }

    /// A duration as the job record counts it. Durations read here never reach chrono's limit.
    #[must_use]
    pub fn delta(duration: Duration) -> TimeDelta {
        TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
    }
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            claim_timeout: Duration::from_secs(60),
            queue_timeout: Duration::from_secs(6 * 3600),
            progress_timeout: Duration::from_secs(300),
            sweep_interval: Duration::from_secs(30),
            record_retention: Duration::from_secs(7 * 86400),
            sqsd_patience: Duration::from_secs(150),
            max_attempts: 5,
            max_lost_leases: 20,
        }
    }
}
