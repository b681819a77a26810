//! The names of all metrics, and what each tells. `_total` of counters and the suffixes of histograms come with the text format.
//! `docs/operations.md` has the table of them, the dashboard and the alerts in `deploy/` use them; tests hold all against what a
//! process tells.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Metric, Registry};

/// A metric's name, and what it tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name(&'static str, &'static str);

impl Name {
    /// Registers what is counted under this name.
    pub(super) fn register(self, registry: &mut Registry, metric: impl Metric) {
        registry.register(self.0, self.1, metric);
    }

    /// Begins to tell what somebody else counts.
    pub(super) fn describe<'e>(
        self,
        encoder: &'e mut DescriptorEncoder<'_>,
        kind: MetricType,
    ) -> Result<MetricEncoder<'e>, fmt::Error> {
        encoder.encode_descriptor(self.0, self.1, None, kind)
    }
}

// Of HTTP.
pub(super) const HTTP_REQUESTS: Name = Name(
    "digesterd_http_requests",
    "Requests answered, by route, method and status; 499 is a caller that went away",
);
pub(super) const HTTP_REQUEST_DURATION_SECONDS: Name = Name(
    "digesterd_http_request_duration_seconds",
    "Time from a request's headers to those of its answer, by route",
);
pub(super) const HTTP_REQUESTS_IN_FLIGHT: Name = Name(
    "digesterd_http_requests_in_flight",
    "Requests that are not answered yet",
);

// Of the process.
pub(super) const BUILD: Name = Name("digesterd_build", "The running program and its version");
pub(super) const PROCESS_START_TIME_SECONDS: Name = Name(
    "process_start_time_seconds",
    "When the process began to count, Unix time",
);
pub(super) const PROCESS_RESIDENT_MEMORY_BYTES: Name = Name(
    "process_resident_memory_bytes",
    "Memory of the process that is resident",
);
pub(super) const PROCESS_OPEN_FDS: Name = Name("process_open_fds", "Open files and connections");
pub(super) const PROCESS_CPU_SECONDS: Name =
    Name("process_cpu_seconds", "Time on processors, user and system");

// Of stores, and of the read-ahead from them.
pub(super) const STORE_REQUESTS: Name = Name(
    "digesterd_store_requests",
    "Requests to a store, by its part, operation and outcome; the client's own repeats count as one",
);
pub(super) const STORE_FAILED_ATTEMPTS: Name = Name(
    "digesterd_store_failed_attempts",
    "Attempts at requests to a store that failed and that the client makes anew by itself, by part and operation",
);
pub(super) const PREFETCH_OBJECTS: Name = Name(
    "digesterd_prefetch_objects",
    "Flow log objects being read (at most VPC_MAX_CONCURRENT_PREFETCH)",
);
pub(super) const PREFETCH_BYTES: Name = Name(
    "digesterd_prefetch_bytes",
    "Bytes asked for and not inflated yet (at most VPC_MAX_BYTES_PREFETCH and one piece)",
);

// Of jobs and builds.
pub(super) const BUILD_SLOTS: Name = Name(
    "digesterd_build_slots",
    "Jobs that the worker builds at once (WORKER_CONCURRENCY)",
);
pub(super) const MEMORY_BUDGET_BYTES: Name = Name(
    "digesterd_memory_budget_bytes",
    "What the group tables of one build may take before they are spilled (DIGEST_MAX_MEMORY)",
);
pub(super) const JOBS_ENDED: Name = Name(
    "digesterd_jobs_ended",
    "Attempts at jobs that ended, by outcome: stored, failed, retry, lost, handed_back",
);
pub(super) const JOB_DURATION_SECONDS: Name = Name(
    "digesterd_job_duration_seconds",
    "Time that an attempt took, by outcome",
);
pub(super) const JOB_WAIT_SECONDS: Name = Name(
    "digesterd_job_wait_seconds",
    "Time from the claim of a window to an attempt at it",
);
pub(super) const JOBS_BUILDING: Name = Name("digesterd_jobs_building", "Attempts under way");
pub(super) const JOBS: Name = Name(
    "digesterd_jobs",
    "Jobs on their way, wherever they are, as this worker's last sweep found them, by state: claimed, queued, building",
);
pub(super) const QUEUE_AGE_SECONDS: Name = Name(
    "digesterd_queue_age_seconds",
    "Time since the oldest job that still waits for a worker was asked for, at this worker's last sweep",
);
pub(super) const BUILDS_BOUND: Name = Name(
    "digesterd_builds_bound",
    "Digests stored, by what held their build up most: fetch, cpu, disk",
);
pub(super) const BUILD_PHASE_SECONDS: Name = Name(
    "digesterd_build_phase_seconds",
    "Time of attempts, whatever came of them, by phase: list, read, store",
);
pub(super) const BUILD_THREAD_SECONDS: Name = Name(
    "digesterd_build_thread_seconds",
    "What the threads of builds did: waiting for bytes (fetch), working (cpu), spilling (disk)",
);
pub(super) const DIGESTS_STORED: Name = Name(
    "digesterd_digests_stored",
    "Digests stored, by coverage: complete, partial, no-data",
);
pub(super) const OBJECTS_READ: Name = Name("digesterd_objects_read", "Flow log objects read");
pub(super) const BYTES_READ: Name = Name(
    "digesterd_bytes_read",
    "Bytes of flow log objects read, as they are stored",
);
pub(super) const RECORDS_COUNTED: Name = Name("digesterd_records_counted", "Flow records counted");
pub(super) const EDGES_STORED: Name = Name("digesterd_edges_stored", "Lines of the digests stored");
pub(super) const BYTES_STORED: Name = Name("digesterd_bytes_stored", "Bytes of the digests stored");
pub(super) const BYTES_SPILLED: Name = Name(
    "digesterd_bytes_spilled",
    "Bytes of edges that did not fit DIGEST_MAX_MEMORY and went to DIGEST_TEMP_DIR",
);
