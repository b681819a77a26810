//! One attempt at a job: build, publish, release; and what a failure leaves behind in the record.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use digest_core::JobRecord;
use digest_core::record::Failure;
use digesterd_process::metrics::Phase;
use tracing::warn;

use super::heartbeat;
use super::held::{Held, HoldError};
use super::line::JobLine;
use super::marker;
use super::stage::Ending;
use crate::build::{BuildError, BuildRequest, ProgressCounters, build};
use crate::publish::{PublishError, Published, Standing, abandon, finish_or_leave, publish, standing};
use crate::terms::delta;
use crate::worker::Worker;

/// Pause of a job that a worker hands back because it shuts down.
const SHUTDOWN_PAUSE: Duration = Duration::from_secs(1);

/// How an attempt ended.
pub(crate) enum Attempt {
    /// For good, or for now.
    Ended(Ending),
    /// Another process has taken the job over; its record says how that goes.
    Lost,
}

/// Why an attempt made no stored digest.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AttemptError {
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// Does what is left to do for a record that was just taken: all of it, or what a predecessor left.
pub(crate) async fn attempt(worker: &Worker, held: Held, standing: Standing) -> Attempt {
    let record = held.record().await;
    let mut line = JobLine::begin(&record, worker.metrics());
    let progress = Arc::new(ProgressCounters::default());
    marker::show(worker.markers(), &record, worker.terms()).await;
    let attempt = tokio::select! {
        made = make(worker, &held, &record, standing, &progress) => match made {
            Ok(published) => {
                let is_whole = published.as_ref().is_some_and(|published| published.is_whole);
                line.published(published);
                release(worker, &held, is_whole).await
            }
            Err(AttemptError::Publish(PublishError::Lost)) => Attempt::Lost,
            Err(error) => {
                line.failed(&error);
                give_back(worker, &held, &error).await
            }
        },
        () = heartbeat::beat(&held, worker.markers(), worker.terms(), &progress) => Attempt::Lost,
        () = worker.halted() => hand_back(worker, &held).await,
    };
    if matches!(attempt, Attempt::Lost) {
        clear_up(worker, &record).await;
    }
    line.end(&attempt, &progress);
    attempt
}

/// The worker's way from flow logs to a stored digest, or the end of it that a predecessor did not reach.
async fn make(
    worker: &Worker,
    held: &Held,
    record: &JobRecord,
    standing: Standing,
    progress: &Arc<ProgressCounters>,
) -> Result<Option<Published>, AttemptError> {
    match standing {
        Standing::ToBuild => {}
        Standing::Given => return Ok(None),
        Standing::Published => {
            finish_or_leave(worker.places(), record, None).await;
            return Ok(None);
        }
    }
    let job = record.job();
    let request = BuildRequest::of_job(job, delta(worker.terms().late_arrival));
    let built = build(
        &request,
        worker.flow_logs(),
        worker.prefetch(),
        worker.build_options(),
        progress,
    )
    .await?;
    progress.enter(Phase::Store);
    let published = publish(worker.places(), built, held, worker.terms()).await?;
    Ok(Some(published))
}

/// The digest is stored: the record says so, then the marker goes. Where all is in order then, this process's sweeper need
/// not look; it does where somebody else was at the job, who may come to himself once more.
async fn release(worker: &Worker, held: &Held, is_whole: bool) -> Attempt {
    let retention = delta(worker.terms().record_retention);
    match held.step(|record| record.stored(Utc::now(), retention)).await {
        Ok(record) => {
            marker::hide(worker.markers(), record.job().id()).await;
            if is_whole && record.lost_leases() == 0 {
                let (record, version) = held.present().await;
                worker
                    .in_order()
                    .note(record.job().id(), version, record.lease().until);
            }
        }
        // The digest stands, whoever holds the record: its holder finds it, and so does the sweeper.
        Err(HoldError::Lost) => return Attempt::Lost,
        Err(HoldError::Store(error)) => {
            warn!(%error, "the digest is stored, but its job record could not be ended; the sweeper will");
        }
    }
    Attempt::Ended(Ending::Stored)
}

