//! S3 through rusoto: the same trait over `rusoto_s3`, for builds that ask for it (see docs/decisions).
//!
//! What rusoto's types do not know, conditions on a PUT, is a signed request of its core. Requests are tried again
//! as often as those of the default client.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use rusoto_core::{Client, HttpClient, Region};
use rusoto_s3::S3Client;

use crate::capabilities::Capabilities;
use crate::credentials::Bridge;
use crate::error::{ErrorKind, StoreError};
use crate::place::Place;
use crate::s3::StoreOptions;
use crate::store::Store;

mod answers;
mod listings;
mod reads;
mod upload;
mod writes;

/// Deletions under way at once.
const AT_ONCE: usize = 8;

/// Opens a bucket.
pub(crate) fn open(
    bucket: &str,
    prefix: &str,
    place: &Place,
    options: &StoreOptions,
) -> std::result::Result<Store, StoreError> {
    let refuse = |why: String| StoreError::new(ErrorKind::Settings, place, "", why);
    if options.proxy.is_some() {
        let why = "S3_CLIENT=rusoto knows no proxy: unset HTTPS_PROXY or S3_CLIENT";
        return Err(refuse(why.to_owned()));
    }
    if options.ca_bundle.is_some() {
        let why = "S3_CLIENT=rusoto trusts what OpenSSL trusts: set SSL_CERT_FILE in place of AWS_CA_BUNDLE";
        return Err(refuse(why.to_owned()));
    }
    let name = options
        .region
        .clone()
        .ok_or_else(|| refuse("no region is set for the bucket".to_owned()))?;
    let credentials = options
        .credentials
        .clone()
        .ok_or_else(|| refuse("no credentials are set for the bucket".to_owned()))?;
    let endpoint = options
        .endpoint
        .as_ref()
        .map(|endpoint| endpoint.as_str().trim_end_matches('/').to_owned());
    let region = match (endpoint, name.parse::<Region>()) {
        (Some(endpoint), _) => Region::Custom { name, endpoint },
        (None, Ok(region)) => region,
        // Younger than rusoto.
        (None, Err(_)) => Region::Custom {
            endpoint: format!("s3.{name}.amazonaws.com"),
            name,
        },
    };
    let http = HttpClient::new().map_err(|error| refuse(error.to_string()))?;
    let credentials = Bridge::new(credentials);
    let expired = credentials.expired();
    let client = Client::new_with(credentials, http);
    let unlistable = Arc::new(AtomicU64::new(0));
    let bucket = Bucket {
        s3: S3Client::new_with_client(client.clone(), region.clone()),
        client,
        region,
        name: bucket.to_owned(),
        kms_key: options.kms_key.clone(),
        unlistable: Arc::clone(&unlistable),
    };
    let inner: Arc<dyn ObjectStore> = if prefix.is_empty() {
        Arc::new(bucket)
    } else {
        Arc::new(PrefixStore::new(bucket, prefix))
    };
    let capabilities = Capabilities {
        conditional_copy: false,
        ..Capabilities::ALL
    };
    Ok(Store::new(inner, place.clone(), capabilities)
        .counting_unlistable(unlistable)
        .telling_expiry(expired))
}

/// One bucket. Cheap to clone.
#[derive(Clone)]
struct Bucket {
    s3: S3Client,
    /// For requests that `s3` has no type for.
    client: Client,
    region: Region,
    name: String,
    /// Key that whatever is written has to be encrypted with.
    kms_key: Option<String>,
    unlistable: Arc<AtomicU64>,
}

impl Bucket {
    /// What S3 calls encryption by a KMS key, where there is one.
    fn encryption(&self) -> Option<String> {
        self.kms_key.is_some().then(|| "aws:kms".to_owned())
    }

    /// The key as a path of ours; one that no path can name is counted instead.
    fn path(&self, key: &str) -> Option<Path> {
        let path = Path::parse(key).ok();
        if path.is_none() {
            self.unlistable.fetch_add(1, Ordering::Relaxed);
        }
        path
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket")
            .field("name", &self.name)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rusoto({})", self.name)
    }
}

#[async_trait]
impl ObjectStore for Bucket {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.put(location, payload, &options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.begin_upload(location, &options.attributes).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if options.head {
            self.head(location, &options).await
        } else {
            self.get(location, &options).await
        }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let bucket = self.clone();
        let deleted = locations.map(move |location| {
            let bucket = bucket.clone();
            async move {
                let location = location?;
                bucket.delete(&location).await.map(|()| location)
            }
        });
        deleted.buffered(AT_ONCE).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.objects(prefix, None)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.objects(prefix, Some(offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.level(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.copy(from, to, options.mode).await
    }
}
