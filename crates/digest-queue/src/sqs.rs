//! SQS, spoken directly: the sender's side and the worker's side of one queue.
//!
//! The request's id and its trace context travel as message attributes. What becomes of a message that is received
//! too often is the business of the queue's own redrive policy.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName};
use digest_core::Job;
use http::StatusCode;

use crate::error::{QueueError, QueueErrorKind};
use crate::queue::{JobQueue, SendContext};
use crate::source::{JobSource, Message};

mod client;

pub use client::SqsOptions;

/// All attempts to send end before this, so that a caller can answer within 5 seconds.
const SEND_BUDGET: Duration = Duration::from_millis(4200);
/// One attempt's share of it.
const SEND_ATTEMPT: Duration = Duration::from_millis(2000);
/// How long a poll waits for messages: the most that SQS grants.
const POLL_SECONDS: i32 = 20;
/// A poll that has no answer after this is given up.
const POLL_LIMIT: Duration = Duration::from_secs(30);
/// Most messages that SQS hands out at once.
const MOST_MESSAGES: usize = 10;
/// Longest time that SQS hides a message.
const LONGEST_HIDDEN: u64 = 12 * 60 * 60;
/// Attribute of the request's id.
const REQUEST_ID: &str = "x-request-id";
/// Attribute of the W3C trace context.
const TRACEPARENT: &str = "traceparent";

/// One queue of SQS.
pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    /// A queue that is not yet spoken to.
    ///
    /// # Errors
    /// [`QueueErrorKind::Settings`] for certificates or a proxy that cannot be used.
    pub fn new(options: &SqsOptions) -> Result<Self, QueueError> {
        Ok(Self {
            client: client::client(options)?,
            url: options.queue_url.to_string(),
        })
    }

    /// An error of SQS's, told by what was tried.
    fn failed<E>(&self, what: &str, error: &SdkError<E>) -> QueueError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let kind = match error {
            SdkError::ServiceError(refusal) => {
                let status = StatusCode::from_u16(refusal.raw().status().as_u16());
                let throttled = error.code().is_some_and(|code| code.contains("Throttl"));
                match status {
                    Ok(status) if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                        QueueErrorKind::Busy
                    }
                    _ if throttled => QueueErrorKind::Busy,
                    // Fresh credentials are fetched for another try.
                    _ if error.code().is_some_and(is_expiry) => QueueErrorKind::Unreachable,
                    _ => QueueErrorKind::Refused,
                }
            }
            SdkError::ConstructionFailure(_) => QueueErrorKind::Settings,
            _ => QueueErrorKind::Unreachable,
        };
        let advice = match kind {
            QueueErrorKind::Refused => "; check SQS_QUEUE_URL, its region and the permissions",
            QueueErrorKind::Settings | QueueErrorKind::Unreachable => {
                "; check the credentials and the endpoint"
            }
            _ => "",
        };
        QueueError::new(kind, format!("{what} {} failed{advice}", self.url)).because(told(error))
    }
}

impl fmt::Debug for SqsQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqsQueue")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl JobQueue for SqsQueue {
    async fn send(&self, job: &Job, context: &SendContext) -> Result<(), QueueError> {
        let limits = TimeoutConfig::builder()
            .operation_timeout(SEND_BUDGET)
            .operation_attempt_timeout(SEND_ATTEMPT)
            .build();
        let mut message = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(job.to_json());
        for (name, value) in [
            (REQUEST_ID, &context.request_id),
            (TRACEPARENT, &context.traceparent),
        ] {
            if let Some(attribute) = value.as_deref().and_then(attribute) {
                message = message.message_attributes(name, attribute);
            }
        }
        let sent = message
            .customize()
            .config_override(aws_sdk_sqs::Config::builder().timeout_config(limits))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) => {
                let failure = self.failed("sending to", &error);
                tracing::warn!(error = %failure, cause = told(&error), "job not queued");
                Err(failure)
            }
        }
    }

    async fn check(&self) -> Result<(), QueueError> {
        let asked = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .attribute_names(QueueAttributeName::QueueArn)
            .send()
            .await;
        asked
            .map(drop)
            .map_err(|error| self.failed("asking for the attributes of", &error))
    }
}

