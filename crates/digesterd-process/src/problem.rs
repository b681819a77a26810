//! Errors as HTTP answers: `application/problem+json` with the `message` member of old.
//!
//! A [`Problem`] has a copyable [`ProblemKind`], which alone decides the status, and a detail that a
//! client may read. What a client must not read (addresses, causes) is logged where the problem is
//! made, by [`Problem::caused_by`]. The request's id is filled in by [`crate::request_log`].

use std::error::Error;
use std::fmt;
use std::time::Duration;

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

/// What went wrong, for the one map to a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// The request cannot be understood, or asks for what cannot be.
    BadRequest,
    /// Nobody known asks.
    Unauthorized,
    /// Who asks may not.
    Forbidden,
    /// There is no such resource.
    NotFound,
    /// The resource does not take this method.
    MethodNotAllowed,
    /// The resource has no such representation.
    NotAcceptable,
    /// The request's body did not come in time.
    RequestTimeout,
    /// What is asked for exists, is under way, or failed for good.
    Conflict,
    /// The stored thing is not the one the request is about.
    PreconditionFailed,
    /// The body is too long.
    BodyTooLarge,
    /// The address is too long.
    UriTooLong,
    /// The headers are too long.
    HeadersTooLarge,
    /// No part of the asked range exists.
    RangeNotSatisfiable,
    /// Busy; the same request may succeed later.
    TooManyRequests,
    /// A defect, or a store that refuses for good.
    Internal,
    /// A store or the queue cannot be reached now.
    Unavailable,
    /// The process is about to stop.
    Draining,
}

/// An error that is answered to a client.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: ProblemKind,
    detail: String,
    retry_after: Option<Duration>,
    allow: Vec<Method>,
    /// Length of the resource of an unsatisfiable range.
    length: Option<u64>,
    /// What has to be presented, for `WWW-Authenticate`.
    challenge: Option<&'static str>,
}

/// The document as it is sent.
#[derive(Debug, Serialize)]
struct Document<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    message: &'a str,
}

impl ProblemKind {
    /// The status of the answer.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::RangeNotSatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable | Self::Draining => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The kind that stands for a status which the HTTP layer chose by itself.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthorized,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::NOT_ACCEPTABLE => Self::NotAcceptable,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::CONFLICT => Self::Conflict,
            StatusCode::PRECONDITION_FAILED => Self::PreconditionFailed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::URI_TOO_LONG => Self::UriTooLong,
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Self::HeadersTooLarge,
            StatusCode::RANGE_NOT_SATISFIABLE => Self::RangeNotSatisfiable,
            StatusCode::TOO_MANY_REQUESTS => Self::TooManyRequests,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            other if other.is_client_error() => Self::BadRequest,
            _ => Self::Internal,
        }
    }
}

impl Problem {
    /// A problem with a sentence for the client.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            retry_after: None,
            allow: Vec::new(),
            length: None,
            challenge: None,
        }
    }

    /// Says when to try again; rounded up to whole seconds.
    #[must_use]
    pub fn retry_after(self, pause: Duration) -> Self {
        Self {
            retry_after: Some(pause),
            ..self
        }
    }

    /// Says which methods the resource takes.
    #[must_use]
    pub fn allow(self, methods: &[Method]) -> Self {
        Self {
            allow: methods.to_vec(),
            ..self
        }
    }

    /// Says how long the resource of an unsatisfiable range is.
    #[must_use]
    pub fn of_length(self, bytes: u64) -> Self {
        Self {
            length: Some(bytes),
            ..self
        }
    }

    /// Says what has to be presented.
    #[must_use]
    pub fn challenge(self, challenge: &'static str) -> Self {
        Self {
            challenge: Some(challenge),
            ..self
        }
    }

    /// Logs the cause, which the client is not told.
    #[must_use]
    pub fn caused_by(self, cause: &(dyn Error + 'static)) -> Self {
        let chain = chain(cause);
        if self.kind.status().is_server_error() {
            tracing::error!(detail = %self.detail, cause = %chain, "request failed");
        } else {
            tracing::info!(detail = %self.detail, cause = %chain, "request refused");
        }
        self
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The sentence for the client.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The answer, with the request's id where there is one.
    #[must_use]
    pub fn answer(&self, request_id: Option<&str>) -> HttpResponse {
        let status = self.kind.status();
        let mut answer = HttpResponse::build(status);
        answer.content_type("application/problem+json");
        answer.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(pause) = self.retry_after {
            let seconds = pause.as_millis().div_ceil(1000).max(1);
            answer.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if !self.allow.is_empty() {
            let methods: Vec<&str> = self.allow.iter().map(Method::as_str).collect();
            answer.insert_header((header::ALLOW, methods.join(", ")));
        }
        if let Some(length) = self.length {
            answer.insert_header((header::CONTENT_RANGE, format!("bytes */{length}")));
        }
        if let Some(challenge) = self.challenge {
            answer.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        answer.json(Document {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: &self.detail,
            instance: request_id,
            message: &self.detail,
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.answer(None)
    }
}

/// An error and its causes, each only if the text so far has not begun to tell it: many errors show their cause
/// themselves, and some of them cut it.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let told = one_line(&cause.to_string());
        let begin: String = told.chars().take(RECOGNISED).collect();
        if !text.contains(&begin) {
            text.push_str(": ");
            text.push_str(&told);
        }
        source = cause.source();
    }
    text
}

/// As much of a cause's beginning is enough to know it again.
const RECOGNISED: usize = 100;

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{told}")]
    struct Layer {
        told: String,
        source: Option<Box<Layer>>,
    }

    fn layers(told: &[&str]) -> Layer {
        let (first, rest) = told.split_first().unwrap();
        Layer {
            told: (*first).to_owned(),
            source: (!rest.is_empty()).then(|| Box::new(layers(rest))),
        }
    }

    #[test]
    fn a_cause_that_is_told_already_is_not_told_again() {
        assert_eq!(chain(&layers(&["a", "b", "c"])), "a: b: c");
        assert_eq!(chain(&layers(&["no: b", "b", "c"])), "no: b: c");
        let long = format!("answer\n{}", "x".repeat(1000));
        let cut = format!("failed (answer {}…)", "x".repeat(200));
        assert_eq!(
            chain(&layers(&[&cut, &long, "refused"])),
            format!("{cut}: refused")
        );
    }
}
