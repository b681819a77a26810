//! The life of the `digesterd-worker` process.

use std::sync::Arc;

use digest_core::Scope;
use digest_storage::{Digests, Index, Manifests, Markers, Prefetch, Records, Tables};
use digesterd_process::environment::Environment;
use digesterd_process::guard::{Guard, SharedSecret};
use digesterd_process::health::Readiness;
use digesterd_process::metrics::Metrics;
use digesterd_process::queues::{open_sqs, register_queue};
use digesterd_process::server::listen;
use digesterd_process::shutdown::Shutdown;
use digesterd_process::stores::{open_flow_logs, open_store, probe, register, register_flow_logs};
use futures::join;

use crate::intake::take_in;
use crate::routes::{Addresses, configure};
use crate::settings::Settings;
use crate::sweep::Sweeper;
use crate::worker::{Places, Worker};

/// Works until SIGTERM or SIGINT: then no new jobs are taken, and running builds end or are given back within
/// the grace.
///
/// # Errors
/// Settings that cannot be used (all of them named), buckets or credentials that cannot be opened, an address
/// that cannot be listened on.
pub async fn run(environment: Environment) -> anyhow::Result<()> {
    let settings = Settings::read(&environment)?;
    tracing::info!(
        ?settings,
        version = env!("CARGO_PKG_VERSION"),
        "digesterd-worker starts"
    );
    let shutdown = Shutdown::on_signals()?;
    let readiness = Readiness::new();
    let metrics = Metrics::new("digesterd-worker");
    let worker = open(&settings, &readiness, &metrics).await?;
    let secret = settings.access.intake_secret.clone().map(SharedSecret::new);
    if let Some(told) = settings.open_intake() {
        tracing::warn!("{told}");
    }
    let listening = listen(
        &settings.service,
        &secret.map_or(Guard::Open, Guard::Secret),
        &readiness,
        &metrics,
        configure(worker.clone(), Addresses::Own, None),
    )?;
    let sweeping = worker.clone();
    tokio::spawn(async move { Sweeper::new(false).run(&sweeping).await });
    if let Some(queue) = &settings.queue {
        let queue = Arc::new(open_sqs(queue, &settings.aws).await?);
        register_queue(&readiness, queue.clone());
        tokio::spawn(take_in(worker.clone(), queue));
    }

    // The server goes on while the worker drains: held requests get their answers, new ones 503.
    let drain = move |share| async move {
        readiness.drain();
        worker.drain(share).await;
    };
    let grace = settings.service.shutdown_grace;
    listening.run_draining(&shutdown, grace, drain).await?;
    tracing::info!("digesterd-worker ends");
    Ok(())
}

/// The worker of these settings, its buckets opened, probed and made part of the process's readiness and metrics. Must
/// be called inside the runtime that is to run its jobs.
///
/// # Errors
/// Buckets or credentials that cannot be opened.
pub async fn open(settings: &Settings, readiness: &Readiness, metrics: &Metrics) -> anyhow::Result<Worker> {
    let flow_logs = open_flow_logs(&settings.flow_logs, &settings.aws).await?;
    let storage = open_store(&settings.storage, &settings.aws).await?;
    let progress = open_store(&settings.progress, &settings.aws).await?;
    let scan = Scope::new(&settings.scan.accounts, &settings.scan.regions)?;
    let flow_logs = flow_logs.scanning(scan).remembering(settings.scan.cache);
    register_flow_logs(readiness, &flow_logs);
    register(readiness, "storage", &storage);
    register(readiness, "progress", &progress);
    for store in flow_logs.stores() {
        metrics.register_store("flow logs", store);
    }
    metrics.register_store("storage", &storage);
    metrics.register_store("progress", &progress);
    join!(
        probe(readiness, "storage", &storage),
        probe(readiness, "progress", &progress)
    );
    let places = Places {
        flow_logs,
        digests: Digests::new(storage.clone()),
        manifests: Manifests::new(storage.clone()),
        tables: Tables::new(storage.clone()),
        index: Index::new(storage),
        records: Records::new(progress.clone()),
        markers: Markers::new(progress),
    };
    let prefetch = Prefetch::new(settings.prefetch.objects, settings.prefetch.bytes);
    metrics.register_prefetch(&prefetch);
    let (options, terms) = (settings.build_options(), settings.terms());
    let (slots, memory) = (terms.concurrency, options.max_memory);
    let worker = Worker::new(places, prefetch, options, terms);
    metrics.register_jobs(worker.metrics(), slots, memory);
    Ok(worker)
}
