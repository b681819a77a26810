//! Uploads in parts with faults.

use async_trait::async_trait;
use object_store::{MultipartUpload, PutPayload, PutResult, Result, UploadPart};

use super::{Faults, Operation};

/// An upload whose parts and end pass their faults.
#[derive(Debug)]
pub(super) struct FaultyUpload {
    inner: Box<dyn MultipartUpload>,
    faults: Faults,
    key: String,
}

impl FaultyUpload {
    pub(super) fn new(inner: Box<dyn MultipartUpload>, faults: Faults, key: String) -> Self {
        Self { inner, faults, key }
    }
}

#[async_trait]
impl MultipartUpload for FaultyUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (faults, key) = (self.faults.clone(), self.key.clone());
        // Nothing is sent before the part is first polled, which the fault precedes.
        let part = self.inner.put_part(data);
        Box::pin(async move {
            let passage = faults.pass(Operation::Part, &key, None).await?;
            passage.answer(&key, part.await)
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let passage = self.faults.pass(Operation::Complete, &self.key, None).await?;
        passage.answer(&self.key, self.inner.complete().await)
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}
