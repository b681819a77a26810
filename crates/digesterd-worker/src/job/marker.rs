//! The marker: the record's lease as the Go service's API reads it. A projection, never a lock.

use digest_core::{DigestId, JobRecord};
use digest_storage::Markers;
use tracing::warn;

use crate::terms::{Terms, delta};

/// Writes the marker of a record that is on its way.
///
/// The reader adds `DIGEST_PROGRESS_TIMEOUT` to the marker's time, so that is taken off the lease's end.
/// A marker that cannot be written holds nothing up: the next heartbeat writes it.
pub(crate) async fn show(markers: &Markers, record: &JobRecord, terms: &Terms) {
    let id = record.job().id();
    let until = record.lease().until;
    let time = until
        .checked_sub_signed(delta(terms.progress_timeout))
        .unwrap_or(until);
    if let Err(error) = markers.write(id, time).await {
        warn!(job_id = %id, %error, "the progress marker could not be written");
    }
}

/// Removes the marker of a job that has ended. The sweeper removes one that is left.
pub(crate) async fn hide(markers: &Markers, id: DigestId) {
    if let Err(error) = markers.remove(id).await {
        warn!(job_id = %id, %error, "the progress marker could not be removed");
    }
}
