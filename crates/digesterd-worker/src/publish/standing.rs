//! How the digest that a record asks for stands: what a visit finds that follows a crash, or somebody else.

use chrono::{DateTime, Utc};
use digest_core::manifest::Sealed;
use digest_core::{DigestId, JobRecord};
use digest_storage::{DigestObject, Digests, ErrorKind, StoreError};

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

/// What stands in the buckets of a digest that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    /// The manifest of the record's attempt is of these bytes.
    pub(crate) by_attempt: bool,
    /// It is the digest that the job is to replace.
    pub(crate) is_replaced: bool,
    /// When its build began, where the manifest under the digest's name is of these bytes.
    pub(crate) begun_at: Option<DateTime<Utc>>,
}

/// How a digest stands by what was found of it; nothing where it is not there.
pub(crate) fn judge(record: &JobRecord, found: Option<Found>) -> Standing {
    let Some(found) = found else {
        return Standing::ToBuild;
    };
    if found.by_attempt {
        return Standing::Published;
    }
    let given = if record.refresh_of().is_some() {
        // Replaced since the claim by an attempt at this very job, if its manifest says so.
        !found.is_replaced && found.begun_at.is_some_and(|begun| begun >= record.claimed_at())
    } else {
        // Without a manifest it is another program's, unless an attempt of ours has been at it: one that was given up
        // may have come to itself once more, and its manifest was its successor's to remove.
        found.begun_at.is_some() || record.begun_at().is_none()
    };
    if given { Standing::Given } else { Standing::ToBuild }
}

/// Looks at the digest and at what the attempt of the record's nonce left.
pub(crate) async fn standing(places: &Places, record: &JobRecord) -> Result<Standing, StoreError> {
    let id = record.job().id();
    let Some(object) = places.digests.head(id).await? else {
        return Ok(judge(record, None));
    };
    let of_attempt = places.manifests.load_of_attempt(id, record.nonce()).await?;
    let by_attempt = match of_attempt {
        Some(side) => is_of(&places.digests, id, &object, &side.gzip).await?,
        None => false,
    };
    let is_replaced = record.refresh_of() == Some(object.etag.as_str());
    let mut begun_at = None;
    if !by_attempt && !is_replaced {
        let named = match places.manifests.load(id).await {
            // What cannot be read says nothing of these bytes.
            Err(error) if error.kind() == ErrorKind::Corrupt => None,
            loaded => loaded?,
        };
        if let Some(manifest) = named
            && is_of(&places.digests, id, &object, &manifest.gzip).await?
        {
            begun_at = Some(manifest.begun_at);
        }
    }
    let found = Found {
        by_attempt,
        is_replaced,
        begun_at,
    };
    Ok(judge(record, Some(found)))
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
