//! The record of an ended job: what its worker left half done, and its removal in the end.

use chrono::{TimeDelta, Utc};
use digest_core::record::State;
use digest_core::{DigestId, JobRecord};
use digest_storage::{ErrorKind, StoreError, Swap, Version};
use tracing::info;
use uuid::Uuid;

use super::Seen;
use crate::job::{hide_marker, show_marker};
use crate::publish::{PublishError, Standing, finish, standing};
use crate::terms::delta;
use crate::worker::{Places, Worker};

/// How long a record that is about to be removed is claimed for that.
const REMOVAL: TimeDelta = TimeDelta::seconds(60);

/// Puts an ended job in order: its manifest under its name, no marker. False where it has become a new job, because
/// nothing says any more what the stored digest was made of.
pub(super) async fn tidy(worker: &Worker, seen: &Seen) -> Result<bool, PublishError> {
    let (record, version) = (&seen.record, &seen.version);
    let standing = match standing(worker.places(), record).await {
        // What this worker is refused may be why the job failed: no news, and not for it to mend.
        Err(error) if record.state() == State::Failed && !error.is_retryable() => Standing::ToBuild,
        found => found.map_err(PublishError::of("the digest"))?,
    };
    if standing == Standing::Published {
        // Also of a failed job: its last holder may have been refused the look that would have found the digest.
        finish(worker.places(), record, None).await?;
    } else if record.state() == State::Stored
        && let Some(etag) = untold(worker.places(), record.job().id()).await?
    {
        return make_again(worker, record, version, etag).await.map(|made| !made);
    }
    if seen.is_marked {
        unmark(worker, record.job().id())
            .await
            .map_err(PublishError::of("the job record"))?;
    }
    Ok(true)
}

/// Removes the marker of a job that has ended. One that a request has just made a new job of gets its own back: its
/// marker may be the one that was removed.
async fn unmark(worker: &Worker, id: DigestId) -> Result<(), StoreError> {
    hide_marker(worker.markers(), id).await;
    match worker.records().load(id).await? {
        Some((anew, _)) if !anew.has_ended() => show_marker(worker.markers(), &anew, worker.terms()).await,
        _ => {}
    }
    Ok(())
}

/// The tag of a digest that no manifest describes: a builder that stood still for a lease between its last look at
/// the record and the digest's last request stored it, and its successor had removed its manifest.
async fn untold(places: &Places, id: DigestId) -> Result<Option<String>, PublishError> {
    let object = places.digests.head(id).await;
    let Some(object) = object.map_err(PublishError::of("the digest"))? else {
        return Ok(None);
    };
    let manifest = match places.manifests.load(id).await {
        Err(error) if error.kind() == ErrorKind::Corrupt => None,
        loaded => loaded.map_err(PublishError::of("the manifest"))?,
    };
    let is_told = manifest.is_some_and(|manifest| {
        // Where no hash is kept beside the digest its size has to do: nobody reads every digest for this.
        let same = object
            .sha256
            .as_ref()
            .is_none_or(|hash| *hash == manifest.gzip.sha256);
        manifest.gzip.bytes == object.size && same
    });
    Ok((!is_told).then_some(object.etag))
}

/// Makes the record that of a new job, to replace the digest, which every sweeper may take at once.
async fn make_again(
    worker: &Worker,
    record: &JobRecord,
    version: &Version,
    etag: String,
) -> Result<bool, PublishError> {
    let (now, lease) = (Utc::now(), delta(worker.terms().progress_timeout));
    let again = record
        .reclaim(worker.owner(), Uuid::new_v4(), now, lease)
        .and_then(|claimed| {
            claimed
                .replacing(Some(etag))
                .take(worker.owner(), Uuid::new_v4(), now, lease)
        })
        .and_then(|taken| taken.handed_back(now, TimeDelta::zero(), None));
    let Ok(again) = again else { return Ok(false) };
    let swapped = worker.records().swap(version, &again).await;
    let made = matches!(
        swapped.map_err(PublishError::of("the job record"))?,
        Swap::Swapped(_)
    );
    if made {
        info!(job_id = %record.job().id(), "a stored digest has no manifest; it is made again");
    }
    Ok(made)
}

/// Removes a record whose retention is over.
///
/// It is claimed first: a request that comes at the same moment either was faster, and the record stays, or
/// finds a claim and comes again. Nobody removes a record that is not its own.
pub(super) async fn retire(
    worker: &Worker,
    record: &JobRecord,
    version: &Version,
) -> Result<bool, StoreError> {
    let id = record.job().id();
    let Ok(claimed) = record.reclaim(worker.owner(), Uuid::new_v4(), Utc::now(), REMOVAL) else {
        return Ok(false);
    };
    match worker.records().swap(version, &claimed).await? {
        Swap::Swapped(_) => worker.records().remove(id).await.map(|()| true),
        Swap::Lost => Ok(false),
    }
}
