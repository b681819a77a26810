//! A request for a digest on its way into the queue: claim, marker, queue, record.
//!
//! Every step's failure leaves the window free for the next request where the store still answers.
//! Otherwise, and where this process dies in between, the claim stands: requests are answered 409 until a
//! worker's sweeper takes the job, once the claim's lease has run out, and builds it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use digest_core::record::Failure;
use digest_core::{DigestId, Job};
use digest_queue::{QueueError, SendContext};
use digest_storage::{Marked, StoreError, Swap};
use digesterd_process::environment::Timings;
use digesterd_process::problem::{Problem, ProblemKind, chain};
use digesterd_process::traces;

use crate::api::Api;
use crate::claim::{Claim, Course, Refusal, Taken, claim};
use crate::flights::{Part, told};
use crate::query::CreateQuery;
use crate::refusals::store_problem;

/// When a client whose job could not be queued may ask again.
const QUEUE_PAUSE: Duration = Duration::from_secs(5);

/// Takes a request: `Ok` once its job is queued and cannot be lost.
///
/// # Errors
/// 409 where the digest exists, is in progress or failed for good; 503 where the queue or a store
/// cannot be reached.
pub(crate) async fn submit(api: &Api, asked: &CreateQuery, context: &SendContext) -> Result<(), Problem> {
    let job = &asked.job;
    let claimed = claim_once(api, asked).await;
    let taken = match claimed.map_err(|error| store_problem(&error))? {
        Claim::Taken(taken) => taken,
        Claim::Refused(refusal) => return Err(conflict(job, &refusal)),
    };
    let is_marked = match mark(api, &taken).await {
        Ok(Mark::Ours) => true,
        Ok(Mark::Build) => false,
        Ok(Mark::Held(until)) => {
            leave_to_its_holder(api, &taken, until).await;
            return Err(conflict(job, &Refusal::InProgress));
        }
        Err((error, time)) => {
            let reason = "the marker could not be looked at or written".to_owned();
            release(api, &taken, false, reason).await;
            // It may have been written, and it may be another's.
            if let Err(error) = api.markers.take_back(job.id(), time).await {
                marker_stays(job.id(), &error);
            }
            return Err(store_problem(&error));
        }
    };
    match api.queue.send(job, context).await {
        Ok(()) => {
            if taken.course != Course::Claimed {
                note_queued(api, &taken, Timings::delta(api.timings.queue_timeout)).await;
            }
            tracing::info!(job_id = %job.id(), trace_id = traces::trace_id(), window = %job.window(), scope = ?job.scope(),
                refresh_of = taken.record.refresh_of(), "job queued");
            Ok(())
        }
        Err(error) => unqueued(api, &taken, is_marked, &error).await,
    }
}

/// Claims, or learns from the same request of another client that came first what its claim was told.
async fn claim_once(api: &Api, asked: &CreateQuery) -> Result<Claim, StoreError> {
    match api.flights.join(asked.job.id(), asked.refresh) {
        Part::Lead(lead) => {
            let claimed = claim(api, asked, Utc::now()).await?;
            lead.tell(&claimed);
            Ok(claimed)
        }
        Part::Follow(follow) => match told(follow).await {
            Some(refusal) => Ok(Claim::Refused(refusal)),
            None => claim(api, asked, Utc::now()).await,
        },
    }
}

/// What became of a job's marker.
enum Mark {
    /// It was written.
    Ours,
    /// The job's build writes it.
    Build,
    /// The Go service has one that holds the window until then: it has a job for it.
    Held(DateTime<Utc>),
}

