//! The heartbeat: renews the lease every quarter of it and shows how far the build is.

use std::time::Duration;

use chrono::Utc;
use digest_storage::Markers;
use tokio::time::sleep;
use tracing::warn;

use super::held::{Held, HoldError};
use super::marker;
use crate::build::ProgressCounters;
use crate::terms::{Terms, delta};

/// Renews until the record is lost; then nothing of the job may be touched any more.
///
/// While the store does not answer the build goes on: only a swap that another process won ends it.
pub(crate) async fn beat(held: &Held, markers: &Markers, terms: &Terms, progress: &ProgressCounters) {
    let beat = terms.heartbeat();
    let mut pause = beat;
    loop {
        sleep(pause).await;
        let renewed = held
            .step(|record| {
                record.renewed(
                    Utc::now(),
                    delta(terms.progress_timeout),
                    Some(progress.snapshot()),
                )
            })
            .await;
        pause = match renewed {
            Ok(record) => {
                marker::show(markers, &record, terms).await;
                beat
            }
            Err(HoldError::Lost) => return,
            Err(HoldError::Store(error)) => {
                warn!(%error, "the lease could not be renewed; trying again");
                (beat / 4).max(Duration::from_millis(10))
            }
        };
    }
}
