//! What stands beside a digest: its manifest and, where that is long, the list of its objects.

use digest_core::manifest::StoredTable;
use digest_core::{DigestId, GzipSummary, IndexEntry, Job, JobRecord, Manifest};
use digest_storage::{Manifests, StoreError, Tables};
use futures::TryStreamExt;
use tracing::warn;
use uuid::Uuid;

use super::error::PublishError;
use crate::build::Report;
use crate::worker::Places;

/// Writes manifest and list under the attempt's nonce, before the digest appears.
pub(super) async fn write(
    manifests: &Manifests,
    record: &JobRecord,
    report: &Report,
    summary: &GzipSummary,
    table: Option<StoredTable>,
) -> Result<Manifest, PublishError> {
    let (id, nonce) = (record.job().id(), record.nonce());
    let list_key = manifests.object_list_key(id, nonce);
    let (mut manifest, list) = report.manifest(record.job(), summary, &list_key);
    manifest.edges_table = table;
    if let Some(list) = list {
        manifests
            .write_object_list(id, nonce, list)
            .await
            .map_err(PublishError::of("the list of objects"))?;
    }
    manifests
        .write_of_attempt(id, nonce, &manifest)
        .await
        .map_err(PublishError::of("the manifest"))?;
    Ok(manifest)
}

/// Brings the manifest of a published digest to its name, lists the digest, and removes what only the attempt needed:
/// that last, because the attempt's manifest says that something is left to do. False where that is still there.
pub(crate) async fn finish(
    places: &Places,
    record: &JobRecord,
    known: Option<&Manifest>,
) -> Result<bool, PublishError> {
    let (id, nonce) = (record.job().id(), record.nonce());
    places
        .manifests
        .promote(id, nonce)
        .await
        .map_err(PublishError::of("the manifest"))?;
    let loaded = match known {
        Some(_) => None,
        None => {
            let loaded = places.manifests.load(id).await;
            loaded.map_err(PublishError::of("the manifest"))?
        }
    };
    if let Some(manifest) = known.or(loaded.as_ref()) {
        list(places, manifest).await?;
        clear_old_tables(places, manifest).await?;
        if record.lost_leases() > 0 {
            let cleared = clear_dead_attempts(places, record, manifest).await;
            cleared.map_err(PublishError::of("what dead attempts left"))?;
        }
    }
    Ok(discard(places, id, nonce).await)
}

/// The same where the digest is stored, so that nothing may call the job failed any more: what could not be done is left
/// to the sweepers, which see by the attempt's manifest that something is. Whether nothing is left to them.
pub(crate) async fn finish_or_leave(places: &Places, record: &JobRecord, known: Option<&Manifest>) -> bool {
    match finish(places, record, known).await {
        Ok(done) => done,
        Err(error) => {
            warn!(job_id = %record.job().id(), %error,
                "a digest is stored, but what stands beside it is not in order; a sweeper will see to it");
            false
        }
    }
}

/// Removes the tables of the digest's old revisions, so that whoever reads the folder counts nothing twice.
async fn clear_old_tables(places: &Places, manifest: &Manifest) -> Result<(), PublishError> {
    let kept = manifest.edges_table.as_ref().map(|table| table.key.as_str());
    let cleared = places.tables.keep_only(&manifest.job, kept).await;
    cleared
        .map_err(PublishError::of("the folder of old tables"))
        .map(drop)
}

/// Removes what attempts left whose taker-over died before it could. What is younger than the digest is left to a sweep: it
/// may be of an attempt that has begun since.
async fn clear_dead_attempts(
    places: &Places,
    record: &JobRecord,
    manifest: &Manifest,
) -> Result<(), StoreError> {
    let id = record.job().id();
    let Some(digest) = places.digests.head(id).await? else {
        return Ok(());
    };
    let mut left = places.digests.of_attempts(id, digest.last_modified);
    while let Some((nonce, key)) = left.try_next().await? {
        let is_named = manifest.object_list_key.as_deref() == Some(key.as_ref());
        let is_needed = nonce == record.nonce() || is_named || Tables::is_table(key.as_ref());
        if !is_needed {
            places.digests.remove_leftover(&key).await?;
        }
    }
    Ok(())
}

/// Writes the digest's entry in the index.
async fn list(places: &Places, manifest: &Manifest) -> Result<(), PublishError> {
    let listed = places.index.write(&IndexEntry::of(manifest)).await;
    listed.map_err(PublishError::of("the entry in the index"))
}

/// Removes all that an attempt wrote which nobody needs. What stays is removed by a sweep.
pub(crate) async fn abandon(places: &Places, job: &Job, nonce: Uuid) {
    remove_table(places, job, nonce).await;
    discard(places, job.id(), nonce).await;
}

/// Removes the table of an attempt that was given up, unless it may be that of the stored digest: of an attempt that had all
/// in order nothing tells but the manifest that names its table. One that stays is removed by a sweep.
async fn remove_table(places: &Places, job: &Job, nonce: Uuid) {
    let removed = match is_needed(places, job, &Tables::key(job, nonce)).await {
        Ok(true) => return,
        Ok(false) => places.tables.remove(job, nonce).await,
        Err(error) => Err(error),
    };
    if let Err(error) = removed {
        warn!(job_id = %job.id(), %error, "the table of an attempt that was given up could not be removed");
    }
}

/// Whether a table is that of the stored digest, or nobody can tell: the digest is there, and no manifest.
async fn is_needed(places: &Places, job: &Job, table: &str) -> Result<bool, StoreError> {
    match places.manifests.load(job.id()).await? {
        Some(manifest) => Ok(manifest.edges_table.is_some_and(|named| named.key == table)),
        None => Ok(places.digests.head(job.id()).await?.is_some()),
    }
}

/// Removes what an attempt needed and nobody else does.
///
/// What stays is removed by a sweep. The attempt's manifest goes last: while it is there something is left to do.
/// Whether all of it is gone.
async fn discard(places: &Places, id: DigestId, nonce: Uuid) -> bool {
    let mut removed = places.digests.remove_temporary(id, nonce).await;
    if removed.is_ok() {
        removed = places.manifests.remove_of_attempt(id, nonce).await;
    }
    if let Err(error) = removed {
        warn!(job_id = %id, %error, "what an attempt left could not be removed");
        return false;
    }
    true
}
