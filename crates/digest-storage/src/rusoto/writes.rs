//! Writing, deleting and copying. A PUT is a signed request of our own: rusoto's has no conditions.

use std::convert::Infallible;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, CopyMode, Error, PutMode, PutOptions, PutPayload, PutResult, Result,
};
use rusoto_core::RusotoError;
use rusoto_core::param::{Params, ServiceParams};
use rusoto_core::request::HttpResponse;
use rusoto_s3::{CopyObjectRequest, DeleteObjectRequest, S3};
use rusoto_signature::signature::{SignedRequest, encode_uri_path};

use super::Bucket;
use super::answers::{ask, failure};
use crate::error::ErrorKind;

impl Bucket {
    pub(super) async fn put(
        &self,
        location: &Path,
        payload: PutPayload,
        options: &PutOptions,
    ) -> Result<PutResult> {
        let mut headers = headers(&options.attributes)?;
        match &options.mode {
            PutMode::Overwrite => {}
            PutMode::Create => headers.push(("if-none-match".to_owned(), "*".to_owned())),
            PutMode::Update(version) => {
                let etag = version.e_tag.clone().ok_or_else(|| {
                    failure(
                        ErrorKind::Other,
                        location.as_ref(),
                        "a swap needs the ETag of what it replaces",
                    )
                })?;
                headers.push(("if-match".to_owned(), etag));
            }
        }
        if let (Some(encryption), Some(key)) = (self.encryption(), &self.kms_key) {
            headers.push(("x-amz-server-side-encryption".to_owned(), encryption));
            headers.push((
                "x-amz-server-side-encryption-aws-kms-key-id".to_owned(),
                key.clone(),
            ));
        }
        let sent = self.send_put(location, payload.into(), &headers, &[]).await;
        let answer = sent.map_err(|error| match (error, &options.mode) {
            (Error::Precondition { path, source }, PutMode::Create) => Error::AlreadyExists { path, source },
            (Error::AlreadyExists { path, source }, PutMode::Update(_)) => {
                Error::Precondition { path, source }
            }
            (error, _) => error,
        })?;
        Ok(PutResult {
            e_tag: etag(&answer),
            version: None,
            extensions: Default::default(),
        })
    }

    /// One PUT with its body signed.
    pub(super) async fn send_put(
        &self,
        location: &Path,
        body: Bytes,
        headers: &[(String, String)],
        query: &[(&str, String)],
    ) -> Result<HttpResponse> {
        let uri = format!("/{}/{location}", self.name);
        ask(location.as_ref(), || {
            let mut request = SignedRequest::new("PUT", "s3", &self.region, &uri);
            for (name, value) in headers {
                request.add_header(name, value);
            }
            let mut params = Params::new();
            for (name, value) in query {
                params.put(name, value);
            }
            request.set_params(params);
            request.set_payload(Some(body.clone()));
            async {
                let mut answer = self.client.sign_and_dispatch(request).await?;
                if answer.status.is_success() {
                    Ok(answer)
                } else {
                    let refused = answer
                        .buffer()
                        .await
                        .map_err(RusotoError::<Infallible>::HttpDispatch)?;
                    Err(RusotoError::Unknown(refused))
                }
            }
        })
        .await
    }

    pub(super) async fn delete(&self, location: &Path) -> Result<()> {
        let request = DeleteObjectRequest {
            bucket: self.name.clone(),
            key: location.to_string(),
            ..DeleteObjectRequest::default()
        };
        ask(location.as_ref(), || self.s3.delete_object(request.clone()))
            .await
            .map(drop)
    }

    pub(super) async fn copy(&self, from: &Path, to: &Path, mode: CopyMode) -> Result<()> {
        if mode == CopyMode::Create {
            return Err(Error::NotImplemented {
                operation: "a copy that demands an absent target".to_owned(),
                implementer: self.to_string(),
            });
        }
        let request = CopyObjectRequest {
            bucket: self.name.clone(),
            key: to.to_string(),
            copy_source: encode_uri_path(&format!("{}/{from}", self.name)),
            // A copy does not keep its source's key.
            server_side_encryption: self.encryption(),
            ssekms_key_id: self.kms_key.clone(),
            ..CopyObjectRequest::default()
        };
        let answer = ask(to.as_ref(), || self.s3.copy_object(request.clone())).await?;
        // S3 may begin to answer 200 and fail on the way: then there is no ETag.
        match answer.copy_object_result.and_then(|result| result.e_tag) {
            Some(_) => Ok(()),
            None => Err(failure(ErrorKind::Unavailable, to.as_ref(), "the copy broke off")),
        }
    }
}

/// The ETag of an answer.
pub(super) fn etag(answer: &HttpResponse) -> Option<String> {
    answer.headers.get("etag").cloned()
}

/// Attributes as headers.
fn headers(attributes: &Attributes) -> Result<Vec<(String, String)>> {
    let named = attributes.iter().map(|(name, value)| {
        let name = match name {
            Attribute::ContentType => "content-type".to_owned(),
            Attribute::Metadata(name) => format!("x-amz-meta-{name}"),
            other => {
                return Err(Error::NotSupported {
                    source: format!("attribute {other:?}").into(),
                });
            }
        };
        Ok((name, value.to_string()))
    });
    named.collect()
}
