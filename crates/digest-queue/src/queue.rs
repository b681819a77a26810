//! What a sender of jobs sees of a queue.

use std::fmt::Debug;

use async_trait::async_trait;
use digest_core::Job;

use crate::error::QueueError;

/// Takes jobs and brings each to a worker, at least once.
#[async_trait]
pub trait JobQueue: Send + Sync + Debug {
    /// Hands over one job. `Ok` means that the queue answers for it from now on.
    ///
    /// # Errors
    /// [`QueueError`] after the retries of the implementation, within 5 seconds.
    async fn send(&self, job: &Job, context: &SendContext) -> Result<(), QueueError>;

    /// Asks whether the queue can be reached, without sending anything to it.
    ///
    /// # Errors
    /// [`QueueError`] naming what could not be reached.
    async fn check(&self) -> Result<(), QueueError>;
}

/// What travels beside a job, so that one request can be followed through all processes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SendContext {
    /// Id of the request that asked for the digest.
    pub request_id: Option<String>,
    /// The request's W3C trace context.
    pub traceparent: Option<String>,
}
