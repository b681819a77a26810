//! Listings, page by page. Keys that no path can name, such as `a//b`, are left out and counted.

use chrono::DateTime;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::{DELIMITER, Path};
use object_store::{Extensions, ListResult, ObjectMeta, Result};
use rusoto_s3::{ListObjectsV2Output, ListObjectsV2Request, Object, S3};

use super::Bucket;
use super::answers::{ask, failure};
use crate::error::ErrorKind;

impl Bucket {
    /// Every object below a prefix, after an offset where there is one.
    pub(super) fn objects(
        &self,
        prefix: Option<&Path>,
        offset: Option<&Path>,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let bucket = self.clone();
        let request = ListObjectsV2Request {
            start_after: offset.map(ToString::to_string),
            ..self.request(prefix)
        };
        let pages = self.pages(request).and_then(move |page| {
            let metas = page.contents.unwrap_or_default().into_iter();
            let metas: Vec<_> = metas.filter_map(|object| bucket.meta(object)).collect();
            async move { Ok(stream::iter(metas)) }
        });
        pages.try_flatten().boxed()
    }

    /// Objects and folders of one level.
    pub(super) async fn level(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let request = ListObjectsV2Request {
            delimiter: Some(DELIMITER.to_owned()),
            ..self.request(prefix)
        };
        let mut found = ListResult {
            common_prefixes: Vec::new(),
            objects: Vec::new(),
            extensions: Extensions::default(),
        };
        let mut pages = self.pages(request);
        while let Some(page) = pages.try_next().await? {
            let folders = page.common_prefixes.unwrap_or_default().into_iter();
            let names = folders.filter_map(|folder| folder.prefix);
            found
                .common_prefixes
                .extend(names.filter_map(|name| self.path(&name)));
            for object in page.contents.unwrap_or_default() {
                if let Some(meta) = self.meta(object) {
                    found.objects.push(meta?);
                }
            }
        }
        Ok(found)
    }

    fn request(&self, prefix: Option<&Path>) -> ListObjectsV2Request {
        let prefix = prefix.filter(|prefix| !prefix.as_ref().is_empty());
        ListObjectsV2Request {
            bucket: self.name.clone(),
            prefix: prefix.map(|prefix| format!("{prefix}{DELIMITER}")),
            ..ListObjectsV2Request::default()
        }
    }

    fn pages(&self, request: ListObjectsV2Request) -> BoxStream<'static, Result<ListObjectsV2Output>> {
        let first = Some((self.clone(), request));
        stream::try_unfold(first, |next| async move {
            let Some((bucket, mut request)) = next else {
                return Ok(None);
            };
            let prefix = request.prefix.clone().unwrap_or_default();
            let page = ask(&prefix, || bucket.s3.list_objects_v2(request.clone())).await?;
            // The token alone: S3 says which page is next, whatever the flag.
            let next = page.next_continuation_token.clone().map(|token| {
                request.continuation_token = Some(token);
                (bucket, request)
            });
            Ok(Some((page, next)))
        })
        .boxed()
    }

    /// The entry, nothing for a key that cannot be named, or a failure for an entry that says too little.
    fn meta(&self, object: Object) -> Option<Result<ObjectMeta>> {
        let key = object.key.unwrap_or_default();
        let location = self.path(&key)?;
        let time = object
            .last_modified
            .and_then(|time| DateTime::parse_from_rfc3339(&time).ok());
        let size = object.size.and_then(|size| u64::try_from(size).ok());
        let (Some(time), Some(size)) = (time, size) else {
            let why = "the listing does not tell the object's size and time";
            return Some(Err(failure(ErrorKind::Other, &key, why)));
        };
        Some(Ok(ObjectMeta {
            location,
            last_modified: time.to_utc(),
            size,
            e_tag: object.e_tag,
            version: None,
        }))
    }
}
