//! Temporary objects of attempts that are no more.

use std::time::Duration;

use chrono::Utc;
use digest_core::DigestId;
use digest_storage::StoreError;
use futures::TryStreamExt;
use uuid::Uuid;

use crate::terms::delta;
use crate::worker::Worker;

/// Younger temporary objects are left alone, whoever owns them.
const SAFE_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes temporary objects that are old and whose attempt no record names. Returns how many.
pub(super) async fn clear(worker: &Worker) -> Result<usize, StoreError> {
    let age = SAFE_AGE.max(worker.terms().progress_timeout.saturating_mul(12));
    let digests = worker.digests();
    let mut leftovers = digests.leftovers(delta(age), Utc::now());
    let mut removed = 0;
    while let Some((id, nonce, key)) = leftovers.try_next().await? {
        if !is_in_use(worker, id, nonce).await? {
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
