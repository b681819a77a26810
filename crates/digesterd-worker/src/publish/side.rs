//! What stands beside a digest: its manifest and, where that is long, the list of its objects.

use digest_core::{DigestId, GzipSummary, IndexEntry, JobRecord, Manifest};
use digest_storage::Manifests;
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
) -> Result<Manifest, PublishError> {
    let (id, nonce) = (record.job().id(), record.nonce());
    let list_key = manifests.object_list_key(id, nonce);
    let (manifest, list) = report.manifest(record.job(), summary, &list_key);
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
    match known {
        Some(manifest) => list(places, manifest).await?,
        None => {
            let loaded = places.manifests.load(id).await;
            if let Some(manifest) = loaded.map_err(PublishError::of("the manifest"))? {
                list(places, &manifest).await?;
            }
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

/// Writes the digest's entry in the index.
async fn list(places: &Places, manifest: &Manifest) -> Result<(), PublishError> {
    let listed = places.index.write(&IndexEntry::of(manifest)).await;
    listed.map_err(PublishError::of("the entry in the index"))
}

/// Removes what an attempt needed and nobody else does: after its end, or once its record is another's.
///
/// What stays is removed by a sweep. The attempt's manifest goes last: while it is there something is left to do.
/// Whether all of it is gone.
pub(crate) async fn discard(places: &Places, id: DigestId, nonce: Uuid) -> bool {
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
