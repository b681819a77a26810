//! How the digest that a record asks for stands: what a visit finds that follows a crash, or somebody else.

use digest_core::manifest::Sealed;
use digest_core::{DigestId, JobRecord};
use digest_storage::{DigestObject, Digests, StoreError};

use crate::worker::Places;

/// How the digest that a record asks for stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is to be built.
    ToBuild,
    /// It is there, and not by the attempt that the record names; nothing is left to do.
    Given,
    /// The attempt that the record names has published it, and may not have come further.
    Published,
}

/// Looks at the digest and at what the attempt of the record's nonce left.
pub(crate) async fn standing(places: &Places, record: &JobRecord) -> Result<Standing, StoreError> {
    let id = record.job().id();
    let Some(found) = places.digests.head(id).await? else {
        return Ok(Standing::ToBuild);
    };
    if let Some(side) = places.manifests.load_of_attempt(id, record.nonce()).await?
        && is_of(&places.digests, id, &found, &side.gzip).await?
    {
        return Ok(Standing::Published);
    }
    let Some(old) = record.refresh_of() else {
        return Ok(Standing::Given);
    };
    if found.etag == old {
        return Ok(Standing::ToBuild);
    }
    // Replaced since the claim: by an attempt at this very job, if its manifest says so.
    let manifest = places.manifests.load(id).await?;
    match manifest.filter(|manifest| manifest.begun_at >= record.claimed_at()) {
        Some(manifest) if is_of(&places.digests, id, &found, &manifest.gzip).await? => Ok(Standing::Given),
        _ => Ok(Standing::ToBuild),
    }
}

/// Whether a stored digest has these bytes: by its attributes where it has them, else by reading it.
pub(crate) async fn is_of(
    digests: &Digests,
    id: DigestId,
    found: &DigestObject,
    gzip: &Sealed,
) -> Result<bool, StoreError> {
    if found.size != gzip.bytes {
        return Ok(false);
    }
    match &found.sha256 {
        Some(sha256) => Ok(*sha256 == gzip.sha256),
        None => Ok(digests.sha256(id, found).await? == gzip.sha256),
    }
}
