//! Reading objects: whole, in ranges, or their heads.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error, Extensions, GetOptions, GetResult, GetResultPayload, ObjectMeta, Result,
};
use rusoto_core::ByteStream;
use rusoto_s3::{GetObjectRequest, HeadObjectRequest, S3};

use super::Bucket;
use super::answers::{ask, failure};
use crate::error::ErrorKind;

/// Longest silence within an answer; a slow but steady reader is never cut off.
const SILENCE: Duration = Duration::from_secs(30);

impl Bucket {
    pub(super) async fn get(&self, location: &Path, options: &GetOptions) -> Result<GetResult> {
        let key = location.as_ref();
        let request = GetObjectRequest {
            bucket: self.name.clone(),
            key: key.to_owned(),
            if_match: options.if_match.clone(),
            if_none_match: options.if_none_match.clone(),
            range: options.range.as_ref().map(ToString::to_string),
            ..GetObjectRequest::default()
        };
        let answer = ask(key, || self.s3.get_object(request.clone())).await?;
        let length = answer
            .content_length
            .and_then(|length| u64::try_from(length).ok());
        let (range, size) = match (&answer.content_range, length) {
            (Some(range), _) => content_range(range),
            (None, Some(size)) if options.range.is_none() => Some((0..size, size)),
            (None, _) => None,
        }
        .ok_or_else(|| {
            failure(
                ErrorKind::Other,
                key,
                "the answer does not say which bytes it has",
            )
        })?;
        let meta = ObjectMeta {
            location: location.clone(),
            last_modified: http_date(key, answer.last_modified.as_deref())?,
            size,
            e_tag: answer.e_tag,
            version: None,
        };
        let body = answer
            .body
            .map_or_else(|| stream::empty().boxed(), |body| until_silent(key, body));
        Ok(GetResult {
            payload: GetResultPayload::Stream(body),
            meta,
            range,
            attributes: attributes(answer.content_type, answer.metadata),
            extensions: Extensions::default(),
        })
    }

    pub(super) async fn head(&self, location: &Path, options: &GetOptions) -> Result<GetResult> {
        let key = location.as_ref();
        let request = HeadObjectRequest {
            bucket: self.name.clone(),
            key: key.to_owned(),
            if_match: options.if_match.clone(),
            if_none_match: options.if_none_match.clone(),
            ..HeadObjectRequest::default()
        };
        let answer = ask(key, || self.s3.head_object(request.clone())).await?;
        let size = answer
            .content_length
            .and_then(|length| u64::try_from(length).ok())
            .ok_or_else(|| failure(ErrorKind::Other, key, "the answer has no content length"))?;
        Ok(GetResult {
            payload: GetResultPayload::Stream(stream::empty().boxed()),
            meta: ObjectMeta {
                location: location.clone(),
                last_modified: http_date(key, answer.last_modified.as_deref())?,
                size,
                e_tag: answer.e_tag,
                version: None,
            },
            range: 0..size,
            attributes: attributes(answer.content_type, answer.metadata),
            extensions: Extensions::default(),
        })
    }
}

/// The body, which fails where nothing comes for too long.
fn until_silent(key: &str, body: ByteStream) -> BoxStream<'static, Result<Bytes>> {
    let state = (Some(body), key.to_owned());
    stream::unfold(state, |(body, key)| async move {
        let mut body = body?;
        match tokio::time::timeout(SILENCE, body.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(bytes))) => Some((Ok(bytes), (Some(body), key))),
            Ok(Some(Err(error))) => {
                let failed = failure(ErrorKind::Unavailable, &key, error.to_string());
                Some((Err(failed), (None, key)))
            }
            Err(_) => {
                let failed = failure(ErrorKind::Timeout, &key, format!("nothing came for {SILENCE:?}"));
                Some((Err(failed), (None, key)))
            }
        }
    })
    // Readers may ask once more after the end.
    .fuse()
    .boxed()
}

/// `bytes 4-9/10`: the range and the size of the whole.
fn content_range(header: &str) -> Option<(Range<u64>, u64)> {
    let (span, size) = header.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = span.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    Some((first..last.checked_add(1)?, size.parse().ok()?))
}

fn http_date(key: &str, header: Option<&str>) -> Result<DateTime<Utc>> {
    let parsed = header.and_then(|text| DateTime::parse_from_rfc2822(text).ok());
    parsed.map(|time| time.to_utc()).ok_or_else(|| -> Error {
        failure(
            ErrorKind::Other,
            key,
            "the answer has no time of last modification",
        )
    })
}

fn attributes(content_type: Option<String>, metadata: Option<HashMap<String, String>>) -> Attributes {
    let mut attributes = Attributes::new();
    if let Some(content_type) = content_type {
        attributes.insert(Attribute::ContentType, content_type.into());
    }
    for (name, value) in metadata.unwrap_or_default() {
        attributes.insert(Attribute::Metadata(name.into()), value.into());
    }
    attributes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read() {
        assert_eq!(content_range("bytes 4-9/10"), Some((4..10, 10)));
        for text in [
            "",
            "bytes */10",
            "bytes 4-/10",
            "4-9/10",
            "bytes 0-18446744073709551615/9",
        ] {
            assert_eq!(content_range(text), None, "{text:?}");
        }
    }
}
