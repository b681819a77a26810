//! What a receiver of jobs sees of a queue that it polls.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::error::QueueError;
use crate::queue::SendContext;

/// Hands out messages, each to one receiver at a time, until they are deleted.
#[async_trait]
pub trait JobSource: Send + Sync + Debug {
    /// Waits a while for messages and takes at most so many. Nobody else sees them for the time `hidden`.
    ///
    /// # Errors
    /// [`QueueError`] where the queue cannot be asked.
    async fn receive(&self, most: usize, hidden: Duration) -> Result<Vec<Message>, QueueError>;

    /// Keeps a message hidden for this long from now on; no time at all gives it back.
    ///
    /// # Errors
    /// [`QueueError`]; the message then appears again when its time is over.
    async fn hide(&self, message: &Message, time: Duration) -> Result<(), QueueError>;

    /// Removes a message for good.
    ///
    /// # Errors
    /// [`QueueError`]; the message then appears again when its time is over.
    async fn delete(&self, message: &Message) -> Result<(), QueueError>;
}

/// A message as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The queue's name for it.
    pub id: String,
    /// What it says: a job, if all is well.
    pub body: String,
    /// What travelled beside it.
    pub context: SendContext,
    /// How often it has been received, this time included.
    pub receives: u32,
    /// What the queue wants to be told of this reception.
    pub(crate) receipt: String,
}
