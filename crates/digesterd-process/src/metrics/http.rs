//! Requests: how many, what came of them, how long they took.

use std::sync::atomic::AtomicI64;
use std::time::Instant;

use actix_web::http::Method;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

/// From a millisecond to what a daemon's patience lasts.
const BUCKETS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0,
];
/// The route of an address that nothing stands at.
const NOWHERE: &str = "none";

/// Handles of the HTTP layer. Cheap to clone; all clones count together.
#[derive(Debug, Clone)]
pub struct HttpMetrics {
    pub(super) requests: Family<[(&'static str, String); 3], Counter>,
    pub(super) durations: Family<[(&'static str, String); 1], Histogram>,
    pub(super) in_flight: Gauge<i64, AtomicI64>,
}

/// A request under way. One that is dropped before it is answered counts as 499, as in the log.
#[derive(Debug)]
pub(crate) struct InFlight {
    metrics: HttpMetrics,
    method: &'static str,
    route: Option<String>,
    status: u16,
    began: Instant,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            in_flight: Gauge::default(),
        }
    }
}

impl HttpMetrics {
    /// A request has come.
    pub(crate) fn begin(&self, method: &Method) -> InFlight {
        self.in_flight.inc();
        InFlight {
            metrics: self.clone(),
            method: known(method),
            route: None,
            status: 499,
            began: Instant::now(),
        }
    }
}

impl InFlight {
    /// It is answered. `route` is the pattern of its address, so that there are few of them.
    pub(crate) fn answered(mut self, route: Option<String>, status: u16) {
        self.route = route;
        self.status = status;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.metrics.in_flight.dec();
        let route = self.route.take().unwrap_or_else(|| NOWHERE.to_owned());
        let labels = [
            ("route", route.clone()),
            ("method", self.method.to_owned()),
            ("status", self.status.to_string()),
        ];
        self.metrics.requests.get_or_create(&labels).inc();
        let seconds = self.began.elapsed().as_secs_f64();
        self.metrics
            .durations
            .get_or_create(&[("route", route)])
            .observe(seconds);
    }
}

/// Methods are free text: a caller must not make a series of each.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
