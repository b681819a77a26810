//! Manifests: written under an attempt's nonce, given their name once the digest is stored.

use digest_core::manifest::ObjectEntry;
use digest_core::{DigestId, Manifest};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, future};
use object_store::path::Path;
use object_store::{Attribute, Attributes, CopyMode, PutMode};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::error::{ErrorKind, StoreError};
use crate::nonce::nonce;
use crate::store::Store;

const SUFFIX: &str = ".manifest.json";
const CONTENT_TYPE: &str = "application/json";
/// What stands before and behind the nonce of a list of objects.
const LIST_INFIX: &str = "_objects_";
const LIST_SUFFIX: &str = ".json";

/// The manifests of a storage place.
#[derive(Debug, Clone)]
pub struct Manifests {
    store: Store,
}

impl Manifests {
    /// Manifests in this place.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Key of a manifest inside the place.
    #[must_use]
    pub fn key(id: DigestId) -> Path {
        Path::from(format!("{id}{SUFFIX}"))
    }

    /// The digest whose manifest has this key.
    pub(crate) fn id_of(key: &str) -> Option<DigestId> {
        key.strip_suffix(SUFFIX).and_then(|id| id.parse().ok())
    }

    fn attempt_key(id: DigestId, nonce: Uuid) -> Path {
        Path::from(format!("{id}.{nonce}.manifest.json"))
    }

    /// Key of an attempt's list of objects inside the place. It keeps its nonce: the manifest names it.
    #[must_use]
    pub fn object_list_key(&self, id: DigestId, nonce: Uuid) -> String {
        format!("{id}{LIST_INFIX}{nonce}{LIST_SUFFIX}")
    }

    /// The stored manifest, or nothing.
    ///
    /// # Errors
    /// [`StoreError`]; of kind [`ErrorKind::Corrupt`] for one that cannot be read.
    pub async fn load(&self, id: DigestId) -> Result<Option<Manifest>, StoreError> {
        self.read(&Self::key(id)).await
    }

    /// The ids of all manifests that have their digest's name, in no order.
    pub fn list(&self) -> BoxStream<'static, Result<DigestId, StoreError>> {
        let ids = self
            .store
            .list(None, None)
            .try_filter_map(|meta| future::ready(Ok(Self::id_of(meta.location.as_ref()))));
        ids.boxed()
    }

    /// An attempt's manifest, or nothing.
    ///
    /// # Errors
    /// As [`Manifests::load`].
    pub async fn load_of_attempt(&self, id: DigestId, nonce: Uuid) -> Result<Option<Manifest>, StoreError> {
        self.read(&Self::attempt_key(id, nonce)).await
    }

    /// Writes an attempt's manifest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn write_of_attempt(
        &self,
        id: DigestId,
        nonce: Uuid,
        manifest: &Manifest,
    ) -> Result<(), StoreError> {
        self.write(&Self::attempt_key(id, nonce), manifest).await
    }

    /// Writes an attempt's list of objects.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn write_object_list(
        &self,
        id: DigestId,
        nonce: Uuid,
        list: &[ObjectEntry],
    ) -> Result<(), StoreError> {
        self.write(&Path::from(self.object_list_key(id, nonce)), &list)
            .await
    }

    /// The flow log objects that a manifest tells of, wherever it lists them; nothing where the list is gone.
    ///
    /// # Errors
    /// As [`Manifests::load`].
    pub async fn objects(&self, manifest: &Manifest) -> Result<Option<Vec<ObjectEntry>>, StoreError> {
        match (&manifest.object_list, &manifest.object_list_key) {
            (Some(list), _) => Ok(Some(list.clone())),
            (None, Some(key)) => self.read(&Path::from(key.as_str())).await,
            (None, None) => Ok(Some(Vec::new())),
        }
    }

    /// Gives an attempt's manifest the digest's name. One that is gone has its name already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn promote(&self, id: DigestId, nonce: Uuid) -> Result<(), StoreError> {
        let copied = self
            .store
            .copy(&Self::attempt_key(id, nonce), &Self::key(id), CopyMode::Overwrite)
            .await;
        crate::store::absent_as_none(copied).map(|_| ())
    }

    /// Removes an attempt's manifest.
    ///
    /// # Errors
    /// [`StoreError`]; one that is not there is none.
    pub async fn remove_of_attempt(&self, id: DigestId, nonce: Uuid) -> Result<(), StoreError> {
        self.store.delete(&Self::attempt_key(id, nonce)).await
    }

    async fn read<T: DeserializeOwned>(&self, key: &Path) -> Result<Option<T>, StoreError> {
        let Some((bytes, _)) = self.store.bytes(key).await? else {
            return Ok(None);
        };
        let read = serde_json::from_slice(&bytes);
        read.map(Some)
            .map_err(|error| StoreError::new(ErrorKind::Corrupt, self.store.place(), key, error))
    }

    async fn write(&self, key: &Path, body: &impl serde::Serialize) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec(body)
            .map_err(|error| StoreError::new(ErrorKind::Other, self.store.place(), key, error))?;
        let mut attributes = Attributes::new();
        attributes.insert(Attribute::ContentType, CONTENT_TYPE.into());
        self.store
            .put(key, bytes, PutMode::Overwrite, attributes)
            .await
            .map(|_| ())
    }
}

/// The id and nonce of an attempt's list of objects.
pub(crate) fn attempt_of_object_list(key: &Path) -> Option<(DigestId, Uuid)> {
    let (id, nonce) = key.as_ref().strip_suffix(LIST_SUFFIX)?.split_once(LIST_INFIX)?;
    Some((id.parse().ok()?, self::nonce(nonce)?))
}
