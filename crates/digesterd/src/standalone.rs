//! API and worker in one process: one listener, and a queue that is a channel.
//!
//! The queue is gone with the process; the job records are not. A job is delivered again until it has ended, as a
//! queue's daemon would do, and the sweeper's first round adopts what an earlier process left.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::web::ServiceConfig;
use digest_insight::Network;
use digest_questions::RecordSource;
use digest_queue::{InProcessJobs, QueuedJob, in_process};
use digest_storage::{Manifests, Records};
use digesterd_api::Api;
use digesterd_process::guard::{Guard, SharedSecret};
use digesterd_process::health::Readiness;
use digesterd_process::metrics::Metrics;
use digesterd_process::server::{Listening, listen};
use digesterd_process::shutdown::Shutdown;
use digesterd_process::traces;
use digesterd_worker::{Accepted, Addresses, Mode, Settings, Sweeper, Worker};

/// A service that listens and has not begun to answer.
#[derive(Debug)]
pub(crate) struct Standalone {
    worker: Worker,
    jobs: InProcessJobs,
    listening: Listening,
    readiness: Readiness,
    grace: std::time::Duration,
    /// The job records, to see how far a job is.
    pub(crate) records: Records,
    /// The manifests, to see what a digest was made of.
    pub(crate) manifests: Manifests,
}

impl Standalone {
    /// Opens the places and listens.
    pub(crate) async fn open(settings: &Settings, inside: Vec<Network>) -> anyhow::Result<Self> {
        let readiness = Readiness::new();
        let metrics = Metrics::new("digesterd");
        let worker = digesterd_worker::open(settings, &readiness, &metrics).await?;
        let places = worker.places().clone();
        let (queue, jobs) = in_process();
        let api = Api::new(
            places.digests.store(),
            places.records.store(),
            Arc::new(queue),
            settings.timings.clone(),
            &settings.digests,
        );
        let api = Arc::new(
            api.with_inside(inside)
                .with_records(RecordSource::new(places.flow_logs.clone())),
        );
        let access = &settings.access;
        let guard = Guard::of_tokens(access.tokens_file.as_deref())?;
        // Where tokens are asked for, they are asked for everywhere.
        let secret = access.intake_secret.clone().map(SharedSecret::new);
        let secret = secret.filter(|_| access.tokens_file.is_none());
        let workers = digesterd_worker::configure(worker.clone(), Addresses::BesideOthers, secret);
        let root = Arc::clone(&api);
        let routes = move |config: &mut ServiceConfig| {
            digesterd_api::configure(Arc::clone(&api))(config);
            workers(config);
        };
        let mut listening = listen(&settings.service, &guard, &readiness, &metrics, routes)?;
        if let Some(address) = access.tokenless {
            listening = listening.beside(&settings.service, address, &metrics, move |config| {
                digesterd_api::configure_root(Arc::clone(&root))(config);
            })?;
        }
        Ok(Self {
            worker,
            jobs,
            listening,
            readiness,
            grace: settings.service.shutdown_grace,
            records: places.records,
            manifests: places.manifests,
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    /// Answers until it is asked to stop; then running builds end or are given back within the grace.
    pub(crate) async fn run(self, shutdown: Shutdown) -> anyhow::Result<()> {
        let sweeping = self.worker.clone();
        tokio::spawn(async move { Sweeper::new(true).run(&sweeping).await });
        tokio::spawn(take_in(self.jobs, self.worker.clone(), shutdown.clone()));
        // The server goes on while the worker drains: held requests get their answers, new ones 503.
        let (readiness, worker) = (self.readiness, self.worker);
        let drain = move |share| async move {
            readiness.drain();
            worker.drain(share).await;
        };
        self.listening.run_draining(&shutdown, self.grace, drain).await?;
        Ok(())
    }
}

/// Takes jobs out of the queue until the process is to stop. Its end closes the queue: the API then says so.
async fn take_in(mut jobs: InProcessJobs, worker: Worker, shutdown: Shutdown) {
    loop {
        let next = tokio::select! {
            next = jobs.next() => next,
            () = shutdown.requested() => return,
        };
        let Some(queued) = next else { return };
        let span = tracing::error_span!("message", otel.kind = "consumer", job_id = %queued.job.id());
        let trace = queued.context.traceparent.clone();
        tokio::spawn(traces::under(span, trace, deliver(queued, worker.clone())));
    }
}

/// Delivers a job until it has ended.
async fn deliver(queued: QueuedJob, worker: Worker) {
    let QueuedJob { job, context } = queued;
    let id = job.id();
    tracing::info!(job_id = %id, request_id = context.request_id, "job taken from the queue");
    loop {
        let pause = match worker.accept(job.clone(), Mode::Wait).await {
            Accepted::Stored | Accepted::Failed { .. } | Accepted::Recorded => return,
            // The next process adopts it.
            Accepted::Draining { .. } => return,
            Accepted::Refused { reason } => {
                tracing::warn!(job_id = %id, reason, "job refused");
                return;
            }
            Accepted::Busy { retry_after } | Accepted::Retry { retry_after, .. } => retry_after,
        };
        tokio::time::sleep(pause).await;
    }
}