/// The record is another's: its holder cleared up what it found when it came, and more may have come behind that.
async fn clear_up(worker: &Worker, record: &JobRecord) {
    // A holder that found this attempt's digest keeps its nonce, and all that bears it.
    if let Ok(Some((now, _))) = worker.records().load(record.job().id()).await
        && now.nonce() != record.nonce()
    {
        abandon(worker.places(), record.job(), record.nonce()).await;
    }
}

/// A failed attempt: another try after a pause, or the end.
async fn give_back(worker: &Worker, held: &Held, error: &AttemptError) -> Attempt {
    let terms = worker.terms();
    let failed = held.record().await.attempts().saturating_add(1);
    let reason = error.told();
    if error.is_retryable() && failed < terms.max_attempts {
        let pause = terms.pause_after(failed);
        let failure = Failure {
            reason: reason.clone(),
            transient: true,
        };
        let back = held
            .step(|record| record.handed_back(Utc::now(), delta(pause), Some(failure.clone())))
            .await;
        let ending = Ending::Retry { reason, after: pause };
        return settle(worker, back, ending).await;
    }
    // The digest's last request may have taken effect though nobody could be asked whether.
    let record = held.record().await;
    let found = standing(worker.places(), &record).await;
    if matches!(found, Ok(Standing::Published)) {
        let is_whole = finish_or_leave(worker.places(), &record, None).await;
        return release(worker, held, is_whole).await;
    }
    let transient = error.is_retryable();
    let reason = if transient {
        format!("given up after {failed} failed attempts, the last one: {reason}")
    } else {
        reason
    };
    let ended = give_up(worker, held, Failure { reason, transient }).await;
    // A refusal is certain: nothing of this attempt is on its way any more, nor does anybody need what it left. Where an
    // answer may only have been lost the digest may yet appear, and its manifest and table have to be there.
    let is_over = matches!(ended, Attempt::Ended(Ending::Failed { .. }));
    if is_over && !transient && matches!(found, Ok(Standing::ToBuild)) {
        abandon(worker.places(), record.job(), record.nonce()).await;
    }
    ended
}

/// Ends the job as failed.
pub(crate) async fn give_up(worker: &Worker, held: &Held, failure: Failure) -> Attempt {
    let retention = delta(worker.terms().record_retention);
    let ending = Ending::Failed {
        reason: failure.reason.clone(),
    };
    let failed = held
        .step(|record| record.failed(Utc::now(), retention, failure.clone()))
        .await;
    settle(worker, failed, ending).await
}

/// The process shuts down: the job goes back as it came, its attempt not counted.
async fn hand_back(worker: &Worker, held: &Held) -> Attempt {
    let back = held
        .step(|record| record.handed_back(Utc::now(), delta(SHUTDOWN_PAUSE), None))
        .await;
    settle(worker, back, Ending::Draining).await
}

/// Brings the marker in line with a step that ended the attempt.
async fn settle(worker: &Worker, step: Result<JobRecord, HoldError>, ending: Ending) -> Attempt {
    match step {
        Ok(record) if record.has_ended() => marker::hide(worker.markers(), record.job().id()).await,
        Ok(record) => marker::show(worker.markers(), &record, worker.terms()).await,
        Err(HoldError::Lost) => return Attempt::Lost,
        Err(HoldError::Store(error)) => {
            warn!(%error, "the attempt's end could not be recorded; its lease runs out instead");
            return Attempt::Ended(Ending::Retry {
                reason: format!("the job record could not be written: {}", error.told()),
                after: worker.terms().retry_pause,
            });
        }
    }
    Attempt::Ended(ending)
}

impl AttemptError {
    /// The same for whoever asked for the digest: it stands in the record, and from there in answers.
    fn told(&self) -> String {
        match self {
            Self::Build(error) => error.told(),
            Self::Publish(error) => error.told(),
        }
    }

    /// Whether another attempt may succeed with nobody changing anything.
    fn is_retryable(&self) -> bool {
        match self {
            Self::Build(error) => error.is_retryable(),
            Self::Publish(error) => error.is_retryable(),
        }
    }
}
