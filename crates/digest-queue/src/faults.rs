//! A queue in memory that hides and hands out messages as SQS does, and misbehaves on request, for tests: a callback
//! says which call fails, loses its answer or is slow.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use digest_core::Job;
use tokio::time::{Instant, sleep};

use crate::error::{QueueError, QueueErrorKind};
use crate::queue::{JobQueue, SendContext};
use crate::source::{JobSource, Message};

/// How long a poll waits for messages.
const POLL: Duration = Duration::from_millis(100);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(2);

/// What is asked of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A job is handed over.
    Send,
    /// A message is taken; polls that find none are no calls.
    Receive,
    /// A message is kept hidden, or given back.
    Hide,
    /// A message is removed.
    Delete,
}

/// What befalls a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It fails like this and never reaches the queue.
    Fail(QueueErrorKind),
    /// It takes effect, and its answer is lost.
    Misreport,
    /// It reaches the queue after this long.
    Slow(Duration),
}

/// A message as the queue keeps it.
#[derive(Debug, Clone)]
struct Kept {
    message: Message,
    visible_at: Instant,
}

type Choose = dyn Fn(Operation) -> Fault + Send + Sync;

/// The queue. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct FaultyQueue {
    kept: Arc<Mutex<Vec<Kept>>>,
    choose: Arc<Choose>,
}

impl FaultyQueue {
    /// An empty queue whose faults this callback chooses.
    #[must_use]
    pub fn new(choose: impl Fn(Operation) -> Fault + Send + Sync + 'static) -> Self {
        Self {
            kept: Arc::default(),
            choose: Arc::new(choose),
        }
    }

    /// How often each message that is left has been received.
    #[must_use]
    pub fn receives(&self) -> Vec<u32> {
        self.kept().iter().map(|kept| kept.message.receives).collect()
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a call to the queue, or fails it. True where its answer gets lost.
    async fn pass(&self, operation: Operation) -> Result<bool, QueueError> {
        match (self.choose)(operation) {
            Fault::None => Ok(false),
            Fault::Fail(kind) => Err(QueueError::new(kind, "made by a test")),
            Fault::Misreport => Ok(true),
            Fault::Slow(time) => {
                sleep(time).await;
                Ok(false)
            }
        }
    }

    /// Takes what is visible and hides it. A receipt is worth something until the message is received again.
    fn take(&self, most: usize, hidden: Duration) -> Vec<Message> {
        let now = Instant::now();
        let mut kept = self.kept();
        let visible = kept.iter_mut().filter(|kept| kept.visible_at <= now).take(most);
        visible
            .map(|kept| {
                kept.message.receives += 1;
                kept.message.receipt = format!("{} {}", kept.message.id, kept.message.receives);
                kept.visible_at = now + hidden;
                kept.message.clone()
            })
            .collect()
    }

    fn has_visible(&self) -> bool {
        let now = Instant::now();
        self.kept().iter().any(|kept| kept.visible_at <= now)
    }
}

impl fmt::Debug for FaultyQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyQueue")
            .field("kept", &self.kept())
            .finish_non_exhaustive()
    }
}

/// What is said where the queue took the call and its answer is lost.
fn lost() -> QueueError {
    QueueError::new(QueueErrorKind::Unreachable, "the answer was lost, by a test")
}

#[async_trait]
impl JobQueue for FaultyQueue {
    async fn send(&self, job: &Job, context: &SendContext) -> Result<(), QueueError> {
        let is_lost = self.pass(Operation::Send).await?;
        {
            let mut kept = self.kept();
            let number = kept.len();
            kept.push(Kept {
                message: Message {
                    id: format!("{}-{number}", job.id()),
                    body: job.to_json(),
                    context: context.clone(),
                    receives: 0,
                    receipt: String::new(),
                },
                visible_at: Instant::now(),
            });
        }
        if is_lost { Err(lost()) } else { Ok(()) }
    }

    async fn check(&self) -> Result<(), QueueError> {
        Ok(())
    }
}

#[async_trait]
impl JobSource for FaultyQueue {
    async fn receive(&self, most: usize, hidden: Duration) -> Result<Vec<Message>, QueueError> {
        let until = Instant::now() + POLL;
        while !self.has_visible() {
            if Instant::now() >= until {
                return Ok(Vec::new());
            }
            sleep(LOOK).await;
        }
        let is_lost = self.pass(Operation::Receive).await?;
        let taken = self.take(most, hidden);
        if is_lost { Err(lost()) } else { Ok(taken) }
    }

    async fn hide(&self, message: &Message, time: Duration) -> Result<(), QueueError> {
        let is_lost = self.pass(Operation::Hide).await?;
        for kept in self
            .kept()
            .iter_mut()
            .filter(|kept| kept.message.receipt == message.receipt)
        {
            kept.visible_at = Instant::now() + time;
        }
        if is_lost { Err(lost()) } else { Ok(()) }
    }

    async fn delete(&self, message: &Message) -> Result<(), QueueError> {
        let is_lost = self.pass(Operation::Delete).await?;
        self.kept().retain(|kept| kept.message.receipt != message.receipt);
        if is_lost { Err(lost()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use digest_core::{Scope, Window};

    use super::*;

    const HIDDEN: Duration = Duration::from_secs(30);

    async fn sent(queue: &FaultyQueue) -> Result<(), QueueError> {
        let window = Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").unwrap();
        let job = Job::new(window, Scope::default());
        queue.send(&job, &SendContext::default()).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_is_hidden_from_its_reception_on_and_appears_again_until_it_is_deleted() {
        let queue = FaultyQueue::new(|_| Fault::None);
        sent(&queue).await.unwrap();
        let first = queue.receive(9, HIDDEN).await.unwrap().remove(0);
        assert!(queue.receive(9, HIDDEN).await.unwrap().is_empty());
        queue.hide(&first, Duration::ZERO).await.unwrap();
        let second = queue.receive(9, HIDDEN).await.unwrap().remove(0);
        assert_eq!((first.receives, second.receives), (1, 2));
        // The first one's receipt is worth nothing any more.
        queue.delete(&first).await.unwrap();
        assert_eq!(queue.receives(), [2]);
        sleep(HIDDEN).await;
        assert_eq!(queue.receive(9, HIDDEN).await.unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_fails_before_its_effect_or_behind_it() {
        let before = FaultyQueue::new(|_| Fault::Fail(QueueErrorKind::Busy));
        assert_eq!(sent(&before).await.unwrap_err().kind(), QueueErrorKind::Busy);
        assert!(before.receives().is_empty());
        let behind = FaultyQueue::new(|_| Fault::Misreport);
        assert_eq!(
            sent(&behind).await.unwrap_err().kind(),
            QueueErrorKind::Unreachable
        );
        assert_eq!(behind.receives(), [0]);
        behind.receive(9, HIDDEN).await.unwrap_err();
        assert_eq!(behind.receives(), [1]);
    }
}
