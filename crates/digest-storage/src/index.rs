//! The index: a small object for each digest, whose key tells the window, so that digests are listed by time.
//!
//! `index/<start>_<stop>_<id>.json` beside the digests. Keys sort by the window's start; the entry inside says the
//! rest. An entry may outlive its digest: who lists looks whether the digest is there.

use chrono::{DateTime, NaiveDateTime, Utc};
use digest_core::{DigestId, IndexEntry, Job, Scope, Window};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, future};
use object_store::path::Path;
use object_store::{Attribute, Attributes, PutMode};

use crate::error::{ErrorKind, StoreError};
use crate::place::Place;
use crate::store::Store;

const FOLDER: &str = "index";
const SUFFIX: &str = ".json";
/// A window's bound in a key: sorts as text as it does in time.
const BOUND: &str = "%Y%m%dT%H%MZ";
const BOUND_LENGTH: usize = 14;

/// The index of a storage place.
#[derive(Debug, Clone)]
pub struct Index {
    store: Store,
}

/// What a key of the index says: window and id. Its text is a place in the order of the index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexKey {
    /// First instant of the window, in seconds.
    start: i64,
    /// First instant after it.
    stop: i64,
    id: DigestId,
}

/// A part of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexPage {
    /// Keys in order.
    pub keys: Vec<IndexKey>,
    /// Whether more follow.
    pub more: bool,
}

impl Index {
    /// The index of this place.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Writes a digest's entry, over an older one if there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn write(&self, entry: &IndexEntry) -> Result<(), StoreError> {
        let key = IndexKey::of(&entry.job).path();
        let bytes = serde_json::to_vec(entry)
            .map_err(|error| StoreError::new(ErrorKind::Other, self.store.place(), &key, error))?;
        let mut attributes = Attributes::new();
        attributes.insert(Attribute::ContentType, "application/json".into());
        let written = self.store.put(&key, bytes, PutMode::Overwrite, attributes);
        written.await.map(drop)
    }

    /// The entry of a key, or nothing.
    ///
    /// # Errors
    /// [`StoreError`]; of kind [`ErrorKind::Corrupt`] for one that cannot be read or is another digest's.
    pub async fn load(&self, key: &IndexKey) -> Result<Option<IndexEntry>, StoreError> {
        let path = key.path();
        let Some((bytes, _)) = self.store.bytes(&path).await? else {
            return Ok(None);
        };
        let corrupt = |why: String| StoreError::new(ErrorKind::Corrupt, self.store.place(), &path, why);
        let entry: IndexEntry =
            serde_json::from_slice(&bytes).map_err(|error| corrupt(format!("no index entry: {error}")))?;
        if IndexKey::of(&entry.job) != *key {
            return Err(corrupt(format!("it is the entry of {}", entry.job.id())));
        }
        Ok(Some(entry))
    }

    /// Removes an entry.
    ///
    /// # Errors
    /// [`StoreError`]; one that is not there is none.
    pub async fn remove(&self, key: &IndexKey) -> Result<(), StoreError> {
        self.store.delete(&key.path()).await
    }

    /// All keys, in no order.
    pub fn list(&self) -> BoxStream<'static, Result<IndexKey, StoreError>> {
        let keys = self.store.list(Some(&folder()), None);
        keys.try_filter_map(|meta| future::ready(Ok(IndexKey::of_path(&meta.location))))
            .boxed()
    }

    /// The first keys behind `after` whose windows lie inside the given one and that `wanted` likes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page(
        &self,
        within: &Window,
        after: Option<&IndexKey>,
        most: usize,
        wanted: impl Fn(&IndexKey) -> bool,
    ) -> Result<IndexPage, StoreError> {
        let first = folder().join(bound(within.start_unix()));
        let offset = after.map_or(first, IndexKey::path);
        let mut listed = self.store.list(Some(&folder()), Some(&offset));
        // A directory is listed in no order.
        let sorted = !matches!(self.store.place(), Place::Local { .. });
        let mut keys = Vec::new();
        while let Some(meta) = listed.try_next().await? {
            let Some(key) = IndexKey::of_path(&meta.location) else {
                continue;
            };
            if sorted && (key.start >= within.stop_unix() || keys.len() > most) {
                break;
            }
            let inside = key.start >= within.start_unix() && key.stop <= within.stop_unix();
            if inside && wanted(&key) {
                keys.push(key);
            }
        }
        keys.sort();
        let more = keys.len() > most;
        keys.truncate(most);
        Ok(IndexPage { keys, more })
    }
}

impl IndexKey {
    /// The key of a job's digest.
    #[must_use]
    pub fn of(job: &Job) -> Self {
        Self {
            start: job.window().start_unix(),
            stop: job.window().stop_unix(),
            id: job.id(),
        }
    }

    /// The digest's id.
    #[must_use]
    pub fn id(&self) -> DigestId {
        self.id
    }

    /// First instant of the window and first instant after it, in Unix seconds.
    #[must_use]
    pub fn span(&self) -> (i64, i64) {
        (self.start, self.stop)
    }

    /// Whether the digest is that of its window and exactly this scope.
    #[must_use]
    pub fn is_of_scope(&self, scope: &Scope) -> bool {
        Window::from_unix(self.start, self.stop).is_ok_and(|window| DigestId::of(&window, scope) == self.id)
    }

    pub(crate) fn path(&self) -> Path {
        folder().join(format!("{self}{SUFFIX}"))
    }

