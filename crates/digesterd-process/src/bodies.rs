//! Bodies of requests arrive within a while, or are given up: who sends a byte a minute holds nothing for long.

use std::io;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use futures::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use crate::environment::Limits;

/// The middleware: a body that is read has this long to come.
pub(crate) async fn hurry_bodies(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let patience = request.app_data::<Limits>().map(|limits| limits.request_timeout);
    let body = request.take_payload();
    let hurried = match (patience, body) {
        (Some(patience), body) if !matches!(body, Payload::None) => hurried(body, Instant::now() + patience),
        (_, body) => body,
    };
    request.set_payload(hurried);
    next.call(request).await.map(ServiceResponse::map_into_boxed_body)
}

fn hurried(body: Payload, until: Instant) -> Payload {
    let pieces = stream::unfold(Some(body), move |body| async move {
        let mut body = body?;
        match timeout_at(until, body.next()).await {
            Ok(piece) => piece.map(|piece| (piece, Some(body))),
            Err(_) => Some((Err(late()), None)),
        }
    });
    Payload::Stream {
        payload: Box::pin(pieces),
    }
}

fn late() -> PayloadError {
    PayloadError::Io(io::Error::new(
        io::ErrorKind::TimedOut,
        "the body did not come in time",
    ))
}

/// Whether a request failed because its body was late.
pub(crate) fn is_late(error: &Error) -> bool {
    matches!(error.as_error::<PayloadError>(), Some(PayloadError::Io(error)) if error.kind() == io::ErrorKind::TimedOut)
}
