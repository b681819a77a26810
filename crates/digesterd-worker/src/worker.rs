//! The worker: takes jobs from deliveries and from the sweeper, and sees each to its end.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use digest_core::{Job, JobRecord};
use digest_storage::{Digests, FlowLogs, Index, Manifests, Markers, Prefetch, Records, Tables};
use digesterd_process::metrics::JobMetrics;
use digesterd_process::traces;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, error_span};
use uuid::Uuid;

use crate::build::BuildOptions;
use crate::job::{Circumstances, Ending, Observed, Occasion, Running, Seat, Stage, visit};
use crate::sweep::InOrder;
use crate::terms::Terms;

/// Where a worker reads and writes.
#[derive(Debug, Clone)]
pub struct Places {
    /// The flow logs.
    pub flow_logs: FlowLogs,
    /// The digests.
    pub digests: Digests,
    /// What stands beside them.
    pub manifests: Manifests,
    /// The tables of their edges.
    pub tables: Tables,
    /// The list of digests.
    pub index: Index,
    /// The job records.
    pub records: Records,
    /// The markers that the Go service reads.
    pub markers: Markers,
}

/// Everything a process needs to take jobs. Cheap to clone; all clones are one worker.
#[derive(Debug, Clone)]
pub struct Worker {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    places: Places,
    prefetch: Prefetch,
    options: BuildOptions,
    terms: Terms,
    owner: String,
    slots: Arc<Semaphore>,
    running: Running,
    observed: Observed,
    in_order: InOrder,
    tasks: TaskTracker,
    metrics: JobMetrics,
    /// No new work from here on.
    draining: CancellationToken,
    /// Running builds are given back now.
    halted: CancellationToken,
    runtime: Handle,
}

/// How a delivery wants to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// When the digest is stored (or has failed for good).
    Wait,
    /// As soon as the job cannot get lost.
    RespondAsync,
}

/// What a delivery is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// The digest is stored.
    Stored,
    /// The job has failed for good, and its record says why.
    Failed {
        /// Why, for a person.
        reason: String,
    },
    /// The job's record is durable; the digest will be built in the background.
    Recorded,
    /// The job may not be built; nothing was recorded.
    Refused {
        /// Why.
        reason: String,
    },
    /// The job goes on, but this delivery has waited long enough, or the worker is full.
    Busy {
        /// When to come again.
        retry_after: Duration,
    },
    /// The process shuts down.
    Draining {
        /// When to come again.
        retry_after: Duration,
    },
    /// This attempt has failed; another one is worth it.
    Retry {
        /// Why.
        reason: String,
        /// When to come again.
        retry_after: Duration,
    },
}

/// When a delivery that found the worker busy or draining should come again.
const COME_AGAIN: Duration = Duration::from_secs(10);

impl Worker {
    /// A worker over these places. Must be called inside the runtime that is to run its jobs.
    #[must_use]
    pub fn new(places: Places, prefetch: Prefetch, options: BuildOptions, terms: Terms) -> Self {
        Self {
            shared: Arc::new(Shared {
                slots: Arc::new(Semaphore::new(terms.concurrency.max(1))),
                owner: format!("digesterd-worker-{}", Uuid::new_v4().simple()),
                places,
                prefetch,
                options,
                terms,
                running: Running::default(),
                observed: Observed::default(),
                in_order: InOrder::default(),
                tasks: TaskTracker::new(),
                metrics: JobMetrics::default(),
                draining: CancellationToken::new(),
                halted: CancellationToken::new(),
                runtime: Handle::current(),
            }),
        }
    }

    /// Takes a delivery: begins the job or joins it, and says what came of it.
    ///
    /// The job is a task of its own: dropping this future changes nothing about a build that runs.
    pub async fn accept(&self, job: Job, mode: Mode) -> Accepted {
        self.accept_into(job, mode, None).await
    }

    /// The same with a slot at hand, which goes back at once where the job does not need it.
    pub(crate) async fn accept_into(
        &self,
        job: Job,
        mode: Mode,
        slot: Option<OwnedSemaphorePermit>,
    ) -> Accepted {
        if self.is_draining() {
            return Accepted::Draining {
                retry_after: COME_AGAIN,
            };
        }
        if let Err(error) = job.window().check_length(self.terms().max_window_minutes) {
            return Accepted::Refused {
                reason: error.to_string(),
            };
        }
        let background = mode == Mode::RespondAsync;
        let (mut stage, seat) = self.shared.running.join(job.id(), background);
        if let Some(seat) = seat {
            self.visit(job, Occasion::Delivery, seat, slot);
        } else {
            drop(slot);
        }
        let reached = stage.wait_for(|stage| match stage {
            Stage::Arrived => false,
            Stage::Recorded => background,
            Stage::Ended(_) => true,
        });
        match timeout(self.terms().patience, reached).await {
            Ok(Ok(stage)) => answer(&stage),
            // The visit fell over before it could say so.
            Ok(Err(_)) => answer(&Stage::Ended(Ending::interrupted())),
            Err(_) => Accepted::Busy {
                retry_after: COME_AGAIN,
            },
        }
    }

