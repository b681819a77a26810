//! How complete a stored digest is, and how that is made sure of.
//!
//! A store that keeps attributes has the verdict beside the bytes. Where it does not, the manifest
//! has it, and is believed only if it names the size and SHA-256 of the stored bytes: those are
//! hashed once for each version of a digest, and a small number of hashes is remembered.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use digest_core::manifest::Sealed;
use digest_core::{Coverage, DigestId, JobRecord, Manifest};
use digest_storage::{DigestObject, ErrorKind, StoreError};
use digesterd_process::problem::chain;
use tokio::sync::OnceCell;

use crate::api::Api;

/// Hashes that are remembered.
const REMEMBERED: usize = 1024;

/// The hashes of stored digests, by id and ETag; the oldest is forgotten first.
#[derive(Debug, Default)]
pub(crate) struct Seals {
    known: Mutex<VecDeque<Known>>,
}

/// One hash, made by the first who asks while the others wait.
#[derive(Debug, Clone)]
struct Known {
    id: DigestId,
    etag: String,
    hash: Arc<OnceCell<String>>,
}

/// The coverage of a stored digest. Where it cannot be found out it is unknown: the digest itself is
/// there and is handed out.
pub(crate) async fn coverage(api: &Api, id: DigestId, object: &DigestObject) -> Coverage {
    if let Some(coverage) = object.coverage {
        return coverage;
    }
    match judged(api, id, object).await {
        Ok(coverage) => coverage,
        Err(error) => {
            tracing::warn!(job_id = %id, error = %chain(&error), "coverage not found out; it is unknown");
            Coverage::Unknown
        }
    }
}

/// What the manifest of these bytes says.
async fn judged(api: &Api, id: DigestId, object: &DigestObject) -> Result<Coverage, StoreError> {
    let manifest = fitting(api, id, object).await?;
    Ok(manifest.map_or(Coverage::Unknown, |manifest| manifest.coverage))
}

/// The manifest of these bytes: the digest's own or, where its worker has not come that far, the attempt's.
///
/// # Errors
/// [`StoreError`]; a manifest that cannot be read is as good as none.
pub(crate) async fn fitting(
    api: &Api,
    id: DigestId,
    object: &DigestObject,
) -> Result<Option<Manifest>, StoreError> {
    if let Some(manifest) = own(api, id, object).await? {
        return Ok(Some(manifest));
    }
    match api.records.load(id).await? {
        Some((record, _)) => of_attempt(api, id, object, &record).await,
        None => Ok(None),
    }
}

/// The same where the job's record is at hand, or known not to be there.
///
/// # Errors
/// As [`fitting`].
pub(crate) async fn fitting_beside(
    api: &Api,
    id: DigestId,
    object: &DigestObject,
    record: Option<&JobRecord>,
) -> Result<Option<Manifest>, StoreError> {
    match (own(api, id, object).await?, record) {
        (None, Some(record)) => of_attempt(api, id, object, record).await,
        (own, _) => Ok(own),
    }
}

async fn own(api: &Api, id: DigestId, object: &DigestObject) -> Result<Option<Manifest>, StoreError> {
    let own = readable(api.manifests.load(id).await)?;
    checked(api, id, object, own).await
}

async fn of_attempt(
    api: &Api,
    id: DigestId,
    object: &DigestObject,
    record: &JobRecord,
) -> Result<Option<Manifest>, StoreError> {
    let of_attempt = readable(api.manifests.load_of_attempt(id, record.nonce()).await)?;
    checked(api, id, object, of_attempt).await
}

/// The manifest, if it is of these bytes.
async fn checked(
    api: &Api,
    id: DigestId,
    object: &DigestObject,
    manifest: Option<Manifest>,
) -> Result<Option<Manifest>, StoreError> {
    let Some(manifest) = manifest.filter(|manifest| manifest.gzip.bytes == object.size) else {
        return Ok(None);
    };
    let sealed = seal(api, id, object).await?;
    Ok(Some(manifest).filter(|manifest| manifest.gzip == sealed))
}

fn readable(loaded: Result<Option<Manifest>, StoreError>) -> Result<Option<Manifest>, StoreError> {
    match loaded {
        Err(error) if error.kind() == ErrorKind::Corrupt => Ok(None),
        loaded => loaded,
    }
}

/// Size and hash of the stored bytes.
async fn seal(api: &Api, id: DigestId, object: &DigestObject) -> Result<Sealed, StoreError> {
    if let Some(sha256) = &object.sha256 {
        return Ok(Sealed {
            bytes: object.size,
            sha256: sha256.clone(),
        });
    }
    let cell = api.seals.cell(id, &object.etag);
    let hash = || api.digests.sha256(id, object);
    let sha256 = cell.get_or_try_init(hash).await?.clone();
    Ok(Sealed {
        bytes: object.size,
        sha256,
    })
}

impl Seals {
    fn cell(&self, id: DigestId, etag: &str) -> Arc<OnceCell<String>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.iter().find(|known| known.id == id && known.etag == etag) {
            return Arc::clone(&found.hash);
        }
        if known.len() >= REMEMBERED {
            known.pop_front();
        }
        let hash = Arc::new(OnceCell::new());
        known.push_back(Known {
            id,
            etag: etag.to_owned(),
            hash: Arc::clone(&hash),
        });
        hash
    }
}
