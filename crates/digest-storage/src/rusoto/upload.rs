//! Uploads in parts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use object_store::path::Path;
use object_store::{Attribute, Attributes, MultipartUpload, PutPayload, PutResult, Result, UploadPart};
use rusoto_s3::{
    AbortMultipartUploadRequest, CompleteMultipartUploadRequest, CompletedMultipartUpload, CompletedPart,
    CreateMultipartUploadRequest, S3,
};

use super::Bucket;
use super::answers::{ask, failure};
use super::writes::etag;
use crate::error::ErrorKind;

/// One upload under way.
#[derive(Debug)]
struct Upload {
    bucket: Bucket,
    location: Path,
    id: String,
    /// Parts handed in so far.
    begun: i64,
    /// ETags of the parts that have arrived, by number.
    arrived: Arc<Mutex<BTreeMap<i64, String>>>,
}

impl Bucket {
    pub(super) async fn begin_upload(
        &self,
        location: &Path,
        attributes: &Attributes,
    ) -> Result<Box<dyn MultipartUpload>> {
        let metadata = attributes.iter().filter_map(|(name, value)| match name {
            Attribute::Metadata(name) => Some((name.to_string(), value.to_string())),
            _ => None,
        });
        let request = CreateMultipartUploadRequest {
            bucket: self.name.clone(),
            key: location.to_string(),
            content_type: attributes
                .get(&Attribute::ContentType)
                .map(|value| value.to_string()),
            metadata: Some(metadata.collect()),
            server_side_encryption: self.encryption(),
            ssekms_key_id: self.kms_key.clone(),
            ..CreateMultipartUploadRequest::default()
        };
        let key = location.as_ref();
        let answer = ask(key, || self.s3.create_multipart_upload(request.clone())).await?;
        let id = answer
            .upload_id
            .ok_or_else(|| failure(ErrorKind::Other, key, "the upload got no id"))?;
        Ok(Box::new(Upload {
            bucket: self.clone(),
            location: location.clone(),
            id,
            begun: 0,
            arrived: Arc::default(),
        }))
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.begun += 1;
        let number = self.begun;
        let (bucket, location) = (self.bucket.clone(), self.location.clone());
        let (id, arrived) = (self.id.clone(), Arc::clone(&self.arrived));
        Box::pin(async move {
            let query = [("partNumber", number.to_string()), ("uploadId", id)];
            let answer = bucket.send_put(&location, data.into(), &[], &query).await?;
            let etag = etag(&answer)
                .ok_or_else(|| failure(ErrorKind::Other, location.as_ref(), "the part got no ETag"))?;
            let mut arrived = arrived.lock().unwrap_or_else(PoisonError::into_inner);
            arrived.insert(number, etag);
            Ok(())
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let key = self.location.as_ref();
        let arrived = self
            .arrived
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if arrived.len() as i64 != self.begun {
            return Err(failure(
                ErrorKind::Other,
                key,
                "not all parts of the upload have arrived",
            ));
        }
        let parts = arrived.into_iter().map(|(number, etag)| CompletedPart {
            e_tag: Some(etag),
            part_number: Some(number),
        });
        let request = CompleteMultipartUploadRequest {
            bucket: self.bucket.name.clone(),
            key: key.to_owned(),
            upload_id: self.id.clone(),
            multipart_upload: Some(CompletedMultipartUpload {
                parts: Some(parts.collect()),
            }),
            ..CompleteMultipartUploadRequest::default()
        };
        let answer = ask(key, || self.bucket.s3.complete_multipart_upload(request.clone())).await?;
        // S3 may begin to answer 200 and fail on the way: then there is no ETag.
        let Some(e_tag) = answer.e_tag else {
            return Err(failure(
                ErrorKind::Unavailable,
                key,
                "the end of the upload broke off",
            ));
        };
        Ok(PutResult {
            e_tag: Some(e_tag),
            version: None,
            extensions: Default::default(),
        })
    }

    async fn abort(&mut self) -> Result<()> {
        let request = AbortMultipartUploadRequest {
            bucket: self.bucket.name.clone(),
            key: self.location.to_string(),
            upload_id: self.id.clone(),
            ..AbortMultipartUploadRequest::default()
        };
        let key = self.location.as_ref();
        ask(key, || self.bucket.s3.abort_multipart_upload(request.clone()))
            .await
            .map(drop)
    }
}
