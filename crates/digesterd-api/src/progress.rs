//! Where a digest that is not stored stands: on its way, failed, or nowhere.

use chrono::{DateTime, Utc};
use digest_core::DigestId;
use digest_core::record::State;
use digest_storage::StoreError;

use crate::api::Api;

/// What records and markers say of a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A job is on its way.
    InProgress,
    /// The last job failed, for this reason.
    Failed(String),
    /// Nothing is known of it, or a job stored it.
    Nothing,
}

/// Reads the record and, only if there is none, the marker.
///
/// # Errors
/// [`StoreError`] of the progress store.
pub(crate) async fn standing(api: &Api, id: DigestId, now: DateTime<Utc>) -> Result<Standing, StoreError> {
    if let Some((record, _)) = api.records.load(id).await? {
        return Ok(match (record.state(), record.failure()) {
            (State::Claimed | State::Queued | State::Building, _) => Standing::InProgress,
            (State::Failed, Some(failure)) => Standing::Failed(failure.reason.clone()),
            (State::Failed, None) => Standing::Failed("no reason was recorded".to_owned()),
            (State::Stored, _) => Standing::Nothing,
        });
    }
    let marker = api.markers.load(id).await?;
    let live = marker.is_some_and(|marker| api.is_live(&marker, now));
    Ok(if live {
        Standing::InProgress
    } else {
        Standing::Nothing
    })
}
