//! The record of an ended job: what its worker left half done, and its removal in the end.

use chrono::{TimeDelta, Utc};
use digest_core::JobRecord;
use digest_core::record::State;
use digest_storage::{StoreError, Swap, Version};
use uuid::Uuid;

use crate::job::hide_marker;
use crate::publish::{PublishError, Standing, finish, standing};
use crate::worker::Worker;

/// How long a record that is about to be removed is claimed for that.
const REMOVAL: TimeDelta = TimeDelta::seconds(60);

/// Puts an ended job in order: its manifest under its name, no marker.
pub(super) async fn tidy(worker: &Worker, record: &JobRecord) -> Result<(), PublishError> {
    if record.state() == State::Stored {
        let standing = standing(worker.places(), record).await;
        if standing.map_err(PublishError::of("the digest"))? == Standing::Published {
            finish(worker.places(), record, None).await?;
        }
    }
    hide_marker(worker.markers(), record.job().id()).await;
    Ok(())
}

/// Removes a record whose retention is over.
///
/// It is claimed first: a request that comes at the same moment either was faster, and the record stays, or
/// finds a claim and comes again. Nobody removes a record that is not its own.
pub(super) async fn retire(
    worker: &Worker,
    record: &JobRecord,
    version: &Version,
) -> Result<bool, StoreError> {
    let id = record.job().id();
    let Ok(claimed) = record.reclaim(worker.owner(), Uuid::new_v4(), Utc::now(), REMOVAL) else {
        return Ok(false);
    };
    match worker.records().swap(version, &claimed).await? {
        Swap::Swapped(_) => worker.records().remove(id).await.map(|()| true),
        Swap::Lost => Ok(false),
    }
}
