//! Whether the process lives (`/livez`, `/healthz`) and whether it can do its work (`/readyz`).
//!
//! Liveness asks nobody: a store that is down is no reason to restart a process. Readiness asks every
//! registered part, at most once in a few seconds however many probes come, and names what fails.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use futures::future::{BoxFuture, join_all};
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::problem::{Problem, ProblemKind};

/// Paths of the routes here; they are not logged.
pub const PATHS: [&str; 3] = [LIVE, READY, HEALTHY];
const LIVE: &str = "/livez";
const READY: &str = "/readyz";
/// Older name of [`LIVE`].
const HEALTHY: &str = "/healthz";
/// An answer is used again for this long.
const FRESH: Duration = Duration::from_secs(5);
/// A part that does not answer within this fails.
const PATIENCE: Duration = Duration::from_secs(4);

/// The parts that a process depends on. Cheap to clone.
#[derive(Clone, Default)]
pub struct Readiness {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    parts: std::sync::RwLock<Vec<Part>>,
    warnings: std::sync::RwLock<Vec<String>>,
    draining: AtomicBool,
    last: Mutex<Option<(Instant, Report)>>,
}

/// Asks a part; the error is for the log.
type Check = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

#[derive(Clone)]
struct Part {
    name: &'static str,
    required: bool,
    check: Check,
}

/// What `/readyz` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The verdict.
    pub status: Status,
    /// Every part that was asked.
    pub parts: Vec<PartReport>,
    /// What works less well than it should.
    pub warnings: Vec<String>,
}

/// The verdict on a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Every part answers.
    Ready,
    /// A part fails that only some requests need.
    Degraded,
    /// A part fails that every request needs.
    Unready,
    /// The process is about to stop.
    Draining,
}

/// One part's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartReport {
    /// What it is.
    pub name: &'static str,
    /// Whether it answered.
    pub ok: bool,
    /// Whether every request needs it.
    pub required: bool,
}

impl Readiness {
    /// No parts yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a part. One that is not required degrades the process when it fails, no more.
    pub fn register<F, Fut>(&self, name: &'static str, required: bool, check: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        let check: Check = Arc::new(move || Box::pin(check()));
        let part = Part {
            name,
            required,
            check,
        };
        write(&self.inner.parts).push(part);
    }

    /// Notes what works less well than it should, such as a store without atomic writes.
    pub fn warn(&self, warning: impl Into<String>) {
        write(&self.inner.warnings).push(warning.into());
    }

    /// From now on the process is not ready: it is about to stop.
    pub fn drain(&self) {
        self.inner.draining.store(true, Ordering::Relaxed);
    }

    /// Whether [`Readiness::drain`] was called.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.inner.draining.load(Ordering::Relaxed)
    }

    /// The present verdict: asks the parts unless they were asked just now.
    pub async fn report(&self) -> Report {
        let mut last = self.inner.last.lock().await;
        let fresh = last.as_ref().filter(|(asked, _)| asked.elapsed() < FRESH);
        let mut report = match fresh {
            Some((_, report)) => report.clone(),
            None => {
                let report = self.ask().await;
                *last = Some((Instant::now(), report.clone()));
                report
            }
        };
        if self.is_draining() {
            report.status = Status::Draining;
        }
        report
    }

    async fn ask(&self) -> Report {
        let parts = read(&self.inner.parts).clone();
        let asked = parts.iter().map(|part| async {
            let answer = timeout(PATIENCE, (part.check)()).await;
            let failure = match answer {
                Ok(Ok(())) => None,
                Ok(Err(failure)) => Some(failure),
                Err(_) => Some(format!("no answer within {} s", PATIENCE.as_secs())),
            };
            if let Some(failure) = &failure {
                tracing::warn!(part = part.name, required = part.required, %failure, "part not ready");
            }
            PartReport {
                name: part.name,
                ok: failure.is_none(),
                required: part.required,
            }
        });
        let parts = join_all(asked).await;
        let status = match parts
            .iter()
            .filter(|part| !part.ok)
            .map(|part| part.required)
            .max()
        {
            None => Status::Ready,
            Some(false) => Status::Degraded,
            Some(true) => Status::Unready,
        };
        Report {
            status,
            parts,
            warnings: read(&self.inner.warnings).clone(),
        }
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = read(&self.inner.parts).iter().map(|part| part.name).collect();
        f.debug_struct("Readiness")
            .field("parts", &names)
            .finish_non_exhaustive()
    }
}

/// The health routes over a [`Readiness`].
pub fn configure(readiness: Readiness) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        config.app_data(web::Data::new(readiness));
        for path in [LIVE, HEALTHY] {
            config.service(
                resource(path)
                    .route(web::get().to(live))
                    .route(web::head().to(live)),
            );
        }
        config.service(
            resource(READY)
                .route(web::get().to(ready))
                .route(web::head().to(ready)),
        );
    }
}

fn resource(path: &str) -> actix_web::Resource {
    web::resource(path.to_owned()).default_service(web::to(async || -> Result<HttpResponse, Problem> {
        let refused = Problem::new(ProblemKind::MethodNotAllowed, "health is read by GET or HEAD");
        Err(refused.allow(&[Method::GET, Method::HEAD]))
    }))
}

async fn live() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(serde_json::json!({ "status": "live" }))
}

async fn ready(readiness: web::Data<Readiness>) -> HttpResponse {
    let report = readiness.report().await;
    let mut answer = match report.status {
        Status::Ready | Status::Degraded => HttpResponse::Ok(),
        Status::Unready | Status::Draining => {
            let mut answer = HttpResponse::ServiceUnavailable();
            answer.insert_header(("retry-after", FRESH.as_secs().to_string()));
            answer
        }
    };
    answer.insert_header(("cache-control", "no-store")).json(report)
}

/// Nothing panics while it holds these locks; a poisoned one is still right.
fn read<T>(lock: &std::sync::RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn write<T>(lock: &std::sync::RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(std::sync::PoisonError::into_inner)
}
