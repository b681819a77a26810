//! Stored digests, `<id>.log.gz`: looked up, read in ranges, and published by one conditional request.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, TimeDelta, Utc};
use digest_core::{Coverage, DigestId};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt, future};
use object_store::path::Path;
use object_store::{Attribute, Attributes as StoreAttributes, CopyMode, ObjectMeta, PutMode};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::error::{ErrorKind, StoreError};
use crate::manifests::attempt_of_object_list;
use crate::nonce::nonce;
use crate::place::Place;
use crate::store::{Store, absent_as_none};
use crate::tables::attempt_of_table;
use crate::upload::upload;
use crate::version::Version;

const SUFFIX: &str = ".log.gz";
const TEMPORARY: &str = ".tmp";
const CONTENT_TYPE: &str = "application/octet-stream";
/// Metadata names: SHA-256 of the object, and how complete the digest is.
const SHA256: &str = "digest-sha256";
const COVERAGE: &str = "digest-coverage";

/// The digests of a storage place.
#[derive(Debug, Clone)]
pub struct Digests {
    store: Store,
}

/// A stored digest, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestObject {
    /// Length in bytes.
    pub size: u64,
    /// ETag as the store gives it, with its quotes where it has some.
    pub etag: String,
    /// When it was stored, by the store's clock.
    pub last_modified: DateTime<Utc>,
    /// SHA-256 in hex, where the store keeps attributes and this service wrote the object.
    pub sha256: Option<String>,
    /// Coverage, likewise.
    pub coverage: Option<Coverage>,
}

/// What is kept beside a digest's bytes, on stores that can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// SHA-256 of the object in hex.
    pub sha256: String,
    /// How complete the digest is.
    pub coverage: Coverage,
}

/// What must be true of the digest's key for a publish to succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// Nothing is there.
    Absent,
    /// The object with this ETag is there.
    ETag(String),
}

/// A digest being read.
pub struct DigestRead {
    /// The whole object.
    pub object: DigestObject,
    /// Bytes that the stream yields: the range asked for, cut to the object.
    pub range: Range<u64>,
    /// The bytes.
    pub bytes: BoxStream<'static, Result<Bytes, StoreError>>,
}

impl std::fmt::Debug for DigestRead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DigestRead")
            .field("object", &self.object)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

impl DigestRead {
    /// The bytes in memory, and the object with their SHA-256: for a whole digest that is small.
    ///
    /// # Errors
    /// [`StoreError`] where the store breaks off.
    pub async fn hashed(self) -> Result<(DigestObject, Bytes), StoreError> {
        let held = self.bytes.try_fold(BytesMut::new(), async |mut held, piece| {
            held.extend_from_slice(&piece);
            Ok(held)
        });
        let held = held.await?.freeze();
        let object = DigestObject {
            sha256: Some(hex(&Sha256::digest(&held))),
            ..self.object
        };
        Ok((object, held))
    }
}

impl Digests {
    /// Digests in this place.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// The place.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Key of a digest inside the place.
    #[must_use]
    pub fn key(id: DigestId) -> Path {
        Path::from(format!("{id}{SUFFIX}"))
    }

    fn temporary_key(id: DigestId, nonce: Uuid) -> Path {
        Path::from(format!("{id}.{nonce}{TEMPORARY}"))
    }

