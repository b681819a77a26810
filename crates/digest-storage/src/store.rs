//! A place opened: the store behind it, and what that store can do.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, CopyMode, CopyOptions, GetOptions, GetResult, ListResult, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMode, PutOptions, PutPayload, PutResult,
};

use crate::capabilities::{Believed, Capabilities};
use crate::error::{ErrorKind, StoreError};
use crate::place::Place;
use crate::requests::{FailedAttempts, Operation, RequestCount, Requests};

/// A place opened. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<dyn ObjectStore>,
    place: Arc<Place>,
    believed: Arc<Believed>,
    unlistable: Arc<AtomicU64>,
    requests: Arc<Requests>,
    /// Set where the store says that the credentials have expired: whoever keeps them fetches others.
    expired: Arc<AtomicBool>,
}

impl Store {
    /// A place over any store of the `object_store` crate, such as a wrapper in a test.
    #[must_use]
    pub fn new(inner: Arc<dyn ObjectStore>, place: Place, capabilities: Capabilities) -> Self {
        Self {
            inner,
            place: Arc::new(place),
            believed: Arc::new(Believed::new(capabilities)),
            unlistable: Arc::default(),
            requests: Arc::default(),
            expired: Arc::default(),
        }
    }

    /// A fresh store in memory.
    #[must_use]
    pub fn memory() -> Self {
        Self::new(
            Arc::new(object_store::memory::InMemory::new()),
            Place::Memory,
            Capabilities::ALL,
        )
    }

    pub(crate) fn counting_unlistable(self, unlistable: Arc<AtomicU64>) -> Self {
        Self { unlistable, ..self }
    }

    pub(crate) fn counting_attempts(self, attempts: FailedAttempts) -> Self {
        Self {
            requests: Arc::new(Requests::of_attempts(attempts)),
            ..self
        }
    }

    pub(crate) fn telling_expiry(self, expired: Arc<AtomicBool>) -> Self {
        Self { expired, ..self }
    }

    /// The same place over a wrapped store, for tests.
    #[must_use]
    pub fn wrapped(&self, wrap: impl FnOnce(Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore>) -> Self {
        Self {
            inner: wrap(Arc::clone(&self.inner)),
            ..self.clone().with_capabilities(self.capabilities())
        }
    }

    /// The same place, believed to do only this.
    #[must_use]
    pub fn with_capabilities(self, capabilities: Capabilities) -> Self {
        Self {
            believed: Arc::new(Believed::new(capabilities)),
            ..self
        }
    }

    /// This place and its clones are from now on believed to lack what these lack.
    pub(crate) fn lower(&self, found: Capabilities) {
        self.believed.lower(found);
    }

    /// What the store can do.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.believed.get()
    }

    /// The place.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The store itself, for the contract suite.
    #[must_use]
    pub fn object_store(&self) -> &Arc<dyn ObjectStore> {
        &self.inner
    }

    /// How many keys listings have dropped so far because they cannot be addressed, such as `a//b`.
    #[must_use]
    pub fn unlistable(&self) -> u64 {
        self.unlistable.load(Ordering::Relaxed)
    }

