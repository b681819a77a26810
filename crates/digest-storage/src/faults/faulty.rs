//! The wrapper itself: every call is counted, passes its fault, and goes on to the store behind.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, GetOptions, GetRange, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::upload::FaultyUpload;
use super::{Faults, Operation, Passage, body};

/// A store with faults.
#[derive(Debug)]
pub(super) struct Faulty {
    inner: Arc<dyn ObjectStore>,
    faults: Faults,
}

impl Faulty {
    pub(super) fn new(inner: Arc<dyn ObjectStore>, faults: Faults) -> Self {
        Self { inner, faults }
    }

    /// A listing's stream behind its fault, which is met when the stream is first read.
    fn listing(
        &self,
        prefix: Option<&Path>,
        begin: impl FnOnce(&dyn ObjectStore) -> BoxStream<'static, Result<ObjectMeta>> + Send + 'static,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let (inner, faults) = (Arc::clone(&self.inner), self.faults.clone());
        let prefix = shown(prefix);
        let begun = async move {
            let passage = faults.pass(Operation::List, &prefix, None).await?;
            passage.answer(&prefix, Ok(begin(&*inner)))
        };
        stream::once(begun).try_flatten().boxed()
    }
}

fn shown(prefix: Option<&Path>) -> String {
    prefix.map(ToString::to_string).unwrap_or_default()
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Faulty({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        mut options: PutOptions,
    ) -> Result<PutResult> {
        let passage = self.faults.pass(Operation::Put, location.as_ref(), None).await?;
        if matches!(passage, Passage::Unconditionally) {
            options.mode = PutMode::Overwrite;
        }
        let answer = self.inner.put_opts(location, payload, options).await;
        passage.answer(location.as_ref(), answer)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let key = location.as_ref();
        let passage = self.faults.pass(Operation::Upload, key, None).await?;
        let upload = passage.answer(key, self.inner.put_multipart_opts(location, options).await)?;
        Ok(Box::new(FaultyUpload::new(
            upload,
            self.faults.clone(),
            key.to_owned(),
        )))
    }

    async fn get_opts(&self, location: &Path, mut options: GetOptions) -> Result<GetResult> {
        let operation = if options.head {
            Operation::Head
        } else {
            Operation::Get
        };
        let range = match &options.range {
            Some(GetRange::Bounded(range)) => Some(range.clone()),
            _ => None,
        };
        let passage = self.faults.pass(operation, location.as_ref(), range).await?;
        if matches!(passage, Passage::Unconditionally) {
            options.if_match = None;
        }
        let answer = self.inner.get_opts(location, options).await;
        match passage {
            Passage::Break(after) => Ok(body::cut(answer?, after, true)),
            Passage::End(after) => Ok(body::cut(answer?, after, false)),
            passage => passage.answer(location.as_ref(), answer),
        }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let (inner, faults) = (Arc::clone(&self.inner), self.faults.clone());
        let deleted = locations.and_then(move |location| {
            let (inner, faults) = (Arc::clone(&inner), faults.clone());
            async move {
                let passage = faults.pass(Operation::Delete, location.as_ref(), None).await?;
                let answer = inner.delete(&location).await;
                passage.answer(location.as_ref(), answer)?;
                Ok(location)
            }
        });
        deleted.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let below = prefix.cloned();
        self.listing(prefix, move |inner| inner.list(below.as_ref()))
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let (below, offset) = (prefix.cloned(), offset.clone());
        self.listing(prefix, move |inner| {
            inner.list_with_offset(below.as_ref(), &offset)
        })
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let key = shown(prefix);
        let passage = self.faults.pass(Operation::ListByDelimiter, &key, None).await?;
        passage.answer(&key, self.inner.list_with_delimiter(prefix).await)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, mut options: CopyOptions) -> Result<()> {
        let passage = self.faults.pass(Operation::Copy, to.as_ref(), None).await?;
        if matches!(passage, Passage::Unconditionally) {
            options.mode = CopyMode::Overwrite;
        }
        passage.answer(to.as_ref(), self.inner.copy_opts(from, to, options).await)
    }
}
