//! What a process tells Prometheus about itself: the handles of those who count, and the route
//! that tells what they counted. `names` has every metric's name and meaning.
//!
//! Whoever counts something owns its handles ([`HttpMetrics`], [`JobMetrics`]) and goes on counting whether or not
//! anybody asks; what others keep (a store's requests, the read-ahead, the system's view of the process) is read when
//! somebody does. `docs/operations.md` has the table, which a test holds against the names here.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use digest_storage::{Prefetch, Store};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

mod http;
mod jobs;
mod names;
mod phases;
mod prefetch;
mod process;
mod stores;

pub use http::HttpMetrics;
pub use jobs::{Building, EndedJob, JobMetrics, JobsOnTheirWay, StoredDigest, ThreadTime};
pub use phases::{Phase, PhaseTimes};

use crate::problem::{Problem, ProblemKind};

/// Path of the route.
pub const PATH: &str = "/metrics";
/// The text format of OpenMetrics 1.0, which Prometheus reads.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A process's metrics. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    http: HttpMetrics,
    stores: stores::Requests,
}

impl Metrics {
    /// The metrics that every service has; the rest is registered by those who count it.
    #[must_use]
    pub fn new(program: &'static str) -> Self {
        let mut registry = Registry::default();
        let http = HttpMetrics::default();
        names::HTTP_REQUESTS.register(&mut registry, http.requests.clone());
        names::HTTP_REQUEST_DURATION_SECONDS.register(&mut registry, http.durations.clone());
        names::HTTP_REQUESTS_IN_FLIGHT.register(&mut registry, http.in_flight.clone());
        names::BUILD.register(
            &mut registry,
            prometheus_client::metrics::info::Info::new([
                ("program", program),
                ("version", env!("CARGO_PKG_VERSION")),
            ]),
        );
        registry.register_collector(Box::new(process::Process::default()));
        let stores = stores::Requests::default();
        registry.register_collector(Box::new(stores.clone()));
        Self {
            registry: Arc::new(Mutex::new(registry)),
            http,
            stores,
        }
    }

    /// The handles of the HTTP layer.
    #[must_use]
    pub fn http(&self) -> &HttpMetrics {
        &self.http
    }

    /// Tells what a store is asked for. `name` is its part: `storage`, `progress`, `flow logs`.
    pub fn register_store(&self, name: &'static str, store: &Store) {
        self.stores.watch(name, store);
    }

    /// Tells what the read-ahead holds.
    pub fn register_prefetch(&self, prefetch: &Prefetch) {
        self.with(|registry| registry.register_collector(Box::new(prefetch::ReadAhead::of(prefetch))));
    }

    /// Tells what becomes of jobs. `slots` is how many are built at once, `memory` the budget of their tables in bytes.
    pub fn register_jobs(&self, jobs: &JobMetrics, slots: usize, memory: Option<u64>) {
        self.with(|registry| {
            jobs.register(registry);
            let gauge = |number: u64| ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX));
            names::BUILD_SLOTS.register(registry, gauge(slots as u64));
            if let Some(memory) = memory {
                names::MEMORY_BUDGET_BYTES.register(registry, gauge(memory));
            }
        });
    }

    /// All metrics in the text format of OpenMetrics.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.with(|registry| {
            // Writing to a string cannot fail.
            let _ = encode(&mut text, registry);
        });
        text
    }

    /// The route over these metrics.
    pub fn configure(&self) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
        let metrics = self.clone();
        move |config| {
            config.service(
                web::resource(PATH)
                    .app_data(web::Data::new(metrics))
                    .route(web::get().to(tell))
                    .route(web::head().to(tell))
                    .default_service(web::to(async || -> Result<HttpResponse, Problem> {
                        let refused =
                            Problem::new(ProblemKind::MethodNotAllowed, "metrics are read by GET or HEAD");
                        Err(refused.allow(&[Method::GET, Method::HEAD]))
                    })),
            );
        }
    }

    /// Nothing panics while it holds the lock; a poisoned one is still right.
    fn with(&self, action: impl FnOnce(&mut Registry)) {
        action(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

async fn tell(metrics: web::Data<Metrics>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(CONTENT_TYPE)
        .insert_header(("cache-control", "no-store"))
        .body(metrics.text())
}