/// Writes the marker that the Go service reads, live until the queue's timeout, where one is called for and none is there. One that
/// is there and has ended is left to the build.
///
/// # Errors
/// [`StoreError`], and the time of the marker that may have been written.
async fn mark(api: &Api, taken: &Taken) -> Result<Mark, (StoreError, DateTime<Utc>)> {
    if taken.course != Course::First {
        return Ok(Mark::Build);
    }
    let (id, now) = (taken.record.job().id(), Utc::now());
    let lease = Timings::delta(api.timings.queue_timeout) - Timings::delta(api.timings.progress_timeout);
    let time = now + lease;
    let found = match api.markers.create(id, time).await {
        Ok(Marked::Created) => return Ok(Mark::Ours),
        Ok(Marked::Exists(found)) => found,
        Err(error) => return Err((error, time)),
    };
    let until = found.and_then(|marker| api.held_until(&marker));
    Ok(until.filter(|until| now < *until).map_or(Mark::Build, Mark::Held))
}

/// The Go service has queued this job: it counts as queued until its marker's end. If no digest has come of it by then, a
/// worker's sweeper builds it.
async fn leave_to_its_holder(api: &Api, taken: &Taken, held_until: DateTime<Utc>) {
    let rest = held_until.signed_duration_since(Utc::now());
    note_queued(api, taken, rest.max(TimeDelta::zero())).await;
}

/// Moves the record on. Whatever comes of it, the job is queued and a worker takes it from either state.
async fn note_queued(api: &Api, taken: &Taken, lease: TimeDelta) {
    let Ok(queued) = taken.record.queued(Utc::now(), lease) else {
        return;
    };
    let id = taken.record.job().id();
    match api.records.swap(&taken.version, &queued).await {
        Ok(Swap::Swapped(_)) => {}
        Ok(Swap::Lost) => tracing::debug!(job_id = %id, "a worker was faster"),
        Err(error) => {
            tracing::warn!(job_id = %id, error = %chain(&error), "record not moved to queued");
        }
    }
}

/// The queue did not take the job, as far as it said.
async fn unqueued(api: &Api, taken: &Taken, is_marked: bool, error: &QueueError) -> Result<(), Problem> {
    let reason = format!("the job could not be queued: {error}");
    if !release(api, taken, is_marked, reason).await {
        // Somebody moved the record: the job did arrive, only the answer was lost.
        let id = taken.record.job().id();
        tracing::warn!(job_id = %id, error = %chain(error), "job taken in spite of the queue's answer");
        return Ok(());
    }
    let detail = "the job could not be queued; nothing was started, so ask again";
    let problem = Problem::new(ProblemKind::Unavailable, detail).retry_after(QUEUE_PAUSE);
    Err(problem.caused_by(error))
}

/// Ends the claim as a failure that the next request may better. False where another has the record.
async fn release(api: &Api, taken: &Taken, is_marked: bool, reason: String) -> bool {
    let id = taken.record.job().id();
    let failure = Failure {
        reason,
        transient: true,
    };
    let retention = Timings::delta(api.timings.record_retention);
    let Ok(failed) = taken.record.failed(Utc::now(), retention, failure) else {
        return true;
    };
    match api.records.swap(&taken.version, &failed).await {
        Ok(Swap::Swapped(_)) => {}
        Ok(Swap::Lost) => return false,
        Err(error) => {
            tracing::warn!(job_id = %id, error = %chain(&error), "claim not released; a sweeper will take the job");
            return true;
        }
    }
    if is_marked && let Err(error) = api.markers.remove(id).await {
        marker_stays(id, &error);
    }
    true
}

fn marker_stays(id: DigestId, error: &StoreError) {
    tracing::warn!(job_id = %id, error = %chain(error), "marker not removed; a sweeper will");
}

fn conflict(job: &Job, refusal: &Refusal) -> Problem {
    let detail = match refusal {
        Refusal::Exists => format!("the digest of {} exists", job.window()),
        Refusal::InProgress => format!("the digest of {} is in progress", job.window()),
        Refusal::FailedForGood(reason) => format!(
            "the digest of {} failed and would fail again: {reason}; once that is mended, ask with refresh=true",
            job.window()
        ),
    };
    Problem::new(ProblemKind::Conflict, detail)
}
