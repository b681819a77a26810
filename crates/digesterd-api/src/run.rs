//! The life of the `digesterd-api` process.

use std::sync::Arc;

use anyhow::Context;
use digest_insight::{Grouping, Network};
use digest_questions::RecordSource;
use digesterd_process::environment::{Environment, InsideSettings};
use digesterd_process::guard::Guard;
use digesterd_process::health::Readiness;
use digesterd_process::metrics::Metrics;
use digesterd_process::problem::chain;
use digesterd_process::queues::{open_queue, register_queue};
use digesterd_process::server;
use digesterd_process::shutdown::Shutdown;
use digesterd_process::stores::{open_flow_logs, open_store, probe, register};

use crate::api::Api;
use crate::routes::{configure, configure_root};
use crate::settings::Settings;

/// The networks that are inside.
///
/// # Errors
/// A list that cannot be read.
pub fn inside(settings: &InsideSettings) -> anyhow::Result<Vec<Network>> {
    match &settings.networks {
        None => Ok(Grouping::usual_inside()),
        Some(text) => Network::list(text).context("INTERNAL_CIDRS"),
    }
}

/// Serves until SIGTERM or SIGINT, then finishes what is in flight.
///
/// # Errors
/// Settings that cannot be used (all of them named), buckets or credentials that cannot be opened, an
/// address that cannot be listened on.
pub async fn run(environment: Environment) -> anyhow::Result<()> {
    let settings = Settings::read(&environment)?;
    let inside = inside(&settings.inside)?;
    tracing::info!(
        ?settings,
        version = env!("CARGO_PKG_VERSION"),
        "digesterd-api starts"
    );
    let shutdown = Shutdown::on_signals()?;
    let guard = Guard::of_tokens(settings.access.tokens_file.as_deref())?;
    let storage = open_store(&settings.storage, &settings.aws).await?;
    let progress = open_store(&settings.progress, &settings.aws).await?;
    let queue = open_queue(
        &settings.queue,
        &settings.aws,
        settings.access.intake_secret.as_ref(),
    )
    .await?;
    let readiness = Readiness::new();
    register(&readiness, "storage", &storage);
    register(&readiness, "progress", &progress);
    let metrics = Metrics::new("digesterd-api");
    metrics.register_store("storage", &storage);
    metrics.register_store("progress", &progress);
    // The API writes nothing to the digests' store, and need not be allowed to.
    probe(&readiness, "progress", &progress).await;
    register_queue(&readiness, Arc::clone(&queue));
    let api = Api::new(&storage, &progress, queue, settings.timings, &settings.digests);
    let mut api = api.with_inside(inside);
    if let Some(places) = &settings.flow_logs {
        // Not a part of readiness, and no reason not to start: digests are handed out all the same, and the worker's settings
        // may name a role that is not the API's.
        match open_flow_logs(places, &settings.aws).await {
            Ok(flow_logs) => {
                for store in flow_logs.stores() {
                    metrics.register_store("flow logs", store);
                }
                api = api.with_records(RecordSource::new(flow_logs));
            }
            Err(error) => {
                tracing::warn!(error = %chain(&error), "the flow logs cannot be opened: raw records are not answered")
            }
        }
    }
    let api = Arc::new(api);
    let (root, routes) = (Arc::clone(&api), Arc::clone(&api));
    let mut listening = server::listen(&settings.service, &guard, &readiness, &metrics, move |config| {
        configure(Arc::clone(&routes))(config);
    })?;
    if let Some(address) = settings.access.tokenless {
        listening = listening.beside(&settings.service, address, &metrics, move |config| {
            configure_root(Arc::clone(&root))(config);
        })?;
    }
    listening.run(&shutdown).await?;
    tracing::info!("digesterd-api ends");
    Ok(())
}
