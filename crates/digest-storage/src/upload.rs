//! Objects of unknown length, uploaded part by part.

use std::io;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use object_store::path::Path;
use object_store::{Attribute, Attributes, MultipartUpload, PutMultipartOptions, PutPayload};

use crate::error::{ErrorKind, StoreError};
use crate::requests::Operation;
use crate::store::Store;

/// Bytes of one part; S3 wants 5 MiB at least.
const PART: usize = 8 * 1024 * 1024;

/// Uploads all pieces as one object. What was uploaded before a failure, or a piece that could not be made, is given up.
pub(crate) async fn upload(
    store: &Store,
    key: &Path,
    content_type: &'static str,
    mut pieces: impl Stream<Item = io::Result<Bytes>> + Send + Unpin,
) -> Result<(), StoreError> {
    let mut attributes = Attributes::new();
    if store.capabilities().attributes {
        attributes.insert(Attribute::ContentType, content_type.into());
    }
    let options = PutMultipartOptions {
        attributes,
        ..PutMultipartOptions::default()
    };
    let failed = |error| match error {
        Failure::Store(error) => store.error(key, error),
        Failure::Piece(error) => StoreError::new(ErrorKind::Other, store.place(), key, error),
    };
    let begun = store.object_store().put_multipart_opts(key, options).await;
    let begun = begun.map_err(|error| store.error(key, error));
    let mut upload = begun.or_else(|error| store.noted(Operation::Put, Err(error)))?;
    let uploaded = upload_all(&mut *upload, &mut pieces).await.map_err(failed);
    if uploaded.is_err() {
        // The first failure is the one to tell; a lifecycle rule clears what this leaves.
        let _ = upload.abort().await;
    }
    store.noted(Operation::Put, uploaded)
}

/// Why an upload was given up.
enum Failure {
    Store(object_store::Error),
    Piece(io::Error),
}

impl From<object_store::Error> for Failure {
    fn from(error: object_store::Error) -> Self {
        Self::Store(error)
    }
}

async fn upload_all(
    upload: &mut dyn MultipartUpload,
    pieces: &mut (impl Stream<Item = io::Result<Bytes>> + Send + Unpin),
) -> Result<(), Failure> {
    let mut part = Vec::with_capacity(PART);
    while let Some(piece) = pieces.next().await {
        part.extend_from_slice(&piece.map_err(Failure::Piece)?);
        if part.len() >= PART {
            let full = std::mem::replace(&mut part, Vec::with_capacity(PART));
            upload.put_part(PutPayload::from(full)).await?;
        }
    }
    upload.put_part(PutPayload::from(part)).await?;
    upload.complete().await?;
    Ok(())
}
