//! One middleware around every route: request ids, one log line a request, its metrics, complete problem documents.
//!
//! A request's id is what its `x-request-id` header says, if that is short and plain, else a fresh
//! UUID; it goes back in the answer's header, stands on every log line of the request and in every
//! problem document. Health routes are not logged: probes come every few seconds.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest};
use digest_queue::SendContext;
use tracing::Span;
use uuid::Uuid;

use crate::bodies::is_late;
use crate::environment::Limits;
use crate::guard::Caller;
use crate::health;
use crate::metrics::{self, HttpMetrics};
use crate::problem::{Problem, ProblemKind};
use crate::security_headers;
use crate::tokens::{self, redacted};
use crate::traces;

/// Header of the request's id, in and out.
pub const REQUEST_ID: &str = "x-request-id";
/// W3C trace context.
const TRACEPARENT: &str = "traceparent";
/// The same as a queue's daemon hands on a message's attribute.
const SQSD_TRACEPARENT: &str = "x-aws-sqsd-attr-traceparent";
/// Shortest trace context: version, trace, span and flags in hex.
const SHORTEST_TRACE: usize = 55;
/// Longest id that is taken from outside.
const LONGEST_ID: usize = 128;
/// How much of a header or query a log line shows.
const SHOWN: usize = 512;

/// What a request is known by, kept beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestContext {
    /// The request's id.
    pub request_id: String,
    /// The caller's trace context, if it looks like one.
    pub traceparent: Option<String>,
}

/// The context that [`log_requests`] put beside a request; a fresh one where it does not run.
#[must_use]
pub fn context_of(request: &HttpRequest) -> RequestContext {
    let known = request.extensions().get::<RequestContext>().cloned();
    known.unwrap_or_else(|| RequestContext::of_headers(request.headers()))
}

/// The middleware, for `actix_web::middleware::from_fn`.
///
/// # Errors
/// Those of the services inside, which actix turns into answers.
pub async fn log_requests(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let context = RequestContext::of_headers(request.headers());
    let line = Line::of(&request, &context);
    let counted = request
        .app_data::<HttpMetrics>()
        .map(|metrics| metrics.begin(request.method()));
    request.extensions_mut().insert(context.clone());
    // Of the highest level, so that it stands on whatever lines RUST_LOG lets through.
    let span = tracing::error_span!("request", otel.kind = "server", request_id = %context.request_id,
        http.request.method = %request.method(), url.path = %redacted(request.path()),
        trace_id = tracing::field::Empty, http.response.status_code = tracing::field::Empty);
    let mut line = line;
    let asked = async {
        line.trace_id = traces::trace_id();
        Span::current().record("trace_id", line.trace_id.as_deref());
        if let Some(problem) = too_long(&request) {
            return Ok(request.error_response(problem));
        }
        next.call(request).await.map(ServiceResponse::map_into_boxed_body)
    };
    let answer = traces::under(span.clone(), context.traceparent.clone(), asked).await?;
    span.record("http.response.status_code", answer.status().as_u16());
    let mut answer = completed(answer, &context);
    if let Ok(id) = HeaderValue::from_str(&context.request_id) {
        answer
            .headers_mut()
            .insert(HeaderName::from_static(REQUEST_ID), id);
    }
    let is_encrypted = answer.request().app_config().secure();
    security_headers::add(answer.headers_mut(), is_encrypted);
    line.answered(&answer);
    if let Some(counted) = counted {
        counted.answered(answer.request().match_pattern(), answer.status().as_u16());
    }
    Ok(answer)
}

