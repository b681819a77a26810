//! Claiming a window: of all who ask for one digest at once, exactly one gets to queue its job.
//!
//! The claim is the job record, made by create-if-absent or taken over from an ended job by
//! compare-and-swap. Whoever loses that race is told that the digest is in progress.
//!
//! A window without a digest most likely has no record either, so that is created without a look: where there is
//! one, the store's refusal tells, and the record that refused is at hand. One with a digest most likely has a record,
//! so that is looked for. So no request of a client takes more than five to the stores.

use chrono::{DateTime, Utc};
use digest_core::record::State;
use digest_core::{Coverage, DigestId, Job, JobRecord};
use digest_storage::{Created, DigestObject, ErrorKind, StoreError, Swap, Version};
use digesterd_process::environment::Timings;
use uuid::Uuid;

use crate::api::Api;
use crate::query::CreateQuery;

/// What came of an attempt to claim a window.
#[derive(Debug)]
pub(crate) enum Claim {
    /// The window is ours.
    Taken(Box<Taken>),
    /// It is not.
    Refused(Refusal),
}

/// A window that is ours.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The record as it stands.
    pub(crate) record: JobRecord,
    /// Its version.
    pub(crate) version: Version,
    /// What is written besides.
    pub(crate) course: Course,
}

/// What is written of a job on its way to the queue, beside the claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// The marker, unless there is one, and the record once more: nothing is known of the window.
    First,
    /// The record once more. The marker is for the Go service, which finds a digest or asks for one twice; its build writes it.
    Again,
    /// Nothing: a worker takes the job as it was claimed.
    Claimed,
}

/// Why a window is not to be claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The digest is stored and cannot be bettered.
    Exists,
    /// A job is on its way.
    InProgress,
    /// The last job failed in a way that another one would.
    FailedForGood(String),
}

/// Claims the window of a request.
///
/// # Errors
/// [`StoreError`] of either store; the window may then be claimed or not. A claim that nobody follows up is a job for
/// a worker's sweeper, and in progress for every request until then.
pub(crate) async fn claim(api: &Api, asked: &CreateQuery, now: DateTime<Utc>) -> Result<Claim, StoreError> {
    let id = asked.job.id();
    let stored = api.digests.head(id).await?;
    let replaced = match stored {
        Some(object) if !asked.refresh && !can_be_bettered(api, id, &object, now).await? => {
            return Ok(Claim::Refused(Refusal::Exists));
        }
        other => other,
    };
    if let Some(object) = replaced {
        return match api.records.load(id).await? {
            Some((record, version)) => take_over(api, asked, &record, &version, Some(object.etag), now).await,
            None => create(api, &asked.job, Some(object.etag), now)
                .await
                .map(|created| created.unwrap_or(Claim::Refused(Refusal::InProgress))),
        };
    }
    match create(api, &asked.job, None, now).await? {
        Ok(claim) => Ok(claim),
        Err(Some(found)) => take_over(api, asked, &found.0, &found.1, None, now).await,
        // It went while we looked: whoever asks again finds out.
        Err(None) => Ok(Claim::Refused(Refusal::InProgress)),
    }
}

/// Whether the stored digest was begun too early and now is late enough for a better one.
async fn can_be_bettered(
    api: &Api,
    id: DigestId,
    object: &DigestObject,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if object.coverage == Some(Coverage::Complete) {
        return Ok(false);
    }
    let manifest = match api.manifests.load(id).await {
        Ok(manifest) => manifest,
        // Nobody asked for the manifest: a broken one must not stand in a digest's way.
        Err(error) if error.kind() == ErrorKind::Corrupt => None,
        Err(error) => return Err(error),
    };
    Ok(manifest.is_some_and(|manifest| manifest.gzip.bytes == object.size && manifest.can_be_bettered(now)))
}

/// Claims a window that has a record.
async fn take_over(
    api: &Api,
    asked: &CreateQuery,
    record: &JobRecord,
    version: &Version,
    etag: Option<String>,
    now: DateTime<Utc>,
) -> Result<Claim, StoreError> {
    if let (Some(failure), State::Failed, false) = (record.failure(), record.state(), asked.refresh)
        && !failure.transient
    {
        return Ok(Claim::Refused(Refusal::FailedForGood(failure.reason.clone())));
    }
    let mut course = Course::Again;
    if record.state() == State::Stored && etag.is_none() && !asked.refresh {
        // Its digest may have been stored after we looked.
        if api.digests.head(asked.job.id()).await?.is_some() {
            return Ok(Claim::Refused(Refusal::Exists));
        }
        course = Course::Claimed;
    }
    let timeout = Timings::delta(api.timings.claim_timeout);
    let Ok(claimed) = record.reclaim(&api.owner, Uuid::new_v4(), now, timeout) else {
        return Ok(Claim::Refused(Refusal::InProgress));
    };
    let claimed = claimed.replacing(etag);
    Ok(match api.records.swap(version, &claimed).await? {
        Swap::Swapped(version) => taken(claimed, version, course),
        Swap::Lost => Claim::Refused(Refusal::InProgress),
    })
}

/// A record that another has made, where it is still there.
type Found = Option<Box<(JobRecord, Version)>>;

/// Claims a window that has no record; otherwise the record.
async fn create(
    api: &Api,
    job: &Job,
    etag: Option<String>,
    now: DateTime<Utc>,
) -> Result<Result<Claim, Found>, StoreError> {
    let course = if etag.is_none() {
        Course::First
    } else {
        Course::Again
    };
    let timeout = Timings::delta(api.timings.claim_timeout);
    let claimed = JobRecord::claim(job.clone(), &api.owner, Uuid::new_v4(), now, timeout).replacing(etag);
    Ok(match api.records.create(&claimed).await? {
        Created::Created(version) => Ok(taken(claimed, version, course)),
        Created::Exists(found) => Err(found),
    })
}

fn taken(record: JobRecord, version: Version, course: Course) -> Claim {
    Claim::Taken(Box::new(Taken {
        record,
        version,
        course,
    }))
}
