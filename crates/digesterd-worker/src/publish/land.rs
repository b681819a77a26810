//! The step that makes a digest stored: one conditional request, by the holder of the record.

use chrono::Utc;
use digest_core::manifest::Sealed;
use digest_core::{Coverage, DigestId};
use digest_storage::{Attributes, Digests, ErrorKind, Expect, StoreError};

use super::encode::{Body, Encoded};
use super::error::PublishError;
use super::standing::is_of;
use crate::job::Held;
use crate::terms::{Terms, delta};

/// Tries; each looks at what stands there before it is replaced.
const TRIES: usize = 4;

/// Puts the digest under its name.
///
/// The first try expects what the record says: nothing there, or the digest that is to be replaced. Where
/// something else is found, it is either these very bytes (an answer that went missing, or a predecessor
/// that got this far), or it is replaced on sight of its ETag: the lease, renewed before each try, says that
/// this attempt's word is the last.
pub(super) async fn land(
    digests: &Digests,
    held: &Held,
    terms: &Terms,
    encoded: &Encoded,
    coverage: Coverage,
) -> Result<(), PublishError> {
    let record = held.record().await;
    let (id, nonce) = (record.job().id(), record.nonce());
    let gzip = Sealed {
        bytes: encoded.summary.bytes,
        sha256: encoded.summary.sha256.clone(),
    };
    let attributes = Attributes {
        sha256: gzip.sha256.clone(),
        coverage,
    };
    let mut expect = match record.refresh_of() {
        None => Expect::Absent,
        Some(etag) => Expect::ETag(etag.to_owned()),
    };
    for _ in 0..TRIES {
        held.step(|record| record.renewed(Utc::now(), delta(terms.progress_timeout), None))
            .await?;
        let landed = match &encoded.body {
            Body::Memory(bytes) => digests.publish(id, bytes.clone(), &expect, &attributes).await,
            Body::Temporary => digests.promote(id, nonce, &expect).await,
        };
        match landed {
            Ok(_) => return Ok(()),
            Err(error) if is_conflict(&error) => {}
            // It may have appeared all the same, and only the answer was lost.
            Err(error) if error.is_retryable() => {
                if has_landed(digests, id, &gzip).await {
                    return Ok(());
                }
                return Err(PublishError::of("the digest")(error));
            }
            Err(error) => return Err(PublishError::of("the digest")(error)),
        }
        let found = digests.head(id).await.map_err(PublishError::of("the digest"))?;
        expect = match found {
            None => Expect::Absent,
            Some(found) => {
                let same = is_of(digests, id, &found, &gzip)
                    .await
                    .map_err(PublishError::of("the digest"))?;
                if same {
                    return Ok(());
                }
                Expect::ETag(found.etag)
            }
        };
    }
    Err(PublishError::Contended)
}

/// Whether these bytes stand under the digest's name, as far as the store says.
async fn has_landed(digests: &Digests, id: DigestId, gzip: &Sealed) -> bool {
    match digests.head(id).await {
        Ok(Some(found)) => matches!(is_of(digests, id, &found, gzip).await, Ok(true)),
        _ => false,
    }
}

/// Whether the name was not as expected.
fn is_conflict(error: &StoreError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::AlreadyExists | ErrorKind::Precondition | ErrorKind::Changed
    )
}
