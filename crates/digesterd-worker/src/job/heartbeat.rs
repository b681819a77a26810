//! The heartbeat: renews the lease at least every quarter of it and shows how far the build is.

use std::time::Duration;

use chrono::Utc;
use digest_storage::Markers;
use tokio::time::{Instant, sleep};
use tracing::warn;

use super::held::{Held, HoldError};
use super::marker;
use crate::build::ProgressCounters;
use crate::terms::{Terms, delta};

/// Progress is never older than this: two small writes, however large the build is.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// Renews until the record is lost; then nothing of the job may be touched any more.
///
/// While the store does not answer the build goes on: only a swap that another process won ends it.
pub(crate) async fn beat(held: &Held, markers: &Markers, terms: &Terms, progress: &ProgressCounters) {
    let quarter = terms.heartbeat();
    let beat = quarter.min(PROGRESS_EVERY);
    let mut pause = beat;
    let mut shown = Instant::now();
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
                // The Go service reads no progress: it needs to see the lease alone.
                if shown.elapsed() + beat > quarter {
                    marker::show(markers, &record, terms).await;
                    shown = Instant::now();
                }
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