    /// The digest's size, version and attributes, or nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn head(&self, id: DigestId) -> Result<Option<DigestObject>, StoreError> {
        let found = self.store.head(&Self::key(id)).await?;
        Ok(found.map(|(meta, attributes)| object(&meta, &attributes)))
    }

    /// Opens the digest, or a range of it, for reading; with an ETag only that very object.
    ///
    /// # Errors
    /// [`StoreError`] of kind [`ErrorKind::Changed`] where the object is another one, [`ErrorKind::NotFound`]
    /// where there is none.
    pub async fn read(
        &self,
        id: DigestId,
        range: Option<Range<u64>>,
        etag: Option<&str>,
    ) -> Result<DigestRead, StoreError> {
        let key = Self::key(id);
        let found = self.store.range(&key, range, etag).await?;
        let (object, range) = (object(&found.meta, &found.attributes), found.range.clone());
        let store = self.store.clone();
        let bytes = found
            .into_stream()
            .map_err(move |error| store.error(&key, error))
            .boxed();
        Ok(DigestRead { object, range, bytes })
    }

    /// Opens the digest for reading, whatever it is; nothing where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open(&self, id: DigestId) -> Result<Option<DigestRead>, StoreError> {
        absent_as_none(self.read(id, None, None).await)
    }

    /// SHA-256 of the stored object in hex, by reading it.
    ///
    /// # Errors
    /// [`StoreError`], also where the object is no longer the one that was found.
    pub async fn sha256(&self, id: DigestId, found: &DigestObject) -> Result<String, StoreError> {
        let mut bytes = self.read(id, None, Some(&found.etag)).await?.bytes;
        let mut hash = Sha256::new();
        while let Some(piece) = bytes.try_next().await? {
            hash.update(&piece);
        }
        Ok(hex(&hash.finalize()))
    }

    /// Stores a whole digest by one conditional request.
    ///
    /// # Errors
    /// [`StoreError`] of kind [`ErrorKind::AlreadyExists`] or [`ErrorKind::Precondition`] where the key is not
    /// as expected.
    pub async fn publish(
        &self,
        id: DigestId,
        bytes: Bytes,
        expect: &Expect,
        attributes: &Attributes,
    ) -> Result<(), StoreError> {
        let key = Self::key(id);
        let mode = match expect {
            Expect::Absent if self.store.capabilities().atomic_create => PutMode::Create,
            Expect::ETag(etag) if self.store.capabilities().compare_and_swap => {
                PutMode::Update(Version::of_etag(etag).for_update())
            }
            Expect::Absent | Expect::ETag(_) => {
                self.look(id, expect).await?;
                PutMode::Overwrite
            }
        };
        self.store
            .put(&key, bytes, mode, store_attributes(attributes))
            .await
            .map(|_| ())
    }

    /// Uploads a digest of unknown length to this attempt's temporary object.
    ///
    /// # Errors
    /// [`StoreError`]; what was uploaded by then is given up.
    pub async fn write_temporary(
        &self,
        id: DigestId,
        nonce: Uuid,
        pieces: impl Stream<Item = Bytes> + Send + Unpin,
    ) -> Result<(), StoreError> {
        let key = Self::temporary_key(id, nonce);
        upload(&self.store, &key, CONTENT_TYPE, pieces.map(Ok)).await
    }

    /// Makes this attempt's temporary object the digest.
    ///
    /// # Errors
    /// As [`Digests::publish`].
    pub async fn promote(&self, id: DigestId, nonce: Uuid, expect: &Expect) -> Result<(), StoreError> {
        let mode = match expect {
            Expect::Absent if self.store.capabilities().conditional_copy => CopyMode::Create,
            Expect::Absent | Expect::ETag(_) => {
                self.look(id, expect).await?;
                CopyMode::Overwrite
            }
        };
        self.store
            .copy(&Self::temporary_key(id, nonce), &Self::key(id), mode)
            .await
    }

    /// Removes this attempt's temporary object.
    ///
    /// # Errors
    /// [`StoreError`]; one that is not there is none.
    pub async fn remove_temporary(&self, id: DigestId, nonce: Uuid) -> Result<(), StoreError> {
        self.store.delete(&Self::temporary_key(id, nonce)).await
    }

    /// Attempts' objects beside the digests (temporary digests, manifests, lists of objects and tables under a nonce) that
    /// are older than this: id, nonce and key. A list of objects or a table may be one that the digest's manifest names.
    pub fn leftovers(
        &self,
        older_than: TimeDelta,
        now: DateTime<Utc>,
    ) -> BoxStream<'static, Result<(DigestId, Uuid, Path), StoreError>> {
        let old = move |meta: ObjectMeta| async move {
            let is_old = now.signed_duration_since(meta.last_modified) > older_than;
            Ok(attempt_of(&meta.location)
                .filter(|_| is_old)
                .map(|(id, nonce)| (id, nonce, meta.location)))
        };
        self.store.list(None, None).try_filter_map(old).boxed()
    }

    /// The same of one digest, stored no later than this: nonce and key. S3 lists them alone; other stores are read as a
    /// whole.
    pub fn of_attempts(
        &self,
        id: DigestId,
        until: DateTime<Utc>,
    ) -> BoxStream<'static, Result<(Uuid, Path), StoreError>> {
        let (name, is_ordered) = (id.to_string(), matches!(self.store.place(), Place::S3 { .. }));
        let listed = self.store.list(None, Some(&Path::from(name.as_str())));
        let of_digest = move |meta: &ObjectMeta| {
            let goes_on = !is_ordered || meta.location.as_ref().starts_with(&name);
            future::ready(Ok(goes_on))
        };
        let of_attempt = move |meta: ObjectMeta| async move {
            Ok(attempt_of(&meta.location)
                .filter(|(of, _)| *of == id && meta.last_modified <= until)
                .map(|(_, nonce)| (nonce, meta.location)))
        };
        listed
            .try_take_while(of_digest)
            .try_filter_map(of_attempt)
            .boxed()
    }

    /// Removes one leftover by its key, as [`Digests::leftovers`] or [`Digests::of_attempts`] gave it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_leftover(&self, key: &Path) -> Result<(), StoreError> {
        if attempt_of(key).is_none() {
            return Ok(());
        }
        self.store.delete(key).await
    }

    /// Looks whether the key is as expected, for stores that cannot look and write in one.
    async fn look(&self, id: DigestId, expect: &Expect) -> Result<(), StoreError> {
        let found = self.head(id).await?;
        let (kind, fits) = match (expect, &found) {
            (Expect::Absent, found) => (ErrorKind::AlreadyExists, found.is_none()),
            (Expect::ETag(etag), found) => (
                ErrorKind::Precondition,
                found.as_ref().is_some_and(|found| found.etag == *etag),
            ),
        };
        if fits {
            Ok(())
        } else {
            Err(StoreError::new(
                kind,
                self.store.place(),
                Self::key(id),
                "found by looking",
            ))
        }
    }
}

