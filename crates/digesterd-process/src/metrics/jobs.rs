//! Jobs and builds: what came of them, how long they waited and took, how much they read.

use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::names;
use super::phases::{Phase, PhaseTimes};

/// From a tenth of a second to six hours, the default of `DIGEST_QUEUE_TIMEOUT`.
const BUCKETS: [f64; 14] = [
    0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 180.0, 600.0, 1200.0, 3600.0, 7200.0, 14_400.0, 21_600.0,
];

const OUTCOMES: [&str; 5] = ["stored", "failed", "retry", "lost", "handed_back"];
const STATES: [&str; 3] = ["claimed", "queued", "building"];
const COVERAGES: [&str; 3] = ["complete", "partial", "no-data"];
const BOUNDS: [&str; 3] = ["fetch", "cpu", "disk"];

type Labelled<M, C = fn() -> M> = Family<[(&'static str, &'static str); 1], M, C>;
type Seconds = Counter<f64, AtomicU64>;

/// Handles of a worker. Cheap to clone; all clones count together.
#[derive(Debug, Clone)]
pub struct JobMetrics {
    ended: Labelled<Counter>,
    durations: Labelled<Histogram>,
    waits: Histogram,
    building: Gauge<i64, AtomicI64>,
    on_their_way: Labelled<Gauge<i64, AtomicI64>>,
    queue_age: Gauge<f64, AtomicU64>,
    bound: Labelled<Counter>,
    thread_seconds: Labelled<Seconds>,
    phase_seconds: Labelled<Seconds>,
    coverage: Labelled<Counter>,
    objects: Counter,
    bytes_read: Counter,
    records: Counter,
    edges: Counter,
    bytes_stored: Counter,
    bytes_spilled: Counter,
}

/// What the threads of a build did with their time, summed over them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ThreadTime {
    /// Waiting for objects and their bytes.
    pub fetch: Duration,
    /// Inflating, parsing and folding.
    pub cpu: Duration,
    /// Writing what did not fit memory.
    pub disk: Duration,
    /// Bytes of that.
    pub spilled: u64,
}

/// All jobs on their way, wherever they are, as a sweep finds them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobsOnTheirWay {
    /// Asked for, and about to be queued.
    pub claimed: u64,
    /// Waiting for a worker, or for another try.
    pub queued: u64,
    /// Being built.
    pub building: u64,
    /// How long ago the oldest of those that wait was asked for; zero where none waits.
    pub oldest_waits: Duration,
}

/// An attempt at a job that has ended.
#[derive(Debug, Clone, Copy)]
pub struct EndedJob {
    /// `stored`, `failed`, `retry`, `lost` or `handed_back`.
    pub outcome: &'static str,
    /// How long it took.
    pub took: Duration,
    /// Objects, compressed bytes and records read.
    pub objects: u64,
    /// Compressed bytes.
    pub bytes_read: u64,
    /// Records counted.
    pub records: u64,
    /// How long each phase took that it came to.
    pub phases: PhaseTimes,
    /// What was stored, if anything was.
    pub stored: Option<StoredDigest>,
}

/// A digest that was stored.
#[derive(Debug, Clone, Copy)]
pub struct StoredDigest {
    /// `complete`, `partial` or `no-data`.
    pub coverage: &'static str,
    /// Its lines.
    pub edges: u64,
    /// Bytes of gzip.
    pub bytes: u64,
    /// `fetch`, `cpu` or `disk`; `None` where nothing was read.
    pub bound: Option<&'static str>,
    /// Where the build's time went.
    pub threads: ThreadTime,
}

/// A build under way, until it is dropped.
#[derive(Debug)]
pub struct Building(Gauge<i64, AtomicI64>);

