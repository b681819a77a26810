//! Flow log objects of one or several places: which of them can hold records of a window.
//!
//! Only prefixes that can hold such objects are listed: accounts × regions × days. What is not configured is
//! found by delimiter, never by listing the whole bucket; a day's folder is walked by flow log, over what lies
//! outside the window.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use digest_core::{Scope, Window};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;

use crate::error::{ErrorKind, StoreError};
use crate::store::Store;

mod discovery;
mod folders;
mod name;
mod object;
mod plan;
mod span;
mod survey;
mod walk;

#[cfg(feature = "testing")]
pub(crate) use walk::check_key;

pub use object::FlowLogObject;
pub use plan::Plan;
pub use survey::{FoundLogs, Survey};

use folders::{Folders, Lookup};
use span::Span;
use walk::Day;

/// Listings under way at once.
const AT_ONCE: usize = 8;

/// The flow logs of one or several places. Cheap to clone; all clones remember together.
#[derive(Debug, Clone)]
pub struct FlowLogs {
    places: Arc<[Source]>,
    scan: Scope,
    remembered_for: Duration,
}

/// One of the places.
#[derive(Debug)]
struct Source {
    store: Store,
    /// The place as a URL, where it is one of several.
    name: Option<Arc<str>>,
    folders: Folders,
}

impl FlowLogs {
    /// The flow logs in this place; everything that is found.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self::of([store])
    }

    /// The flow logs in all of these places. Where there are several, no two of them may have the same URL.
    #[must_use]
    pub fn of(stores: impl IntoIterator<Item = Store>) -> Self {
        let stores: Vec<Store> = stores.into_iter().collect();
        let several = stores.len() > 1;
        let source = |store: Store| Source {
            name: several.then(|| store.place().to_string().into()),
            store,
            folders: Folders::default(),
        };
        Self {
            places: stores.into_iter().map(source).collect(),
            scan: Scope::default(),
            remembered_for: Duration::ZERO,
        }
    }

    /// The same, narrowed to configured accounts and regions (all pairs); where regions are given none are looked for.
    #[must_use]
    pub fn scanning(self, scan: Scope) -> Self {
        Self { scan, ..self }
    }

    /// The same, which does not look for accounts and regions again that it saw within this time, once the plan's window
    /// was settled.
    #[must_use]
    pub fn remembering(self, time: Duration) -> Self {
        Self {
            remembered_for: time,
            ..self
        }
    }

    /// The places.
    pub fn stores(&self) -> impl Iterator<Item = &Store> {
        self.places.iter().map(|source| &source.store)
    }

    /// The place that an object of a plan lies in.
    ///
    /// # Errors
    /// [`StoreError`] where it is in none of these.
    pub fn store_of(&self, object: &FlowLogObject) -> Result<&Store, StoreError> {
        let found = self.places.iter().find(|source| source.name == object.place);
        found.map(|source| &source.store).ok_or_else(|| {
            StoreError::new(
                ErrorKind::Other,
                self,
                &object.key,
                "the object is of another place",
            )
        })
    }

    /// Whether flow logs can be listed: the one listing in each place that every plan begins with.
    ///
    /// # Errors
    /// [`StoreError`] that says where and why not.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.is_laid_out().await.map(drop)
    }

    /// Whether anything here lies in AWS's layout.
    ///
    /// # Errors
    /// [`StoreError`] where the listing fails.
    pub async fn is_laid_out(&self) -> Result<bool, StoreError> {
        let mut laid_out = false;
        for store in self.stores() {
            let found = store.children(&Path::from(discovery::ROOT)).await?;
            laid_out |= !found.common_prefixes.is_empty();
        }
        Ok(laid_out)
    }

    /// Whether there is any object at all.
    ///
    /// # Errors
    /// [`StoreError`] where the listing fails.
    pub async fn is_anything_there(&self) -> Result<bool, StoreError> {
        for store in self.stores() {
            if store.peek().await? {
                return Ok(true);
            }
        }
        Ok(false)
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
        let unlistable = self.unlistable();
        let span = Span::of(window, late_arrival);
        let mut plan = Plan::default();
        let mut days = Vec::new();
        for source in self.places.iter() {
            let lookup = self.lookup(source, span.last);
            let (datasets, calls) = discovery::discover(&lookup, &self.scan, scope).await?;
            plan.discovery_calls += calls;
            for dataset in datasets {
                let dataset = Arc::new(dataset);
                days.extend(walk::dates(&span).map(|date| {
                    let (store, place) = (source.store.clone(), source.name.clone());
                    Day::new(store, place, Arc::clone(&dataset), date, span)
                }));
            }
        }
        let listings = days.into_iter().map(|day| async move { day.list().await });
        let mut listings = stream::iter(listings).buffer_unordered(AT_ONCE);
        while let Some(listed) = listings.try_next().await? {
            plan.merge(listed);
        }
        drop(listings);
        plan.foreign += self.unlistable() - unlistable;
        Ok(plan.sorted())
    }

    /// Every object of the places, whatever its name: a folder of loose files.
    ///
    /// # Errors
    /// [`StoreError`] where the listing fails.
    pub async fn loose(&self) -> Result<Plan, StoreError> {
        let mut plan = Plan::default();
        for source in self.places.iter() {
            let before = plan.listed;
            let mut listed = source.store.list(None, None);
            while let Some(meta) = listed.try_next().await? {
                plan.enter_loose(source.name.as_ref(), &meta);
            }
            plan.list_calls += walk::pages(usize::try_from(plan.listed - before).unwrap_or(usize::MAX));
        }
        Ok(plan.sorted())
    }

    /// One object of the first place, whatever its name.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be looked up, of kind [`crate::ErrorKind::NotFound`] where it is not there.
    pub async fn one(&self, key: &str) -> Result<Plan, StoreError> {
        let absent = || StoreError::new(ErrorKind::NotFound, self, key, "no such object");
        let source = self.places.first().ok_or_else(absent)?;
        let path = Path::parse(key)
            .map_err(|error| StoreError::of(self, key, object_store::Error::InvalidPath { source: error }))?;
        let (meta, _) = source.store.head(&path).await?.ok_or_else(absent)?;
        let mut plan = Plan {
            list_calls: 1,
            ..Plan::default()
        };
        plan.enter_loose(source.name.as_ref(), &meta);
        Ok(plan)
    }

    fn lookup<'a>(&self, source: &'a Source, settled: DateTime<Utc>) -> Lookup<'a> {
        Lookup {
            store: &source.store,
            folders: &source.folders,
            settled,
            age: self.remembered_for,
        }
    }

    fn unlistable(&self) -> u64 {
        self.stores().map(Store::unlistable).sum()
    }
}

impl fmt::Display for FlowLogs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, store) in self.stores().enumerate() {
            write!(f, "{}{store}", if at > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}
