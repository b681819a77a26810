//! Claiming a window: of all who ask for one digest at once, exactly one gets to queue its job.
//!
//! The claim is the job record, made by create-if-absent or taken over from an ended job by
//! compare-and-swap. Whoever loses that race is told that the digest is in progress.

use chrono::{DateTime, Utc};
use digest_core::record::State;
use digest_core::{DigestId, Job, JobRecord};
use digest_storage::{Created, DigestObject, ErrorKind, StoreError, Swap, Version};
use digesterd_process::environment::Timings;
use uuid::Uuid;

use crate::api::Api;
use crate::query::CreateQuery;

/// What came of an attempt to claim a window.
#[derive(Debug)]
pub(crate) enum Claim {
    /// The window is ours: the record as it stands.
    Taken(Box<JobRecord>, Version),
    /// It is not.
    Refused(Refusal),
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
    let etag = replaced.map(|object| object.etag);
    match api.records.load(id).await? {
        Some((record, version)) => take_over(api, asked, &record, &version, etag, now).await,
        None => create(api, &asked.job, etag, now).await,
    }
}

/// Whether the stored digest was begun too early and now is late enough for a better one.
async fn can_be_bettered(
    api: &Api,
    id: DigestId,
    object: &DigestObject,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
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
    // Its digest may have been stored after we looked.
    let stored_since = record.state() == State::Stored && etag.is_none() && !asked.refresh;
    if stored_since && api.digests.head(asked.job.id()).await?.is_some() {
        return Ok(Claim::Refused(Refusal::Exists));
    }
    let timeout = Timings::delta(api.timings.claim_timeout);
    let Ok(claimed) = record.reclaim(&api.owner, Uuid::new_v4(), now, timeout) else {
        return Ok(Claim::Refused(Refusal::InProgress));
    };
    let claimed = claimed.replacing(etag);
    Ok(match api.records.swap(version, &claimed).await? {
        Swap::Swapped(version) => Claim::Taken(Box::new(claimed), version),
        Swap::Lost => Claim::Refused(Refusal::InProgress),
    })
}

/// Claims a window that has no record; a live marker alone is the Go service's claim.
async fn create(api: &Api, job: &Job, etag: Option<String>, now: DateTime<Utc>) -> Result<Claim, StoreError> {
    let marker = api.markers.load(job.id()).await?;
    if marker.is_some_and(|marker| api.is_live(&marker, now)) {
        return Ok(Claim::Refused(Refusal::InProgress));
    }
    let timeout = Timings::delta(api.timings.claim_timeout);
    let claimed = JobRecord::claim(job.clone(), &api.owner, Uuid::new_v4(), now, timeout).replacing(etag);
    Ok(match api.records.create(&claimed).await? {
        Created::Created(version) => Claim::Taken(Box::new(claimed), version),
        Created::Exists => Claim::Refused(Refusal::InProgress),
    })
}
