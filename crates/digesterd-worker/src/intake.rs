//! Jobs from a queue that is polled: one message for each free slot, hidden from others while its job is seen to.
//!
//! A message is deleted once its job has ended: its digest is stored, or it failed for good and the record says so.
//! Everything else comes back to the queue, which sends what comes back too often where its redrive policy says. A
//! process that dies leaves its messages hidden for a lease at most.

use std::sync::Arc;
use std::time::Duration;

use digest_core::Job;
use digest_queue::{JobSource, Message, QueueError};
use digesterd_process::problem::chain;
use digesterd_process::traces;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep;
use tracing::{error_span, info, warn};

use crate::worker::{Accepted, Mode, Worker};

/// Pause after a poll that failed; doubled with each further one, with jitter.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause between polls.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A job that is not done is asked for again after this.
const LOOK: Duration = Duration::from_secs(1);
/// When a message of a process that shuts down appears again.
const HANDED_BACK: Duration = Duration::from_secs(1);
/// Tries to delete the message of a job that has ended.
const TRIES: u32 = 3;

/// Takes jobs out of a queue until the worker drains.
pub async fn take_in(worker: Worker, queue: Arc<dyn JobSource>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let polled = tokio::select! {
            polled = poll(&worker, queue.as_ref()) => polled,
            () = worker.drained() => return,
        };
        let messages = match polled {
            Ok(messages) => messages,
            Err(error) => {
                warn!(error = %chain(&error), "the queue could not be asked for jobs");
                tokio::select! {
                    () = sleep(pause.mul_f64(0.5 + fastrand::f64())) => {}
                    () = worker.drained() => return,
                }
                pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                continue;
            }
        };
        pause = FIRST_PAUSE;
        for message in messages {
            let (worker, queue) = (worker.clone(), Arc::clone(&queue));
            // While the poll waited, the slot may have gone to a request or to the sweeper.
            match worker.free_slot() {
                Some(slot) => {
                    let delivering = deliver(worker.clone(), queue, message, slot);
                    worker.spawn(delivering);
                }
                None => {
                    worker.spawn(async move { give_back(queue.as_ref(), &message, Duration::ZERO).await })
                }
            }
        }
    }
}

/// Waits for a free slot and asks for as many messages as there are. No slot is held meanwhile: requests and the
/// sweeper may have it.
async fn poll(worker: &Worker, queue: &dyn JobSource) -> Result<Vec<Message>, QueueError> {
    let free = worker.free_slots().await;
    queue.receive(free, worker.terms().progress_timeout).await
}

/// Sees one message to its end.
async fn deliver(worker: Worker, queue: Arc<dyn JobSource>, message: Message, slot: OwnedSemaphorePermit) {
    let job = match Job::parse(message.body.as_bytes()) {
        Ok(job) => job,
        Err(error) => {
            warn!(message_id = message.id, receives = message.receives, %error,
                "a message is no job; it is left to the queue's redrive policy");
            return;
        }
    };
    let span = error_span!("message", otel.kind = "consumer", job_id = %job.id(), message_id = message.id,
        request_id = message.context.request_id, traceparent = message.context.traceparent);
    let seen_to = async {
        info!(job_id = %job.id(), message_id = message.id, receives = message.receives,
            request_id = message.context.request_id, traceparent = message.context.traceparent,
            "job taken from the queue");
        let ended = tokio::select! {
            ended = see_through(&worker, job, slot) => ended,
            never = keep_hidden(&worker, queue.as_ref(), &message) => match never {},
        };
        match ended {
            Accepted::Stored | Accepted::Failed { .. } => delete(queue.as_ref(), &message).await,
            Accepted::Refused { reason } => {
                warn!(
                    reason,
                    receives = message.receives,
                    "a job may not be built; its message is left to the queue's redrive policy"
                );
            }
            Accepted::Draining { .. } => give_back(queue.as_ref(), &message, HANDED_BACK).await,
            Accepted::Retry { retry_after, .. } | Accepted::Busy { retry_after } => {
                give_back(queue.as_ref(), &message, retry_after).await;
            }
            // Not what was asked for; the record sees to the job, and the message to the record.
            Accepted::Recorded => {}
        }
    };
    traces::under(span, message.context.traceparent.clone(), seen_to).await;
}

/// Delivers a job until it has ended: one that another process builds is followed, so that its message is not
/// received over and over meanwhile.
async fn see_through(worker: &Worker, job: Job, slot: OwnedSemaphorePermit) -> Accepted {
    let mut slot = Some(slot);
    loop {
        match worker.accept_into(job.clone(), Mode::Wait, slot.take()).await {
            Accepted::Busy { .. } => sleep(LOOK).await,
            ended => return ended,
        }
    }
}

/// Hides a message for another lease, every quarter of one.
async fn keep_hidden(worker: &Worker, queue: &dyn JobSource, message: &Message) -> std::convert::Infallible {
    loop {
        sleep(worker.terms().heartbeat()).await;
        if let Err(error) = queue.hide(message, worker.terms().progress_timeout).await {
            warn!(error = %chain(&error), "a message could not be kept hidden");
        }
    }
}

/// Lets a message appear again after a while.
async fn give_back(queue: &dyn JobSource, message: &Message, after: Duration) {
    if let Err(error) = queue.hide(message, after).await {
        warn!(message_id = message.id, error = %chain(&error),
            "a message could not be given back; it appears again with its lease's end");
    }
}

/// Deletes the message of an ended job. One that stays is received again, and deleted then.
async fn delete(queue: &dyn JobSource, message: &Message) {
    for left in (0..TRIES).rev() {
        match queue.delete(message).await {
            Ok(()) => return,
            Err(error) if left == 0 => {
                warn!(error = %chain(&error), "the message of an ended job could not be deleted");
            }
            Err(_) => sleep(LOOK).await,
        }
    }
}
