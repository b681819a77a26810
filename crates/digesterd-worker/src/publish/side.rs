//! What stands beside a digest: its manifest and, where that is long, the list of its objects.

use digest_core::{DigestId, GzipSummary, IndexEntry, Job, JobRecord, Manifest};
use digest_storage::{Manifests, StoreError, TableKind, Tables};
use futures::TryStreamExt;
use tracing::warn;
use uuid::Uuid;

use super::error::PublishError;
use super::tables::StoredTables;
use crate::build::Report;
use crate::worker::Places;

/// Writes manifest and list under the attempt's nonce, before the digest appears.
pub(super) async fn write(
    manifests: &Manifests,
    record: &JobRecord,
    report: &Report,
    summary: &GzipSummary,
    tables: StoredTables,
) -> Result<Manifest, PublishError> {
    let (id, nonce) = (record.job().id(), record.nonce());
    let list_key = manifests.object_list_key(id, nonce);
    let (mut manifest, list) = report.manifest(record.job(), summary, &list_key);
    manifest.edges_table = tables.edges;
    manifest.interfaces_table = tables.interfaces;
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
    for (kind, kept) in [
        (TableKind::Edges, &manifest.edges_table),
        (TableKind::Interfaces, &manifest.interfaces_table),
    ] {
        let kept = kept.as_ref().map(|table| table.key.as_str());
        let cleared = places.tables.keep_only(kind, &manifest.job, kept).await;
        cleared.map_err(PublishError::of("the folder of old tables"))?;
    }
    Ok(())
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
    remove_tables(places, job, nonce).await;
    discard(places, job.id(), nonce).await;
}

/// Removes the tables of an attempt that was given up, but for those that may be the stored digest's: of an attempt that had
/// all in order nothing tells but the manifest that names its tables. What stays is removed by a sweep.
async fn remove_tables(places: &Places, job: &Job, nonce: Uuid) {
    let removed = match named_tables(places, job).await {
        Ok(None) => return,
        Ok(Some(named)) => remove_all_but(places, job, nonce, &named).await,
        Err(error) => Err(error),
    };
    if let Err(error) = removed {
        warn!(job_id = %job.id(), %error, "the tables of an attempt that was given up could not be removed");
    }
}

async fn remove_all_but(places: &Places, job: &Job, nonce: Uuid, named: &[String]) -> Result<(), StoreError> {
    for kind in TableKind::ALL {
        if !named.contains(&Tables::key(kind, job, nonce)) {
            places.tables.remove(kind, job, nonce).await?;
        }
    }
    Ok(())
}

/// The keys of the stored digest's tables. Nothing where nobody can tell: the digest is there, and no manifest.
async fn named_tables(places: &Places, job: &Job) -> Result<Option<Vec<String>>, StoreError> {
    if let Some(manifest) = places.manifests.load(job.id()).await? {
        return Ok(Some(manifest.tables().map(|table| table.key.clone()).collect()));
    }
    let is_there = places.digests.head(job.id()).await?.is_some();
    Ok((!is_there).then(Vec::new))
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