impl RequestContext {
    fn of_headers(headers: &HeaderMap) -> Self {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let given = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let id = given(REQUEST_ID)
            .filter(|id| (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(plain))
            // One that strayed into the wrong header.
            .filter(|id| !id.contains(tokens::PREFIX))
            .map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
        let traceparent = given(TRACEPARENT)
            .or_else(|| given(SQSD_TRACEPARENT))
            .filter(|trace| (SHORTEST_TRACE..=LONGEST_ID).contains(&trace.len()))
            .filter(|trace| trace.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'))
            .map(str::to_owned);
        Self {
            request_id: id,
            traceparent,
        }
    }

    /// What travels with a job: the present span's trace, or the caller's where nothing is recorded.
    #[must_use]
    pub fn send_context(&self) -> SendContext {
        SendContext {
            request_id: Some(self.request_id.clone()),
            traceparent: traces::traceparent().or_else(|| self.traceparent.clone()),
        }
    }
}

/// What no route needs to look at: an address, headers or a declared body over the limits. A body that does not
/// declare its length is cut off by the route that reads it.
fn too_long(request: &ServiceRequest) -> Option<Problem> {
    let limits = request.app_data::<Limits>()?;
    let address = request
        .uri()
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    if address > limits.query {
        let detail = format!(
            "the address is {address} characters long, at most {} are read",
            limits.query
        );
        return Some(Problem::new(ProblemKind::UriTooLong, detail));
    }
    let headers = request.headers().iter();
    let headers: usize = headers
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if headers > limits.headers {
        let detail = format!(
            "the headers are {headers} bytes long, at most {} are read",
            limits.headers
        );
        return Some(Problem::new(ProblemKind::HeadersTooLarge, detail));
    }
    let declared = request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?;
    let declared: u64 = declared.parse().ok()?;
    (declared > limits.body as u64).then(|| {
        let detail = format!(
            "the body is {declared} bytes long, at most {} are read",
            limits.body
        );
        Problem::new(ProblemKind::BodyTooLarge, detail)
    })
}

/// Gives every error the form of a problem document with the request's id, the HTTP layer's own too.
fn completed(answer: ServiceResponse<BoxBody>, context: &RequestContext) -> ServiceResponse<BoxBody> {
    let status = answer.status();
    if !status.is_client_error() && !status.is_server_error() {
        return answer;
    }
    let error = answer.response().error();
    let problem = match error.and_then(|error| error.as_error::<Problem>()) {
        Some(problem) => problem.clone(),
        None if error.is_some_and(is_late) => {
            Problem::new(ProblemKind::RequestTimeout, "the body did not come in time")
        }
        // Documents of this crate's own routes, such as /readyz.
        None if is_json(answer.headers()) => return answer,
        None => {
            let kind = ProblemKind::of_status(status);
            let detail = match (error, status.is_client_error()) {
                (Some(error), true) => error.to_string(),
                _ => status.canonical_reason().unwrap_or("error").to_lowercase(),
            };
            Problem::new(kind, detail)
        }
    };
    let mut document = problem.answer(Some(&context.request_id));
    for (name, value) in answer.headers() {
        let describes_the_body = [
            header::CONTENT_TYPE,
            header::CONTENT_LENGTH,
            header::CONTENT_ENCODING,
        ];
        if !describes_the_body.contains(name) && !document.headers().contains_key(name) {
            document.headers_mut().append(name.clone(), value.clone());
        }
    }
    answer.into_response(document)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok()).is_some_and(|kind| {
        kind.starts_with("application/json") || kind.starts_with("application/problem+json")
    })
}

/// The log line of one request, written when it is answered, or when the caller went away before.
struct Line {
    began: Instant,
    method: String,
    path: String,
    query: String,
    peer: String,
    agent: String,
    request_id: String,
    traceparent: Option<String>,
    trace_id: Option<String>,
    token: Option<String>,
    wanted: bool,
}

impl Line {
    fn of(request: &ServiceRequest, context: &RequestContext) -> Self {
        let cut = |text: &str| redacted(text).chars().take(SHOWN).collect::<String>();
        let agent = request.headers().get(header::USER_AGENT);
        Self {
            began: Instant::now(),
            method: request.method().to_string(),
            path: cut(request.path()),
            query: cut(request.query_string()),
            peer: request
                .peer_addr()
                .map(|peer| peer.to_string())
                .unwrap_or_default(),
            agent: cut(agent.and_then(|agent| agent.to_str().ok()).unwrap_or_default()),
            request_id: context.request_id.clone(),
            traceparent: context.traceparent.clone(),
            trace_id: None,
            token: None,
            wanted: !health::PATHS.contains(&request.path()) && request.path() != metrics::PATH,
        }
    }

    fn answered(mut self, answer: &ServiceResponse<BoxBody>) {
        let extensions = answer.request().extensions();
        let caller = extensions.get::<Caller>();
        self.token = caller.and_then(Caller::name).map(str::to_owned);
        drop(extensions);
        self.write(answer.status().as_u16(), "request");
        self.wanted = false;
    }

    fn write(&self, status: u16, message: &str) {
        if !self.wanted {
            return;
        }
        tracing::info!(
            request_id = %self.request_id,
            traceparent = self.traceparent,
            trace_id = self.trace_id,
            token = self.token,
            method = %self.method,
            path = %self.path,
            query = %self.query,
            status,
            duration_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            peer = %self.peer,
            user_agent = %self.agent,
            "{message}"
        );
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // 499 is what access logs commonly call a caller that did not wait.
        self.write(499, "request abandoned");
    }
}
