//! Objects of attempts that are no more: temporary digests, manifests that never got their name, and lists of objects
//! and tables that no manifest names; the objects of probes whose process died before it could remove them; and files of
//! writes that nobody finished.

use std::time::Duration;

use chrono::Utc;
use digest_core::DigestId;
use digest_core::record::State;
use digest_storage::{Digests, ErrorKind, StoreError, Tables};
use futures::TryStreamExt;
use uuid::Uuid;

use crate::publish::{Standing, standing};
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
    for store in [worker.digests().store(), worker.records().store()] {
        removed += store.clear_unfinished(age).await?;
    }
    Ok(removed)
}

async fn clear_place(worker: &Worker, digests: &Digests, age: Duration) -> Result<usize, StoreError> {
    let mut leftovers = digests.leftovers(delta(age), Utc::now());
    let mut removed = 0;
    while let Some((id, nonce, key)) = leftovers.try_next().await? {
        if !is_in_use(worker, id, nonce, age).await? && !is_listed(worker, id, nonce, key.as_ref()).await? {
            digests.remove_leftover(&key).await?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Whether the job's record names this attempt: then what is left of it may still be needed to mend the job. Of a job that
/// failed so long ago nothing is on its way any more: nobody needs it, unless its digest is there after all.
async fn is_in_use(worker: &Worker, id: DigestId, nonce: Uuid, age: Duration) -> Result<bool, StoreError> {
    let Some((record, _)) = worker.records().load(id).await? else {
        return Ok(false);
    };
    if record.nonce() != nonce {
        return Ok(false);
    }
    let ended = Utc::now().signed_duration_since(record.updated_at());
    if record.state() != State::Failed || ended <= delta(age) {
        return Ok(true);
    }
    let found = standing(worker.places(), &record).await;
    Ok(!matches!(found, Ok(Standing::ToBuild)))
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
            manifest.object_list_key.as_deref() == Some(key)
                || manifest.tables().any(|table| table.key == key)
        })),
        // What a manifest says that cannot be read, nobody knows.
        Err(error) if error.kind() == ErrorKind::Corrupt => Ok(true),
        Err(error) => Err(error),
    }
}