    /// Stops taking work, lets running builds end, and gives back what is not done when the grace runs out.
    pub async fn drain(&self, grace: Duration) {
        self.shared.draining.cancel();
        self.shared.tasks.close();
        // Giving a job back is one write; it gets a fifth of the grace, at most 5 s.
        let last = (grace / 5).min(Duration::from_secs(5));
        if timeout(grace.saturating_sub(last), self.shared.tasks.wait())
            .await
            .is_err()
        {
            self.shared.halted.cancel();
            let _ = timeout(last, self.shared.tasks.wait()).await;
        }
    }

    /// Begins a visit of the sweeper's, unless this process is at the job already.
    pub(crate) fn begin(&self, job: Job, occasion: Occasion, slot: Option<OwnedSemaphorePermit>) {
        if let (_, Some(seat)) = self.shared.running.join(job.id(), true) {
            self.visit(job, occasion, seat, slot);
        }
    }

    /// Runs a visit on the worker's own runtime, its log lines under the job's id; [`Worker::drain`] waits for it.
    fn visit(&self, job: Job, occasion: Occasion, seat: Seat, slot: Option<OwnedSemaphorePermit>) {
        let span = error_span!("job", job_id = %job.id(), trace_id = tracing::field::Empty);
        if let Some(trace) = span.in_scope(traces::trace_id) {
            span.record("trace_id", trace);
        }
        let visit = visit(self.clone(), job, occasion, seat, slot);
        let visit = traces::handed_on(visit).instrument(span);
        self.shared.tasks.spawn_on(visit, &self.shared.runtime);
    }

    /// What is known of a record that was just read.
    pub(crate) fn circumstances(&self, occasion: Occasion, record: &JobRecord) -> Circumstances {
        Circumstances {
            occasion,
            now: Utc::now(),
            unchanged_for: self.shared.observed.unchanged_for(record),
            progress_timeout: self.terms().progress_timeout,
            max_lost_leases: self.terms().max_lost_leases,
        }
    }

    /// A slot to build in, if one is free.
    pub(crate) fn free_slot(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.shared.slots).try_acquire_owned().ok()
    }

    /// The next slot that is free; first come, first served.
    pub(crate) async fn next_slot(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.shared.slots).acquire_owned().await.ok()
    }

    /// How many slots are free, once one is.
    pub(crate) async fn free_slots(&self) -> usize {
        let one = self.shared.slots.acquire().await;
        // The one that was waited for counts.
        self.shared.slots.available_permits() + usize::from(one.is_ok())
    }

    /// Runs a task that [`Worker::drain`] waits for.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.shared.tasks.spawn_on(task, &self.shared.runtime);
    }

    /// Whether the process takes no more work.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.shared.draining.is_cancelled()
    }

    /// Resolves once the process takes no more work.
    pub(crate) async fn drained(&self) {
        self.shared.draining.cancelled().await;
    }

    /// Resolves once running builds are to be given back.
    pub(crate) async fn halted(&self) {
        self.shared.halted.cancelled().await;
    }

    /// What it counts of its jobs.
    #[must_use]
    pub fn metrics(&self) -> &JobMetrics {
        &self.shared.metrics
    }

    /// The terms it keeps.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.shared.terms
    }

    /// The places it reads and writes.
    #[must_use]
    pub fn places(&self) -> &Places {
        &self.shared.places
    }

    pub(crate) fn flow_logs(&self) -> &FlowLogs {
        &self.shared.places.flow_logs
    }

    pub(crate) fn digests(&self) -> &Digests {
        &self.shared.places.digests
    }

    pub(crate) fn records(&self) -> &Records {
        &self.shared.places.records
    }

    pub(crate) fn markers(&self) -> &Markers {
        &self.shared.places.markers
    }

    pub(crate) fn prefetch(&self) -> &Prefetch {
        &self.shared.prefetch
    }

    pub(crate) fn build_options(&self) -> &BuildOptions {
        &self.shared.options
    }

    pub(crate) fn observed(&self) -> &Observed {
        &self.shared.observed
    }

    pub(crate) fn in_order(&self) -> &InOrder {
        &self.shared.in_order
    }

    pub(crate) fn running(&self) -> &Running {
        &self.shared.running
    }

    /// Name under which this process writes records.
    pub(crate) fn owner(&self) -> &str {
        &self.shared.owner
    }
}

/// What a delivery is told at this stage.
fn answer(stage: &Stage) -> Accepted {
    match stage {
        Stage::Arrived | Stage::Recorded => Accepted::Recorded,
        Stage::Ended(Ending::Stored) => Accepted::Stored,
        Stage::Ended(Ending::Failed { reason }) => Accepted::Failed {
            reason: reason.clone(),
        },
        Stage::Ended(Ending::Retry { reason, after }) => Accepted::Retry {
            reason: reason.clone(),
            retry_after: *after,
        },
        Stage::Ended(Ending::Draining) => Accepted::Draining {
            retry_after: COME_AGAIN,
        },
    }
}
