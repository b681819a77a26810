//! The worker over HTTP: a job in, and an answer that a queue's daemon understands.
//!
//! | answer | when |
//! |---|---|
//! | 200 | the digest is stored, or the job has failed for good and its record says so |
//! | 202 | `Prefer: respond-async` was sent and the job cannot get lost |
//! | 400 | the body is no job, its id is not its window's, or the window may not be built; nothing is recorded |
//! | 401, 403 | the caller is not known, or may not ask for this digest |
//! | 413 | the body is too long |
//! | 429 | the job is being built, or the worker is full, for longer than the caller is held |
//! | 500 | this attempt failed; the job is recorded for another |
//! | 503 | the process shuts down |
//!
//! Only 200 makes such a daemon delete its message, so nothing but an end is answered with it.

use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use digest_core::Job;
use digesterd_process::guard::{SharedSecret, caller_of};
use digesterd_process::problem::{Problem, ProblemKind};
use digesterd_process::request_log::context_of;
use digesterd_process::traces;
use serde::{Deserialize, Serialize};
use tracing::error_span;

use crate::worker::{Accepted, Mode, Worker};

/// Which addresses the worker answers at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addresses {
    /// `POST /{topic}/{event}` and `POST /`: a process of its own.
    Own,
    /// `POST /{topic}/{event}` alone: another service has the root.
    BesideOthers,
}

/// The worker's routes. A secret is asked for here where the listener does not ask for one everywhere.
pub fn configure(
    worker: Worker,
    addresses: Addresses,
    secret: Option<SharedSecret>,
) -> impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static {
    move |config| {
        let mut paths = vec!["/{topic}/{event}"];
        if addresses == Addresses::Own {
            paths.push("/");
        }
        for path in paths {
            config.service(
                web::resource(path)
                    .app_data(web::Data::new(worker.clone()))
                    .app_data(web::Data::new(secret.clone()))
                    .route(web::post().to(deliver))
                    .default_service(web::to(not_post)),
            );
        }
    }
}

/// What is answered with 200 and 202.
#[derive(Debug, Serialize)]
struct Told {
    id: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// What a message may carry beside its job.
#[derive(Debug, Deserialize)]
struct Carried {
    traceparent: Option<String>,
}

async fn deliver(
    worker: web::Data<Worker>,
    secret: web::Data<Option<SharedSecret>>,
    request: HttpRequest,
    body: web::Bytes,
) -> Result<HttpResponse, Problem> {
    if let Some(secret) = secret.as_ref() {
        secret.check(request.headers())?;
    }
    let job = Job::parse(&body).map_err(|error| Problem::new(ProblemKind::BadRequest, error.to_string()))?;
    caller_of(&request).may_ask_for(job.scope())?;
    let id = job.id().to_string();
    let mode = mode(request.headers());
    let accepted = match carried(&request, &body) {
        Some(trace) => {
            let span = error_span!("message", otel.kind = "consumer", job_id = id);
            traces::under(span, Some(trace), worker.accept(job, mode)).await
        }
        None => worker.accept(job, mode).await,
    };
    let (status, state, reason) = match accepted {
        Accepted::Stored => (StatusCode::OK, "stored", None),
        Accepted::Failed { reason } => (StatusCode::OK, "failed", Some(reason)),
        Accepted::Recorded => (StatusCode::ACCEPTED, "recorded", None),
        Accepted::Refused { reason } => return Err(Problem::new(ProblemKind::BadRequest, reason)),
        Accepted::Busy { retry_after } => {
            let detail = "the digest is not stored yet: another delivery of this job or other jobs keep the worker busy";
            return Err(Problem::new(ProblemKind::TooManyRequests, detail).retry_after(retry_after));
        }
        Accepted::Draining { retry_after } => {
            let detail = "this worker shuts down; the job is safe and may be sent again";
            return Err(Problem::new(ProblemKind::Draining, detail).retry_after(retry_after));
        }
        Accepted::Retry { reason, retry_after } => {
            return Err(Problem::new(ProblemKind::Internal, reason).retry_after(retry_after));
        }
    };
    Ok(HttpResponse::build(status).json(Told { id, state, reason }))
}

/// The trace in a message whose way here had no header for it.
fn carried(request: &HttpRequest, body: &[u8]) -> Option<String> {
    if context_of(request).traceparent.is_some() {
        return None;
    }
    serde_json::from_slice::<Carried>(body).ok()?.traceparent
}

async fn not_post() -> Result<HttpResponse, Problem> {
    let refused = Problem::new(ProblemKind::MethodNotAllowed, "jobs are delivered by POST");
    Err(refused.allow(&[Method::POST]))
}

/// `Prefer: respond-async`, alone or among other preferences (RFC 7240).
fn mode(headers: &HeaderMap) -> Mode {
    let mut preferences = headers
        .get_all("prefer")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|preference| preference.split(';').next().unwrap_or_default().trim());
    if preferences.any(|preference| preference.eq_ignore_ascii_case("respond-async")) {
        Mode::RespondAsync
    } else {
        Mode::Wait
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn finds_the_preference_among_others() {
        let prefer = |value: &str| {
            let mut headers = HeaderMap::new();
            let name = HeaderName::from_static("prefer");
            headers.append(name, HeaderValue::from_str(value).unwrap());
            mode(&headers)
        };
        for value in [
            "respond-async",
            "Respond-Async",
            "wait=5, respond-async",
            "respond-async; foo=bar",
        ] {
            assert_eq!(prefer(value), Mode::RespondAsync, "{value}");
        }
        for value in ["", "wait=5", "respond-asynchronously"] {
            assert_eq!(prefer(value), Mode::Wait, "{value}");
        }
        assert_eq!(mode(&HeaderMap::new()), Mode::Wait);
    }
}
