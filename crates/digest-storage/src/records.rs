//! Job records, `<id>.job.json`: created if absent, changed by compare-and-swap, and by nothing else.

use digest_core::{DigestId, JobRecord};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, future};
use object_store::path::Path;
use object_store::{Attributes, PutMode};

use crate::error::{ErrorKind, StoreError};
use crate::markers::Markers;
use crate::store::Store;
use crate::version::Version;

const SUFFIX: &str = ".job.json";

/// The job records of a progress place.
#[derive(Debug, Clone)]
pub struct Records {
    store: Store,
}

/// What came of a create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// The record is ours.
    Created(Version),
    /// Somebody else's is there: as it was found, unless it went meanwhile.
    Exists(Option<Box<(JobRecord, Version)>>),
}

/// What a listing of the place tells of a job, at no further request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// It has a record, of this version. Not every store tells ETags in listings.
    Record(DigestId, Version),
    /// It has a marker, whoever wrote it.
    Marker(DigestId),
}

/// What came of a swap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Swap {
    /// The record is what we wrote.
    Swapped(Version),
    /// Somebody else changed it first, or it is gone.
    Lost,
}

/// Whose record reading back found.
enum Settled {
    Ours(Version),
    Theirs(Option<Box<(JobRecord, Version)>>),
}

impl Records {
    /// Records in this place.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// The place.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Key of a record inside the place.
    #[must_use]
    pub fn key(id: DigestId) -> Path {
        Path::from(format!("{id}{SUFFIX}"))
    }

    /// The digest whose record has this key.
    pub(crate) fn id_of(key: &str) -> Option<DigestId> {
        key.strip_suffix(SUFFIX).and_then(|id| id.parse().ok())
    }

    /// The record and its version, or nothing.
    ///
    /// # Errors
    /// [`StoreError`]; of kind [`ErrorKind::Corrupt`] for a record that cannot be read.
    pub async fn load(&self, id: DigestId) -> Result<Option<(JobRecord, Version)>, StoreError> {
        let key = Self::key(id);
        let Some((bytes, meta)) = self.store.bytes(&key).await? else {
            return Ok(None);
        };
        let corrupt = |why: String| StoreError::new(ErrorKind::Corrupt, self.store.place(), &key, why);
        let record: JobRecord =
            serde_json::from_slice(&bytes).map_err(|error| corrupt(format!("no job record: {error}")))?;
        if record.job().id() != id {
            return Err(corrupt(format!("it is the record of {}", record.job().id())));
        }
        Ok(Some((record, Version::from(&meta))))
    }

    /// Creates the record where there is none.
    ///
    /// # Errors
    /// [`StoreError`] where not even reading back tells what became of it.
    pub async fn create(&self, record: &JobRecord) -> Result<Created, StoreError> {
        if !self.store.capabilities().atomic_create
            && let Some(found) = self.load(record.job().id()).await?
        {
            return Ok(Created::Exists(Some(Box::new(found))));
        }
        match self.write(record, PutMode::Create).await {
            Ok(version) => Ok(Created::Created(version)),
            Err(error) => Ok(match self.settle(record, None, error).await? {
                Settled::Ours(version) => Created::Created(version),
                Settled::Theirs(found) => Created::Exists(found),
            }),
        }
    }

    /// Replaces the record of this version.
    ///
    /// # Errors
    /// [`StoreError`] where not even reading back tells what became of it.
    pub async fn swap(&self, version: &Version, record: &JobRecord) -> Result<Swap, StoreError> {
        let mode = if self.store.capabilities().compare_and_swap {
            PutMode::Update(version.for_update())
        } else {
            match self.load(record.job().id()).await? {
                Some((_, present)) if present.etag() == version.etag() => PutMode::Overwrite,
                _ => return Ok(Swap::Lost),
            }
        };
        match self.write(record, mode).await {
            Ok(version) => Ok(Swap::Swapped(version)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Swap::Lost),
            Err(error) => Ok(match self.settle(record, Some(version), error).await? {
                Settled::Ours(version) => Swap::Swapped(version),
                Settled::Theirs(_) => Swap::Lost,
            }),
        }
    }

    /// Removes a record. Only for one that has ended and whose retention is over.
    ///
    /// # Errors
    /// [`StoreError`]; a record that is not there is none.
    pub async fn remove(&self, id: DigestId) -> Result<(), StoreError> {
        self.store.delete(&Self::key(id)).await
    }

    /// The ids of all records, in no order.
    pub fn list(&self) -> BoxStream<'static, Result<DigestId, StoreError>> {
        let records = self.list_with_markers().try_filter_map(|listed| {
            future::ready(Ok(match listed {
                Listed::Record(id, _) => Some(id),
                Listed::Marker(_) => None,
            }))
        });
        records.boxed()
    }

    /// All records and the markers beside them, in no order.
    pub fn list_with_markers(&self) -> BoxStream<'static, Result<Listed, StoreError>> {
        let listed = self.store.list(None, None).try_filter_map(|meta| {
            let name = meta.location.as_ref();
            future::ready(Ok(match Self::id_of(name) {
                Some(id) => Some(Listed::Record(id, Version::from(&meta))),
                None => Markers::id_of(name).map(Listed::Marker),
            }))
        });
        listed.boxed()
    }

    async fn write(&self, record: &JobRecord, mode: PutMode) -> Result<Version, StoreError> {
        let key = Self::key(record.job().id());
        let put = self
            .store
            .put(&key, body(record, &self.store)?, mode, Attributes::new())
            .await?;
        Ok(Version::from(&put))
    }

    /// A failed write may have taken effect, or a retry inside the client may have met the first try's own
    /// result. Two writes never look alike, so reading back tells: ours, somebody else's, or still the old one.
    async fn settle(
        &self,
        record: &JobRecord,
        replaced: Option<&Version>,
        failure: StoreError,
    ) -> Result<Settled, StoreError> {
        if !failure.is_ambiguous() {
            return Err(failure);
        }
        let refused = matches!(failure.kind(), ErrorKind::AlreadyExists | ErrorKind::Precondition);
        match self.load(record.job().id()).await {
            Ok(Some((found, version))) if found == *record => Ok(Settled::Ours(version)),
            Ok(found) if refused => Ok(Settled::Theirs(found.map(Box::new))),
            Ok(Some(found)) if replaced.and_then(Version::etag) != found.1.etag() => {
                Ok(Settled::Theirs(Some(Box::new(found))))
            }
            Ok(_) | Err(_) => Err(failure),
        }
    }
}

fn body(record: &JobRecord, store: &Store) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(record).map_err(|error| {
        StoreError::new(
            ErrorKind::Other,
            store.place(),
            Records::key(record.job().id()),
            error,
        )
    })
}