    /// What this place and its clones have been asked for so far.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestCount> {
        self.requests.counts()
    }

    /// How many attempts at requests have failed so far that the client makes anew by itself, by operation. The client of
    /// object_store's is counted; other places and rusoto know of none.
    #[must_use]
    pub fn failed_attempts(&self) -> Vec<(Operation, u64)> {
        self.requests.failed_attempts()
    }

    /// Counts a request that has been answered.
    pub(crate) fn noted<T>(
        &self,
        operation: Operation,
        answer: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.requests
            .note(operation, answer.as_ref().err().map(StoreError::kind));
        answer
    }

    pub(crate) fn error(&self, key: &Path, source: object_store::Error) -> StoreError {
        let error = StoreError::of(&*self.place, key, source);
        if error.kind() == ErrorKind::ExpiredCredentials {
            self.expired.store(true, Ordering::Relaxed);
        }
        error
    }

    pub(crate) async fn get(&self, key: &Path, options: GetOptions) -> Result<GetResult, StoreError> {
        let operation = if options.head {
            Operation::Head
        } else {
            Operation::Get
        };
        let found = self.inner.get_opts(key, options).await;
        self.noted(operation, found.map_err(|error| self.error(key, error)))
    }

    /// The object's bytes, or nothing where there is none.
    pub(crate) async fn bytes(&self, key: &Path) -> Result<Option<(Bytes, ObjectMeta)>, StoreError> {
        let found = absent_as_none(self.get(key, GetOptions::default()).await)?;
        let Some(found) = found else { return Ok(None) };
        let meta = found.meta.clone();
        let bytes = found.bytes().await.map_err(|error| self.error(key, error))?;
        if bytes.len() as u64 != meta.size {
            let why = format!("{} bytes of {} came", bytes.len(), meta.size);
            return Err(StoreError::new(ErrorKind::Unavailable, &*self.place, key, why));
        }
        Ok(Some((bytes, meta)))
    }

    pub(crate) async fn head(&self, key: &Path) -> Result<Option<(ObjectMeta, Attributes)>, StoreError> {
        let options = GetOptions {
            head: true,
            ..GetOptions::default()
        };
        let found = absent_as_none(self.get(key, options).await)?;
        Ok(found.map(|found| (found.meta, found.attributes)))
    }

    /// The object or a range of it; with an ETag only that very object, whatever the store makes of `If-Match`.
    pub(crate) async fn range(
        &self,
        key: &Path,
        range: Option<Range<u64>>,
        etag: Option<&str>,
    ) -> Result<GetResult, StoreError> {
        let options = GetOptions {
            range: range.map(object_store::GetRange::Bounded),
            if_match: etag.map(str::to_owned),
            ..GetOptions::default()
        };
        let found = self.get(key, options).await.map_err(|error| match error.kind() {
            ErrorKind::Precondition => error.with_kind(ErrorKind::Changed),
            _ => error,
        })?;
        match (etag, &found.meta.e_tag) {
            (Some(expected), Some(present)) if expected != present => Err(StoreError::new(
                ErrorKind::Changed,
                &*self.place,
                key,
                "the answer has another ETag",
            )),
            _ => Ok(found),
        }
    }

    pub(crate) async fn put(
        &self,
        key: &Path,
        body: impl Into<PutPayload>,
        mode: PutMode,
        attributes: Attributes,
    ) -> Result<PutResult, StoreError> {
        let attributes = if self.capabilities().attributes {
            attributes
        } else {
            Attributes::new()
        };
        let options = PutOptions {
            mode,
            attributes,
            ..PutOptions::default()
        };
        let put = self.inner.put_opts(key, body.into(), options).await;
        self.noted(Operation::Put, put.map_err(|error| self.error(key, error)))
    }

    /// Deletes the object; one that is not there is as good as deleted.
    pub(crate) async fn delete(&self, key: &Path) -> Result<(), StoreError> {
        let deleted = self.inner.delete(key).await;
        let deleted = self.noted(Operation::Delete, deleted.map_err(|error| self.error(key, error)));
        absent_as_none(deleted).map(|_| ())
    }

    pub(crate) async fn copy(&self, from: &Path, to: &Path, mode: CopyMode) -> Result<(), StoreError> {
        let options = CopyOptions {
            mode,
            ..CopyOptions::default()
        };
        let copied = self.inner.copy_opts(from, to, options).await;
        self.noted(Operation::Copy, copied.map_err(|error| self.error(to, error)))
    }

    /// Every object below the prefix whose key comes after `offset`, where one is given.
    pub(crate) fn list(
        &self,
        prefix: Option<&Path>,
        offset: Option<&Path>,
    ) -> BoxStream<'static, Result<ObjectMeta, StoreError>> {
        let listed = match offset {
            Some(offset) => self.inner.list_with_offset(prefix, offset),
            None => self.inner.list(prefix),
        };
        let (store, below) = (self.clone(), prefix.cloned().unwrap_or_default());
        self.requests.note(Operation::List, None);
        listed
            .map(move |entry| match entry {
                Ok(entry) => Ok(entry),
                Err(error) => store.noted(Operation::List, Err(store.error(&below, error))),
            })
            .boxed()
    }

    /// Asks for one page of a listing, and whether anything stands in it.
    ///
    /// # Errors
    /// [`StoreError`], above all where listing is not allowed.
    pub async fn peek(&self) -> Result<bool, StoreError> {
        Ok(self.list(None, None).try_next().await?.is_some())
    }

    pub(crate) async fn children(&self, prefix: &Path) -> Result<ListResult, StoreError> {
        let found = self.inner.list_with_delimiter(Some(prefix)).await;
        let found = self.noted(Operation::List, found.map_err(|error| self.error(prefix, error)));
        absent_as_none(found).map(|found| found.unwrap_or_else(empty_listing))
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({}, {:?})", self.place, self.capabilities())
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place.fmt(f)
    }
}

/// Turns "there is none" into an answer.
pub(crate) fn absent_as_none<T>(answer: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn empty_listing() -> ListResult {
    ListResult {
        common_prefixes: Vec::new(),
        objects: Vec::new(),
        extensions: object_store::Extensions::default(),
    }
}
