//! Objects of attempts that are no more: temporary digests, manifests that never got their name, and lists of objects
//! and tables that no manifest names; and the objects of probes whose process died before it could remove them.

use std::time::Duration;

use chrono::Utc;
use digest_core::DigestId;
use digest_storage::{Digests, ErrorKind, StoreError, Tables};
use futures::TryStreamExt;
use uuid::Uuid;

use crate::terms::delta;
use crate::worker::Worker;

/// Younger temporary objects are left alone, whoever owns them.
const SAFE_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes attempts' objects that are old and that neither a record nor a manifest names. Returns how many.
pub(super) async fn clear(worker: &Worker) -> Result<usize, StoreError> {
    let age = SAFE_AGE.max(worker.terms().progress_timeout.saturating_mul(12));
    let mut removed = clear_place(worker, worker.digests(), age).await?;
    // No attempt writes beside the records, but each process that starts probes their place.
    let beside_records = Digests::new(worker.records().store().clone());
    removed += clear_place(worker, &beside_records, age).await?;
    Ok(removed)
}

async fn clear_place(worker: &Worker, digests: &Digests, age: Duration) -> Result<usize, StoreError> {
    let mut leftovers = digests.leftovers(delta(age), Utc::now());
    let mut removed = 0;
    while let Some((id, nonce, key)) = leftovers.try_next().await? {
        if !is_in_use(worker, id, nonce).await? && !is_listed(worker, id, nonce, key.as_ref()).await? {
            digests.remove_leftover(&key).await?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Whether the job's record names this attempt: then what is left of it may still be needed to mend the job.
async fn is_in_use(worker: &Worker, id: DigestId, nonce: Uuid) -> Result<bool, StoreError> {
    let loaded = worker.records().load(id).await?;
    Ok(loaded.is_some_and(|(record, _)| record.nonce() == nonce))
}

/// Whether the key is one that the digest's manifest names: of its list of objects, or of its tables. Asked after the
/// record: an attempt whose manifest may still get its name is one that a record names.
async fn is_listed(worker: &Worker, id: DigestId, nonce: Uuid, key: &str) -> Result<bool, StoreError> {
    let manifests = &worker.places().manifests;
    if key != manifests.object_list_key(id, nonce) && !Tables::is_table(key) {
        return Ok(false);
    }
    match manifests.load(id).await {
        Ok(manifest) => Ok(manifest.is_some_and(|manifest| {
            let tables = [&manifest.edges_table, &manifest.interfaces_table];
            let mut tables = tables.into_iter().flatten();
            manifest.object_list_key.as_deref() == Some(key) || tables.any(|table| table.key == key)
        })),
        // What a manifest says that cannot be read, nobody knows.
        Err(error) if error.kind() == ErrorKind::Corrupt => Ok(true),
        Err(error) => Err(error),
    }
}
