//! What each attempt at a job leaves: one line in the log, and its part of the metrics.

use std::time::Instant;

use chrono::Utc;
use digest_core::JobRecord;
use digest_core::manifest::Bound;
use digesterd_process::metrics::{Building, EndedJob, JobMetrics, StoredDigest};
use digesterd_process::traces;
use tracing::{info, warn};

use super::attempt::{Attempt, AttemptError};
use super::stage::Ending;
use crate::build::ProgressCounters;
use crate::publish::Published;

/// What the line will say, gathered while the attempt runs.
#[derive(Debug)]
pub(crate) struct JobLine {
    record: JobRecord,
    begun: Instant,
    published: Option<Published>,
    error: Option<String>,
    metrics: JobMetrics,
    _building: Building,
}

impl JobLine {
    /// The attempt begins.
    pub(crate) fn begin(record: &JobRecord, metrics: &JobMetrics) -> Self {
        let waited = Utc::now().signed_duration_since(record.claimed_at());
        Self {
            metrics: metrics.clone(),
            // A clock behind the claimer's knows of no wait.
            _building: metrics.begin(waited.to_std().unwrap_or_default()),
            record: record.clone(),
            begun: Instant::now(),
            published: None,
            error: None,
        }
    }

    /// The digest was stored; by a predecessor where there is nothing to tell.
    pub(crate) fn published(&mut self, published: Option<Published>) {
        self.published = published;
    }

    /// The attempt failed.
    pub(crate) fn failed(&mut self, error: &AttemptError) {
        self.error = Some(error.to_string());
    }

    /// Writes the line, and counts.
    pub(crate) fn end(self, attempt: &Attempt, counters: &ProgressCounters) {
        let progress = counters.snapshot();
        let (outcome, is_fine) = match attempt {
            Attempt::Lost => ("lost", false),
            Attempt::Ended(Ending::Stored) => ("stored", true),
            Attempt::Ended(Ending::Failed { .. }) => ("failed", false),
            Attempt::Ended(Ending::Retry { .. }) => ("retry", false),
            Attempt::Ended(Ending::Draining) => ("handed_back", true),
        };
        let window = self.record.job().window();
        let published = self.published.as_ref();
        let bound = published
            .and_then(|published| published.bound)
            .map(|bound| match bound {
                Bound::Fetch => "fetch",
                Bound::Cpu => "cpu",
                Bound::Disk => "disk",
            });
        let took = self.begun.elapsed();
        self.metrics.end(&EndedJob {
            outcome,
            took,
            objects: progress.objects_done,
            bytes_read: progress.bytes_done,
            records: progress.records,
            phases: counters.phases(),
            stored: published.map(|published| StoredDigest {
                coverage: published.coverage.as_str(),
                edges: published.edges,
                bytes: published.bytes,
                bound,
                threads: published.threads,
            }),
        });
        macro_rules! line {
            ($level:ident) => {
                $level!(
                    job_id = %self.record.job().id(),
                    job_start = window.start_rfc3339(),
                    job_stop = window.stop_rfc3339(),
                    job_attempt = self.record.attempts() + 1,
                    job_epoch = self.record.epoch(),
                    trace_id = traces::trace_id(),
                    outcome,
                    coverage = published.map(|published| published.coverage.as_str()),
                    objects = progress.objects_done,
                    bytes_read = progress.bytes_done,
                    records = progress.records,
                    edges = published.map(|published| published.edges),
                    bytes_stored = published.map(|published| published.bytes),
                    seconds = took.as_secs_f64(),
                    bound,
                    error = self.error,
                    "job ended"
                )
            };
        }
        if is_fine {
            line!(info);
        } else {
            line!(warn);
        }
    }
}