/// The id and nonce of an object that belongs to one attempt: `<id>.<nonce>.<anything>`, its list of objects, its table.
pub(crate) fn attempt_of(key: &Path) -> Option<(DigestId, Uuid)> {
    if let Some(listed) = attempt_of_object_list(key).or_else(|| attempt_of_table(key)) {
        return Some(listed);
    }
    let mut parts = key.as_ref().splitn(3, '.');
    let id = parts.next()?.parse().ok()?;
    let nonce = nonce(parts.next()?)?;
    parts.next().map(|_| (id, nonce))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn object(meta: &ObjectMeta, attributes: &StoreAttributes) -> DigestObject {
    let metadata = |name: &'static str| {
        attributes
            .get(&Attribute::Metadata(name.into()))
            .map(|value| value.as_ref().to_owned())
    };
    DigestObject {
        size: meta.size,
        etag: meta.e_tag.clone().unwrap_or_default(),
        last_modified: meta.last_modified,
        sha256: metadata(SHA256),
        coverage: metadata(COVERAGE).and_then(|text| text.parse().ok()),
    }
}

fn store_attributes(attributes: &Attributes) -> StoreAttributes {
    let mut kept = StoreAttributes::new();
    kept.insert(Attribute::ContentType, CONTENT_TYPE.into());
    kept.insert(
        Attribute::Metadata(SHA256.into()),
        attributes.sha256.clone().into(),
    );
    kept.insert(
        Attribute::Metadata(COVERAGE.into()),
        attributes.coverage.as_str().into(),
    );
    kept
}