#[async_trait]
impl JobSource for SqsQueue {
    async fn receive(&self, most: usize, hidden: Duration) -> Result<Vec<Message>, QueueError> {
        let limits = TimeoutConfig::builder()
            .operation_timeout(POLL_LIMIT)
            .operation_attempt_timeout(POLL_LIMIT)
            .build();
        let received = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(most.clamp(1, MOST_MESSAGES)).unwrap_or(1))
            .wait_time_seconds(POLL_SECONDS)
            .visibility_timeout(whole_seconds(hidden))
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .customize()
            .config_override(aws_sdk_sqs::Config::builder().timeout_config(limits))
            .send()
            .await
            .map_err(|error| self.failed("receiving from", &error))?;
        Ok(received.messages().iter().filter_map(message).collect())
    }

    async fn hide(&self, message: &Message, time: Duration) -> Result<(), QueueError> {
        let hidden = self
            .client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(&message.receipt)
            .visibility_timeout(whole_seconds(time))
            .send()
            .await;
        hidden
            .map(drop)
            .map_err(|error| self.failed("hiding a message of", &error))
    }

    async fn delete(&self, message: &Message) -> Result<(), QueueError> {
        let deleted = self
            .client
            .delete_message()
            .queue_url(&self.url)
            .receipt_handle(&message.receipt)
            .send()
            .await;
        deleted
            .map(drop)
            .map_err(|error| self.failed("deleting a message of", &error))
    }
}

/// A message of the SDK's; one without a receipt cannot be answered for and appears again.
fn message(received: &aws_sdk_sqs::types::Message) -> Option<Message> {
    let attribute = |name: &str| {
        received
            .message_attributes()
            .and_then(|attributes| attributes.get(name))
            .and_then(MessageAttributeValue::string_value)
            .map(str::to_owned)
    };
    let receives = received
        .attributes()
        .and_then(|attributes| attributes.get(&MessageSystemAttributeName::ApproximateReceiveCount))
        .and_then(|count| count.parse().ok());
    Some(Message {
        id: received.message_id().unwrap_or_default().to_owned(),
        body: received.body().unwrap_or_default().to_owned(),
        context: SendContext {
            request_id: attribute(REQUEST_ID),
            traceparent: attribute(TRACEPARENT),
        },
        receives: receives.unwrap_or(1),
        receipt: received.receipt_handle()?.to_owned(),
    })
}

/// A text attribute; SQS takes none that is empty.
fn attribute(value: &str) -> Option<MessageAttributeValue> {
    let attribute = MessageAttributeValue::builder()
        .data_type("String")
        .string_value(value);
    attribute.build().ok().filter(|_| !value.is_empty())
}

/// SQS counts whole seconds; a part of one is rounded up, so that nothing appears too early.
fn whole_seconds(time: Duration) -> i32 {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    i32::try_from(seconds.min(LONGEST_HIDDEN)).unwrap_or(i32::MAX)
}

/// Whether a refusal's code says that a session is over.
fn is_expiry(code: &str) -> bool {
    code.contains("ExpiredToken") || code == "RequestExpired"
}

/// An error and its causes, each once.
fn told(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let part = error.to_string();
        if parts.last() != Some(&part) {
            parts.push(part);
        }
        next = error.source();
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_is_over_is_known_by_its_code() {
        for (code, expected) in [
            ("ExpiredToken", true),
            ("ExpiredTokenException", true),
            ("RequestExpired", true),
            ("AccessDenied", false),
            ("InvalidClientTokenId", false),
        ] {
            assert_eq!(is_expiry(code), expected, "{code}");
        }
    }

    #[test]
    fn a_part_of_a_second_is_a_whole_one_and_a_day_is_half_of_it() {
        for (time, seconds) in [
            (Duration::ZERO, 0),
            (Duration::from_millis(1), 1),
            (Duration::from_millis(2500), 3),
            (Duration::from_secs(5), 5),
            (Duration::from_secs(24 * 3600), 12 * 3600),
        ] {
            assert_eq!(whole_seconds(time), seconds, "{time:?}");
        }
    }
}
