//! `digesterd index`: lists the digests that were stored before there was a list, and strikes out those that are gone.

use anyhow::Context;
use digest_core::{DigestId, IndexEntry, Manifest};
use digest_storage::{Digests, ErrorKind, Index, IndexKey, Manifests, StoreError};
use digesterd_process::environment::Environment;
use futures::TryStreamExt;

use crate::progress_bar::tell;
use crate::stored::storage;
use crate::units::{counted, grouped};

/// Digests looked at at once.
const AT_ONCE: usize = 16;

/// Goes through the storage bucket once.
pub(crate) async fn run(environment: &Environment) -> anyhow::Result<()> {
    let store = storage(environment).await?;
    let (digests, manifests, index) = (
        Digests::new(store.clone()),
        Manifests::new(store.clone()),
        Index::new(store),
    );

    let looked = manifests
        .list()
        .map_ok(|id| add(&digests, &manifests, &index, id))
        .try_buffer_unordered(AT_ONCE);
    let added: Vec<bool> = looked
        .try_collect()
        .await
        .context("the digests cannot be listed")?;
    let looked = index
        .list()
        .map_ok(|key| strike(&digests, &index, key))
        .try_buffer_unordered(AT_ONCE);
    let struck: Vec<bool> = looked.try_collect().await.context("the index cannot be listed")?;
    let count = |done: &[bool]| done.iter().filter(|done| **done).count() as u64;
    tell(format!(
        "{} with a manifest; {} added to the list, {} struck out",
        counted(added.len() as u64, "digest"),
        grouped(count(&added)),
        grouped(count(&struck)),
    ));
    Ok(())
}

/// Writes the entry of a digest that has none, or another one. False where nothing was to do.
async fn add(
    digests: &Digests,
    manifests: &Manifests,
    index: &Index,
    id: DigestId,
) -> Result<bool, StoreError> {
    let manifest: Option<Manifest> = match manifests.load(id).await {
        Err(error) if error.kind() == ErrorKind::Corrupt => {
            tell(format!("{error}; the digest is not listed"));
            None
        }
        loaded => loaded?,
    };
    let Some(manifest) = manifest.filter(|manifest| manifest.job.id() == id) else {
        return Ok(false);
    };
    let object = digests.head(id).await?;
    if object.is_none_or(|object| object.size != manifest.gzip.bytes) {
        return Ok(false);
    }
    let entry = IndexEntry::of(&manifest);
    let present = match index.load(&IndexKey::of(&entry.job)).await {
        Err(error) if error.kind() == ErrorKind::Corrupt => None,
        loaded => loaded?,
    };
    if present.as_ref() == Some(&entry) {
        return Ok(false);
    }
    index.write(&entry).await?;
    Ok(true)
}

/// Removes the entry of a digest that is gone.
async fn strike(digests: &Digests, index: &Index, key: IndexKey) -> Result<bool, StoreError> {
    if digests.head(key.id()).await?.is_some() {
        return Ok(false);
    }
    index.remove(&key).await?;
    Ok(true)
}
