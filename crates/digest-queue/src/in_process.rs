//! The queue of a process that is API and worker at once: a bounded channel.
//!
//! Nothing here outlives the process. The job's record does, and whoever sweeps records finds the
//! job again.

use async_trait::async_trait;
use digest_core::Job;
use tokio::sync::mpsc;

use crate::error::{QueueError, QueueErrorKind};
use crate::queue::{JobQueue, SendContext};

/// Jobs that may wait; more are refused as busy.
pub const CAPACITY: usize = 4096;

/// A new queue: the sender's side and the worker's side.
#[must_use]
pub fn in_process() -> (InProcessQueue, InProcessJobs) {
    let (sender, receiver) = mpsc::channel(CAPACITY);
    (InProcessQueue { sender }, InProcessJobs { receiver })
}

/// A job as it comes out of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedJob {
    /// What to build.
    pub job: Job,
    /// What travelled beside it.
    pub context: SendContext,
}

/// The sender's side. Cheap to clone.
#[derive(Debug, Clone)]
pub struct InProcessQueue {
    sender: mpsc::Sender<QueuedJob>,
}

/// The worker's side.
#[derive(Debug)]
pub struct InProcessJobs {
    receiver: mpsc::Receiver<QueuedJob>,
}

impl InProcessJobs {
    /// The next job, in order of sending; `None` once every sender is gone.
    pub async fn next(&mut self) -> Option<QueuedJob> {
        self.receiver.recv().await
    }
}

#[async_trait]
impl JobQueue for InProcessQueue {
    async fn send(&self, job: &Job, context: &SendContext) -> Result<(), QueueError> {
        let queued = QueuedJob {
            job: job.clone(),
            context: context.clone(),
        };
        self.sender.try_send(queued).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => QueueError::new(
                QueueErrorKind::Busy,
                format!("the queue is full: {CAPACITY} jobs wait"),
            ),
            mpsc::error::TrySendError::Closed(_) => closed(),
        })
    }

    async fn check(&self) -> Result<(), QueueError> {
        if self.sender.is_closed() {
            return Err(closed());
        }
        Ok(())
    }
}

fn closed() -> QueueError {
    QueueError::new(
        QueueErrorKind::Closed,
        "the worker of this process has stopped taking jobs",
    )
}

#[cfg(test)]
mod tests {
    use digest_core::{Scope, Window};

    use super::*;

    fn job() -> Job {
        let window = Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").unwrap();
        Job::new(window, Scope::default())
    }

    #[tokio::test]
    async fn jobs_come_out_as_they_went_in() {
        let (queue, mut jobs) = in_process();
        let context = SendContext {
            request_id: Some("r1".to_owned()),
            traceparent: None,
        };
        queue.check().await.unwrap();
        queue.send(&job(), &context).await.unwrap();
        drop(queue);
        assert_eq!(jobs.next().await, Some(QueuedJob { job: job(), context }));
        assert_eq!(jobs.next().await, None);
    }

    #[tokio::test]
    async fn a_full_queue_is_busy_and_a_stopped_worker_is_closed() {
        let (queue, jobs) = in_process();
        for _ in 0..CAPACITY {
            queue.send(&job(), &SendContext::default()).await.unwrap();
        }
        let full = queue.send(&job(), &SendContext::default()).await.unwrap_err();
        assert_eq!(full.kind(), QueueErrorKind::Busy);
        drop(jobs);
        let stopped = queue.send(&job(), &SendContext::default()).await.unwrap_err();
        assert_eq!(stopped.kind(), QueueErrorKind::Closed);
        assert_eq!(queue.check().await.unwrap_err().kind(), QueueErrorKind::Closed);
    }
}
