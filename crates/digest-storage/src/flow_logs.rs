//! Flow log objects of a place: which of them can hold records of a window.
//!
//! Only prefixes that can hold such objects are listed: accounts × regions × days. What is not configured is
//! found by delimiter, never by listing the whole bucket.

use chrono::{DateTime, TimeDelta, Utc};
use digest_core::{Scope, Window};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectMeta;
use object_store::path::Path;

use crate::error::StoreError;
use crate::store::Store;

mod days;
mod discovery;
mod name;

use discovery::Dataset;
use name::ObjectName;

/// Files are named by the start of a five-minute bucket that holds records of the five minutes before.
const NAME_GRID: TimeDelta = TimeDelta::minutes(5);
/// Listings under way at once.
const AT_ONCE: usize = 8;
/// Names of foreign keys that are kept for a message.
const NAMES_KEPT: usize = 10;

/// The flow logs of a place.
#[derive(Debug, Clone)]
pub struct FlowLogs {
    store: Store,
    scan: Scope,
}

/// One flow log object as it was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowLogObject {
    /// Key inside the place.
    pub key: String,
    /// Size in bytes.
    pub size: u64,
    /// ETag; the object is read only as long as it has this one.
    pub etag: Option<String>,
    /// Account of the key; `-` for loose objects of other names.
    pub account: String,
    /// Region of the key; `-` likewise.
    pub region: String,
    /// Id of the flow log; empty likewise.
    pub flow_log_id: String,
    /// Time in the name; for loose objects of other names when they were stored.
    pub named: DateTime<Utc>,
}

/// What is to be read for a window.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The objects, by key.
    pub objects: Vec<FlowLogObject>,
    /// Keys that the listings returned.
    pub listed: u64,
    /// Keys that are no flow log's.
    pub foreign: u64,
    /// Empty flow log objects.
    pub empty: u64,
    /// The first few foreign keys.
    pub foreign_names: Vec<String>,
    /// Listings made, each of one or more pages.
    pub list_calls: u64,
}

impl FlowLogs {
    /// The flow logs in this place; everything that is found.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            scan: Scope::default(),
        }
    }

    /// The same, narrowed to configured accounts and regions (all pairs); where regions are given none are looked for.
    #[must_use]
    pub fn scanning(self, scan: Scope) -> Self {
        Self { scan, ..self }
    }

    /// The place.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Whether anything here lies in AWS's layout.
    ///
    /// # Errors
    /// [`StoreError`] where the listing fails.
    pub async fn is_laid_out(&self) -> Result<bool, StoreError> {
        let found = self.store.children(&Path::from(discovery::ROOT)).await?;
        Ok(!found.common_prefixes.is_empty())
    }

    /// The objects that can hold records of the window: named from five minutes before its start to
    /// `late_arrival` after its stop.
    ///
    /// # Errors
    /// [`StoreError`] where a listing fails.
    pub async fn plan(
        &self,
        window: &Window,
        scope: &Scope,
        late_arrival: TimeDelta,
    ) -> Result<Plan, StoreError> {
        let unlistable = self.store.unlistable();
        let first = window.start() - NAME_GRID;
        let last = window
            .stop()
            .checked_add_signed(late_arrival)
            .unwrap_or(DateTime::<Utc>::MAX_UTC);
        let (datasets, discovery_calls) = self.discover(scope).await?;
        let prefixes: Vec<(Dataset, Path)> = datasets
            .iter()
            .flat_map(|dataset| days::between(first, last).map(|day| (dataset.clone(), dataset.day(day))))
            .collect();
        let mut plan = Plan {
            list_calls: discovery_calls + prefixes.len() as u64,
            ..Plan::default()
        };
        let mut listings = stream::iter(prefixes)
            .map(|(dataset, prefix)| self.list_day(dataset, prefix))
            .buffer_unordered(AT_ONCE);
        while let Some((dataset, listed)) = listings.try_next().await? {
            for meta in listed {
                plan.enter(&dataset, meta, first, last);
            }
        }
        drop(listings);
        plan.foreign += self.store.unlistable() - unlistable;
        plan.objects
            .sort_unstable_by(|left, right| left.key.cmp(&right.key));
        Ok(plan)
    }

    /// Every object of the place, whatever its name: a folder of loose files.
    ///
    /// # Errors
    /// [`StoreError`] where the listing fails.
    pub async fn loose(&self) -> Result<Plan, StoreError> {
        let mut plan = Plan {
            list_calls: 1,
            ..Plan::default()
        };
        let mut listed = self.store.list(None, None);
        while let Some(meta) = listed.try_next().await? {
            plan.enter_loose(&meta);
        }
        plan.objects
            .sort_unstable_by(|left, right| left.key.cmp(&right.key));
        Ok(plan)
    }

    /// One object of the place, whatever its name.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be looked up, of kind [`crate::ErrorKind::NotFound`] where it is not there.
    pub async fn one(&self, key: &str) -> Result<Plan, StoreError> {
        let path = Path::parse(key).map_err(|error| {
            StoreError::of(
                self.store.place(),
                key,
                object_store::Error::InvalidPath { source: error },
            )
        })?;
        let Some((meta, _)) = self.store.head(&path).await? else {
            return Err(StoreError::new(
                crate::ErrorKind::NotFound,
                self.store.place(),
                key,
                "no such object",
            ));
        };
        let mut plan = Plan {
            list_calls: 1,
            ..Plan::default()
        };
        plan.enter_loose(&meta);
        Ok(plan)
    }

    async fn list_day(
        &self,
        dataset: Dataset,
        prefix: Path,
    ) -> Result<(Dataset, Vec<ObjectMeta>), StoreError> {
        let listed = self.store.list(Some(&prefix), None).try_collect().await?;
        Ok((dataset, listed))
    }
}

impl Plan {
    /// Compressed bytes to read.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.objects.iter().map(|object| object.size).sum()
    }

    fn enter(&mut self, dataset: &Dataset, meta: ObjectMeta, first: DateTime<Utc>, last: DateTime<Utc>) {
        self.listed += 1;
        let Some(name) = ObjectName::parse(meta.location.filename().unwrap_or_default()) else {
            self.foreign += 1;
            if self.foreign_names.len() < NAMES_KEPT {
                self.foreign_names.push(meta.location.to_string());
            }
            return;
        };
        if name.time < first || last < name.time {
            return;
        }
        if meta.size == 0 {
            self.empty += 1;
            return;
        }
        let (account, region) = (dataset.account.clone(), dataset.region.clone());
        let flow_log_id = name.flow_log_id.to_owned();
        self.objects
            .push(object(&meta, account, region, flow_log_id, name.time));
    }

    fn enter_loose(&mut self, meta: &ObjectMeta) {
        self.listed += 1;
        if meta.size == 0 {
            self.empty += 1;
            return;
        }
        let entered = match ObjectName::parse(meta.location.filename().unwrap_or_default()) {
            Some(name) => {
                let (account, region) = (name.account.to_owned(), name.region.to_owned());
                object(meta, account, region, name.flow_log_id.to_owned(), name.time)
            }
            None => object(
                meta,
                "-".to_owned(),
                "-".to_owned(),
                String::new(),
                meta.last_modified,
            ),
        };
        self.objects.push(entered);
    }
}

fn object(
    meta: &ObjectMeta,
    account: String,
    region: String,
    flow_log_id: String,
    named: DateTime<Utc>,
) -> FlowLogObject {
    FlowLogObject {
        key: meta.location.to_string(),
        size: meta.size,
        etag: meta.e_tag.clone(),
        account,
        region,
        flow_log_id,
        named,
    }
}
