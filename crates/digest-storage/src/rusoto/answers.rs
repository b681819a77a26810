//! From rusoto's failures to the store crate's, and when to try again.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use object_store::{Error, Result};
use rusoto_core::RusotoError;
use rusoto_core::request::BufferedHttpResponse;
use tokio::time::{Instant, sleep, timeout};

use crate::error::{ErrorKind, StoreError, kind_of};

/// The longest wait for the head of an answer, the sending of a part of 8 MiB included.
const PATIENCE: Duration = Duration::from_secs(60);
const RETRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// No try begins later than this.
const RETRY_FOR: Duration = Duration::from_secs(20);

/// Asks until there is an answer that another try would not change.
pub(super) async fn ask<T, E, F>(key: &str, request: impl Fn() -> F) -> Result<T>
where
    E: fmt::Debug,
    F: Future<Output = std::result::Result<T, RusotoError<E>>>,
{
    let begun = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut left = RETRIES;
    loop {
        let failure = match timeout(PATIENCE, request()).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => translate(key, error),
            Err(_) => failure(ErrorKind::Timeout, key, format!("no answer within {PATIENCE:?}")),
        };
        if left == 0 || !kind_of(&failure).is_retryable() || begun.elapsed() > RETRY_FOR {
            return Err(failure);
        }
        left -= 1;
        sleep(pause.mul_f64(0.5 + fastrand::f64())).await;
        pause *= 2;
    }
}

/// A failure of this kind.
pub(super) fn failure(kind: ErrorKind, key: &str, why: impl Into<String>) -> Error {
    Error::Generic {
        store: "rusoto",
        source: Box::new(StoreError::new(kind, "rusoto", key, why.into())),
    }
}

/// What the failure means.
fn translate<E: fmt::Debug>(key: &str, error: RusotoError<E>) -> Error {
    let path = key.to_owned();
    match error {
        // The few that have types say that the key, the bucket or the upload is not there.
        RusotoError::Service(error) => {
            let source = format!("{error:?}").into();
            Error::NotFound { path, source }
        }
        RusotoError::Unknown(answer) => of_status(path, &answer),
        RusotoError::Credentials(error) => Error::Unauthenticated {
            path,
            source: Box::new(error),
        },
        RusotoError::HttpDispatch(error) => failure(ErrorKind::Unavailable, key, error.to_string()),
        RusotoError::ParseError(why) | RusotoError::Validation(why) => failure(ErrorKind::Other, key, why),
        RusotoError::Blocking => failure(ErrorKind::Other, key, "the runtime is shutting down"),
    }
}

fn of_status(path: String, answer: &BufferedHttpResponse) -> Error {
    let status = answer.status.as_u16();
    // Spelled as the default client does: errors are told apart by this text.
    let source = format!("status code: {status}: {}", answer.body_as_str()).into();
    match status {
        304 => Error::NotModified { path, source },
        401 => Error::Unauthenticated { path, source },
        403 => Error::PermissionDenied { path, source },
        404 => Error::NotFound { path, source },
        409 => Error::AlreadyExists { path, source },
        412 => Error::Precondition { path, source },
        _ => Error::Generic {
            store: "rusoto",
            source,
        },
    }
}
