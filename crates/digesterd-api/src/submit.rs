//! A request for a digest on its way into the queue: claim, marker, queue, record.
//!
//! Every step's failure leaves the window free for the next request where the store still answers.
//! Otherwise, and where this process dies in between, the claim stands: requests are answered 409 until a
//! worker's sweeper takes the job, once the claim's lease has run out, and builds it.

use std::time::Duration;

use chrono::Utc;
use digest_core::record::Failure;
use digest_core::{Job, JobRecord};
use digest_queue::{QueueError, SendContext};
use digest_storage::{StoreError, Swap, Version};
use digesterd_process::environment::Timings;
use digesterd_process::problem::{Problem, ProblemKind, chain};

use crate::api::Api;
use crate::claim::{Claim, Refusal, claim};
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
    let (record, version) = match claimed.map_err(|error| store_problem(&error))? {
        Claim::Taken(record, version) => (record, version),
        Claim::Refused(refusal) => return Err(conflict(job, &refusal)),
    };
    if let Err(error) = mark(api, job).await {
        release(
            api,
            &record,
            &version,
            "the marker could not be written".to_owned(),
        )
        .await;
        return Err(store_problem(&error));
    }
    match api.queue.send(job, context).await {
        Ok(()) => {
            note_queued(api, &record, &version).await;
            tracing::info!(job_id = %job.id(), window = %job.window(), scope = ?job.scope(),
                refresh_of = record.refresh_of(), "job queued");
            Ok(())
        }
        Err(error) => unqueued(api, &record, &version, &error).await,
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

/// Writes the marker that the Go service reads: live until the queue's timeout.
async fn mark(api: &Api, job: &Job) -> Result<(), StoreError> {
    let lease = Timings::delta(api.timings.queue_timeout) - Timings::delta(api.timings.progress_timeout);
    api.markers.write(job.id(), Utc::now() + lease).await
}

/// Moves the record on. Whatever comes of it, the job is queued and a worker takes it from either state.
async fn note_queued(api: &Api, record: &JobRecord, version: &Version) {
    let Ok(queued) = record.queued(Utc::now(), Timings::delta(api.timings.queue_timeout)) else {
        return;
    };
    match api.records.swap(version, &queued).await {
        Ok(Swap::Swapped(_)) => {}
        Ok(Swap::Lost) => tracing::debug!(job_id = %record.job().id(), "a worker was faster"),
        Err(error) => {
            tracing::warn!(job_id = %record.job().id(), error = %chain(&error), "record not moved to queued");
        }
    }
}

/// The queue did not take the job, as far as it said.
async fn unqueued(
    api: &Api,
    record: &JobRecord,
    version: &Version,
    error: &QueueError,
) -> Result<(), Problem> {
    let reason = format!("the job could not be queued: {error}");
    if !release(api, record, version, reason).await {
        // Somebody moved the record: the job did arrive, only the answer was lost.
        tracing::warn!(job_id = %record.job().id(), error = %chain(error), "job taken in spite of the queue's answer");
        return Ok(());
    }
    let detail = "the job could not be queued; nothing was started, so ask again";
    let problem = Problem::new(ProblemKind::Unavailable, detail).retry_after(QUEUE_PAUSE);
    Err(problem.caused_by(error))
}

/// Ends the claim as a failure that the next request may better. False where another has the record.
async fn release(api: &Api, record: &JobRecord, version: &Version, reason: String) -> bool {
    let id = record.job().id();
    let failure = Failure {
        reason,
        transient: true,
    };
    let Ok(failed) = record.failed(Utc::now(), Timings::delta(api.timings.record_retention), failure) else {
        return true;
    };
    match api.records.swap(version, &failed).await {
        Ok(Swap::Swapped(_)) => {}
        Ok(Swap::Lost) => return false,
        Err(error) => {
            tracing::warn!(job_id = %id, error = %chain(&error), "claim not released; a sweeper will take the job");
            return true;
        }
    }
    if let Err(error) = api.markers.remove(id).await {
        tracing::warn!(job_id = %id, error = %chain(&error), "marker not removed; a sweeper will");
    }
    true
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