impl Drop for Building {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for JobMetrics {
    fn default() -> Self {
        let metrics = Self {
            ended: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            waits: Histogram::new(BUCKETS),
            building: Gauge::default(),
            on_their_way: Family::default(),
            queue_age: Gauge::default(),
            bound: Family::default(),
            thread_seconds: Family::default(),
            phase_seconds: Family::default(),
            coverage: Family::default(),
            objects: Counter::default(),
            bytes_read: Counter::default(),
            records: Counter::default(),
            edges: Counter::default(),
            bytes_stored: Counter::default(),
            bytes_spilled: Counter::default(),
        };
        // A series that begins at 0 shows its first step as an increase.
        for outcome in OUTCOMES {
            let labels = [("outcome", outcome)];
            drop(metrics.ended.get_or_create(&labels));
            drop(metrics.durations.get_or_create(&labels));
        }
        for state in STATES {
            drop(metrics.on_their_way.get_or_create(&[("state", state)]));
        }
        for coverage in COVERAGES {
            drop(metrics.coverage.get_or_create(&[("coverage", coverage)]));
        }
        for phase in Phase::ALL {
            let labels = [("phase", phase.as_str())];
            drop(metrics.phase_seconds.get_or_create(&labels));
        }
        for by in BOUNDS {
            drop(metrics.bound.get_or_create(&[("by", by)]));
            drop(metrics.thread_seconds.get_or_create(&[("by", by)]));
        }
        metrics
    }
}

impl JobMetrics {
    /// An attempt begins, this long after the window was claimed.
    #[must_use]
    pub fn begin(&self, waited: Duration) -> Building {
        self.waits.observe(waited.as_secs_f64());
        self.building.inc();
        Building(self.building.clone())
    }

    /// A sweep has seen all records.
    pub fn on_their_way(&self, jobs: &JobsOnTheirWay) {
        let counts = [jobs.claimed, jobs.queued, jobs.building];
        for (state, count) in STATES.into_iter().zip(counts) {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.on_their_way.get_or_create(&[("state", state)]).set(count);
        }
        self.queue_age.set(jobs.oldest_waits.as_secs_f64());
    }

    /// An attempt has ended.
    pub fn end(&self, job: &EndedJob) {
        let outcome = [("outcome", job.outcome)];
        self.ended.get_or_create(&outcome).inc();
        self.durations
            .get_or_create(&outcome)
            .observe(job.took.as_secs_f64());
        self.objects.inc_by(job.objects);
        self.bytes_read.inc_by(job.bytes_read);
        self.records.inc_by(job.records);
        for phase in Phase::ALL {
            let seconds = job.phases.of(phase).as_secs_f64();
            let labels = [("phase", phase.as_str())];
            self.phase_seconds.get_or_create(&labels).inc_by(seconds);
        }
        let Some(stored) = job.stored else { return };
        self.coverage
            .get_or_create(&[("coverage", stored.coverage)])
            .inc();
        self.edges.inc_by(stored.edges);
        self.bytes_stored.inc_by(stored.bytes);
        if let Some(bound) = stored.bound {
            self.bound.get_or_create(&[("by", bound)]).inc();
        }
        let ThreadTime {
            fetch,
            cpu,
            disk,
            spilled,
        } = stored.threads;
        for (by, time) in BOUNDS.into_iter().zip([fetch, cpu, disk]) {
            let seconds = time.as_secs_f64();
            self.thread_seconds.get_or_create(&[("by", by)]).inc_by(seconds);
        }
        self.bytes_spilled.inc_by(spilled);
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        names::JOBS_ENDED.register(registry, self.ended.clone());
        names::JOB_DURATION_SECONDS.register(registry, self.durations.clone());
        names::JOB_WAIT_SECONDS.register(registry, self.waits.clone());
        names::JOBS_BUILDING.register(registry, self.building.clone());
        names::JOBS.register(registry, self.on_their_way.clone());
        names::QUEUE_AGE_SECONDS.register(registry, self.queue_age.clone());
        names::BUILDS_BOUND.register(registry, self.bound.clone());
        names::BUILD_PHASE_SECONDS.register(registry, self.phase_seconds.clone());
        names::BUILD_THREAD_SECONDS.register(registry, self.thread_seconds.clone());
        names::DIGESTS_STORED.register(registry, self.coverage.clone());
        names::OBJECTS_READ.register(registry, self.objects.clone());
        names::BYTES_READ.register(registry, self.bytes_read.clone());
        names::RECORDS_COUNTED.register(registry, self.records.clone());
        names::EDGES_STORED.register(registry, self.edges.clone());
        names::BYTES_STORED.register(registry, self.bytes_stored.clone());
        names::BYTES_SPILLED.register(registry, self.bytes_spilled.clone());
    }
}