    pub(crate) fn of_path(path: &Path) -> Option<Self> {
        let name = path.as_ref().strip_prefix(FOLDER)?.strip_prefix('/')?;
        name.strip_suffix(SUFFIX)?.parse().ok()
    }
}

impl std::fmt::Display for IndexKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}_{}", bound(self.start), bound(self.stop), self.id)
    }
}

/// A text that is no place in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no place in the list of digests")]
pub struct IndexKeyError;

impl std::str::FromStr for IndexKey {
    type Err = IndexKeyError;

    fn from_str(text: &str) -> Result<Self, IndexKeyError> {
        let mut parts = text.splitn(3, '_');
        let mut next = || parts.next().ok_or(IndexKeyError);
        let (start, stop, id) = (next()?, next()?, next()?);
        // Years of more than four digits would stand before all others.
        let unix = |text: &str| {
            let text = Some(text)
                .filter(|text| text.len() == BOUND_LENGTH)
                .unwrap_or_default();
            NaiveDateTime::parse_from_str(text, BOUND)
                .map(|time| time.and_utc().timestamp())
                .map_err(|_| IndexKeyError)
        };
        let key = Self {
            start: unix(start)?,
            stop: unix(stop)?,
            id: id.parse().map_err(|_| IndexKeyError)?,
        };
        // One spelling, so that the order of texts is the order of keys.
        if key.to_string() == text {
            Ok(key)
        } else {
            Err(IndexKeyError)
        }
    }
}

fn folder() -> Path {
    Path::from(FOLDER)
}

fn bound(unix: i64) -> String {
    DateTime::<Utc>::from_timestamp(unix, 0)
        .unwrap_or_default()
        .format(BOUND)
        .to_string()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use digest_core::Coverage;

    use super::*;

    fn entry(start: &str, minutes: i64, scope: &Scope) -> IndexEntry {
        let begun = DateTime::parse_from_rfc3339(start).unwrap().to_utc();
        let window = Window::from_unix(begun.timestamp(), begun.timestamp() + minutes * 60).unwrap();
        IndexEntry {
            job: Job::new(window, scope.clone()),
            coverage: Coverage::Complete,
            edges: 3,
            bytes: 99,
            begun_at: begun,
            finished_at: begun + TimeDelta::seconds(5),
        }
    }

    fn stores(directory: &tempfile::TempDir) -> [Store; 2] {
        let place = Place::Local {
            directory: directory.path().to_owned(),
        };
        [
            Store::memory(),
            crate::open(&place, &crate::StoreOptions::default()).unwrap(),
        ]
    }

    #[tokio::test]
    async fn digests_inside_a_window_are_listed_by_time_page_by_page() {
        let directory = tempfile::tempdir().unwrap();
        let (all, some) = (Scope::default(), Scope::parse(Some("1"), None).unwrap());
        for store in stores(&directory) {
            let index = Index::new(store);
            let inside = [
                entry("1970-01-02T00:00:00Z", 60, &all),
                entry("2018-10-17T00:00:00Z", 30, &all),
                entry("2018-10-17T00:00:00Z", 60, &all),
                entry("2018-10-17T00:00:00Z", 60, &some),
                entry("2018-10-17T23:00:00Z", 60, &all),
            ];
            for entry in inside.iter().rev() {
                index.write(entry).await.unwrap();
            }
            let day = Window::parse("2018-10-17T00:00:00Z", "2018-10-18T00:00:00Z").unwrap();
            let outside = [
                entry("2018-10-16T23:59:00Z", 60, &all),
                entry("2018-10-17T23:01:00Z", 60, &all),
                entry("2018-10-18T00:00:00Z", 60, &all),
            ];
            for entry in &outside {
                index.write(entry).await.unwrap();
            }
            let mut expected: Vec<IndexKey> =
                inside[1..].iter().map(|entry| IndexKey::of(&entry.job)).collect();
            expected.sort();

            let whole = index.page(&day, None, 10, |_| true).await.unwrap();
            assert_eq!((whole.keys.clone(), whole.more), (expected.clone(), false));
            let mut paged = Vec::new();
            loop {
                let page = index.page(&day, paged.last(), 1, |_| true).await.unwrap();
                paged.extend(page.keys);
                if !page.more {
                    break;
                }
            }
            assert_eq!(paged, expected);
            let scoped = index
                .page(&day, None, 10, |key| key.is_of_scope(&some))
                .await
                .unwrap();
            assert_eq!(scoped.keys, [IndexKey::of(&inside[3].job)]);

            let found = index.load(&expected[0]).await.unwrap();
            assert_eq!(found.as_ref(), Some(&inside[1]));
            index.remove(&expected[0]).await.unwrap();
            assert_eq!(index.load(&expected[0]).await.unwrap(), None);
        }
    }

    #[test]
    fn a_place_in_the_index_has_one_spelling() {
        let key = IndexKey::of(&entry("2018-10-17T00:00:00Z", 60, &Scope::default()).job);
        let text = "20181017T0000Z_20181017T0100Z_7869fe53-0b48-5a77-9358-32a82efe8858";
        assert_eq!((key.to_string().as_str(), text.parse()), (text, Ok(key)));
        for text in [
            "",
            "_",
            "a_b_c",
            "20181017T0000Z_20181017T0100Z_",
            "2018101T0000Z_20181017T0100Z_x",
            "+123450101T0000Z_+123450101T0100Z_7869fe53-0b48-5a77-9358-32a82efe8858",
        ] {
            assert_eq!(text.parse::<IndexKey>(), Err(IndexKeyError), "{text}");
        }
    }
}
