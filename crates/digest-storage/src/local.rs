//! A directory as a store. The crate's local store has no compare-and-swap and no attributes: this adapter adds
//! the first under a file lock, which holds between processes, and drops the second.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::Utc;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, future};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UpdateVersion,
};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::capabilities::Capabilities;
use crate::error::{ErrorKind, StoreError};
use crate::place::Place;
use crate::store::Store;

/// Name of the lock files' folder; its leading dot keeps it out of nobody's listing but ours (see [`Local::list`]).
const LOCKS: &str = ".locks";
/// Longer than a tick of the clock that files are stamped by. Two versions of a key are at least this far apart: its
/// ETag is made of inode, time and size, and an inode is soon used again.
const TICK: Duration = Duration::from_millis(10);

/// Opens a directory, made where it is not there.
pub(crate) fn open(directory: &std::path::Path, place: &Place) -> std::result::Result<Store, StoreError> {
    let failed = |error: std::io::Error| {
        let kind = match error.kind() {
            std::io::ErrorKind::PermissionDenied => ErrorKind::AccessDenied,
            _ => ErrorKind::NoSuchBucket,
        };
        StoreError::new(kind, place, "", error)
    };
    std::fs::create_dir_all(directory).map_err(failed)?;
    let files = LocalFileSystem::new_with_prefix(directory)
        .map_err(|error| StoreError::of(place, "", error))?
        .with_automatic_cleanup(false);
    let local = Local {
        files: Arc::new(files),
        locks: directory.join(LOCKS),
    };
    let capabilities = Capabilities {
        attributes: false,
        ..Capabilities::ALL
    };
    Ok(Store::new(Arc::new(local), place.clone(), capabilities))
}

/// The adapter.
#[derive(Debug, Clone)]
pub(crate) struct Local {
    files: Arc<LocalFileSystem>,
    locks: PathBuf,
}

impl Local {
    /// Runs one check-then-write while no other process runs one for the same key.
    async fn locked(&self, location: &Path) -> Result<File> {
        let folder = self.locks.clone();
        let name = lock_name(location);
        let locked = spawn_blocking(move || {
            std::fs::create_dir_all(&folder)?;
            let file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(folder.join(name))?;
            file.lock()?;
            Ok::<_, std::io::Error>(file)
        });
        let failed = |source: std::io::Error| object_store::Error::Generic {
            store: "LocalFileSystem",
            source: Box::new(source),
        };
        locked.await?.map_err(failed)
    }

    async fn swap(
        &self,
        location: &Path,
        payload: PutPayload,
        expected: &UpdateVersion,
    ) -> Result<PutResult> {
        let lock = self.locked(location).await?;
        let present = self.present(location).await?;
        if present.is_none_or(|present| present.e_tag != expected.e_tag) {
            return Err(object_store::Error::Precondition {
                path: location.to_string(),
                source: "the object is not the expected one".into(),
            });
        }
        let written = self
            .files
            .put_opts(location, payload, PutOptions::default())
            .await;
        drop(lock);
        written
    }

    /// The object as it stands, a tick after it was written: what replaces it will have another version.
    async fn present(&self, location: &Path) -> Result<Option<ObjectMeta>> {
        let meta = match self.files.head(location).await {
            Ok(meta) => meta,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let age = Utc::now().signed_duration_since(meta.last_modified).to_std();
        // A time to come is a clock that was set back; nothing is gained by waiting for it.
        if let Some(left) = age.ok().and_then(|age| TICK.checked_sub(age)) {
            sleep(left).await;
        }
        Ok(Some(meta))
    }
}

/// One of 256 locks: few files for any number of keys, and strangers seldom meet.
fn lock_name(location: &Path) -> String {
    let hash = location
        .as_ref()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{:02x}", hash >> 56)
}

fn is_lock(location: &Path) -> bool {
    location.parts().next().is_some_and(|part| part.as_ref() == LOCKS)
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.files.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Local {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let options = PutOptions {
            attributes: Attributes::new(),
            ..options
        };
        match &options.mode {
            PutMode::Update(expected) => self.swap(location, payload, &expected.clone()).await,
            // An overwrite between a swap's look and its write would be lost.
            PutMode::Overwrite => {
                let lock = self.locked(location).await?;
                self.present(location).await?;
                let written = self.files.put_opts(location, payload, options).await;
                drop(lock);
                written
            }
            PutMode::Create => self.files.put_opts(location, payload, options).await,
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let options = PutMultipartOptions {
            attributes: Attributes::new(),
            ..options
        };
        self.files.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.files.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let local = self.clone();
        let deleted = locations.and_then(move |location| {
            let local = local.clone();
            // Between a swap's look and its write the object would come back.
            async move {
                let lock = local.locked(&location).await?;
                let deleted = local.files.delete(&location).await;
                drop(lock);
                deleted.map(|()| location)
            }
        });
        deleted.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let listed = self.files.list(prefix);
        listed
            .filter(|entry| future::ready(!entry.as_ref().is_ok_and(|meta| is_lock(&meta.location))))
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut listed = self.files.list_with_delimiter(prefix).await?;
        listed.common_prefixes.retain(|prefix| !is_lock(prefix));
        Ok(listed)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        // As an overwrite.
        let lock = self.locked(to).await?;
        let copied = self.files.copy_opts(from, to, options).await;
        drop(lock);
        copied
    }
}
