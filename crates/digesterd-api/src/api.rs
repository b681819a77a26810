//! What every request works with.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use digest_insight::{Grouping, Network};
use digest_questions::RecordSource;
use digest_queue::JobQueue;
use digest_storage::{Digests, Index, Manifests, Marker, Markers, Records, Store};
use digesterd_process::environment::{DigestSettings, Timings};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::flights::Flights;
use crate::seals::Seals;

/// Requests that compute for seconds, at once.
const COMPUTING: usize = 2;

/// The API's stores, queue and limits. One per process, shared by all its threads.
#[derive(Debug)]
pub struct Api {
    pub(crate) storage: Store,
    pub(crate) digests: Digests,
    pub(crate) manifests: Manifests,
    pub(crate) index: Index,
    pub(crate) records: Records,
    pub(crate) markers: Markers,
    pub(crate) queue: Arc<dyn JobQueue>,
    pub(crate) timings: Timings,
    /// Longest window of a new digest.
    pub(crate) most_minutes: i64,
    /// Who writes job records here.
    pub(crate) owner: String,
    pub(crate) seals: Seals,
    pub(crate) flights: Flights,
    /// Room for requests that compute for seconds.
    pub(crate) computing: Arc<Semaphore>,
    /// Networks that are inside, for questions that tell inside from outside.
    pub(crate) inside: Vec<Network>,
    /// Where raw records are read from, if they are.
    pub(crate) record_source: Option<RecordSource>,
}

impl Api {
    /// An API over the two stores and a queue.
    #[must_use]
    pub fn new(
        storage: &Store,
        progress: &Store,
        queue: Arc<dyn JobQueue>,
        timings: Timings,
        digests: &DigestSettings,
    ) -> Self {
        Self {
            storage: storage.clone(),
            digests: Digests::new(storage.clone()),
            manifests: Manifests::new(storage.clone()),
            index: Index::new(storage.clone()),
            records: Records::new(progress.clone()),
            markers: Markers::new(progress.clone()),
            queue,
            timings,
            most_minutes: digests.max_window_minutes(),
            owner: format!("digesterd-api/{}", Uuid::new_v4()),
            seals: Seals::default(),
            flights: Flights::default(),
            computing: Arc::new(Semaphore::new(COMPUTING)),
            inside: Grouping::usual_inside(),
            record_source: None,
        }
    }

    /// The same with these networks inside, in place of private ones.
    #[must_use]
    pub fn with_inside(self, inside: Vec<Network>) -> Self {
        Self { inside, ..self }
    }

    /// The same, with raw records from here.
    #[must_use]
    pub fn with_records(self, source: RecordSource) -> Self {
        Self {
            record_source: Some(source),
            ..self
        }
    }

    /// Whether a marker without a record holds its window: the Go service's claim.
    pub(crate) fn is_live(&self, marker: &Marker, now: DateTime<Utc>) -> bool {
        self.held_until(marker).is_some_and(|until| now < until)
    }

    /// Until when such a marker holds its window, if it does.
    pub(crate) fn held_until(&self, marker: &Marker) -> Option<DateTime<Utc>> {
        marker.until(
            Timings::delta(self.timings.progress_timeout),
            Timings::delta(self.timings.queue_timeout),
        )
    }
}
