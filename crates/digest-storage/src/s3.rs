//! S3 through the `object_store` crate: conditional writes on, sane retries, readers of any speed.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use object_store::aws::{AmazonS3Builder, S3ConditionalPut, S3CopyIfNotExists};
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, Certificate, ClientOptions, ObjectStore, RetryConfig};
use url::Url;

use crate::capabilities::Capabilities;
use crate::credentials::Bridge;
use crate::error::{ErrorKind, StoreError};
use crate::place::Place;
use crate::requests::FailedAttempts;
use crate::store::Store;

mod connector;
mod listing;

use connector::Connector;

/// Which client speaks S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum S3Client {
    /// The `object_store` crate.
    #[default]
    ObjectStore,
    /// rusoto; only in builds with the cargo feature of that name.
    Rusoto,
}

/// How S3 is reached. Other places need none of it.
#[derive(Debug, Clone, Default)]
pub struct StoreOptions {
    /// Region of the bucket.
    pub region: Option<String>,
    /// Endpoint to use in place of AWS's; http is allowed where it says http.
    pub endpoint: Option<Url>,
    /// Who signs; without it every request fails.
    pub credentials: Option<SharedCredentialsProvider>,
    /// Certificates to trust besides the system's, PEM.
    pub ca_bundle: Option<Vec<u8>>,
    /// Proxy for https.
    pub proxy: Option<String>,
    /// Id or ARN of the KMS key that whatever is written has to be encrypted with; the bucket's own choice without it.
    pub kms_key: Option<String>,
    /// Which client.
    pub client: S3Client,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest silence within an answer; a slow but steady reader is never cut off.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Opens a bucket.
pub(crate) fn open(
    bucket: &str,
    prefix: &str,
    place: &Place,
    options: &StoreOptions,
) -> Result<Store, StoreError> {
    let refuse = |why: String| StoreError::new(ErrorKind::Settings, place, "", why);
    if options.client == S3Client::Rusoto {
        #[cfg(feature = "rusoto")]
        return crate::rusoto::open(bucket, prefix, place, options);
        #[cfg(not(feature = "rusoto"))]
        return Err(refuse(
            "S3_CLIENT=rusoto needs a build with the cargo feature rusoto".to_owned(),
        ));
    }
    let region = options
        .region
        .clone()
        .ok_or_else(|| refuse("no region is set for the bucket".to_owned()))?;
    let credentials = options
        .credentials
        .clone()
        .ok_or_else(|| refuse("no credentials are set for the bucket".to_owned()))?;
    let credentials = Bridge::new(credentials);
    let expired = credentials.expired();
    let unlistable = Arc::new(AtomicU64::new(0));
    let attempts = FailedAttempts::default();
    let mut client = ClientOptions::new()
        .with_timeout_disabled()
        .with_connect_timeout(CONNECT_TIMEOUT)
        .with_read_timeout(READ_TIMEOUT);
    if let Some(bundle) = &options.ca_bundle {
        let certificates = Certificate::from_pem_bundle(bundle)
            .map_err(|error| refuse(format!("AWS_CA_BUNDLE holds no certificates: {error}")))?;
        for certificate in certificates {
            client = client.with_root_certificate(certificate);
        }
    }
    if let Some(proxy) = &options.proxy {
        client = client.with_proxy_url(proxy);
    }
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(region)
        .with_credentials(Arc::new(credentials))
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_copy_if_not_exists(S3CopyIfNotExists::Multipart)
        .with_disable_bulk_delete(true)
        .with_retry(retries())
        .with_http_connector(Connector::new(Arc::clone(&unlistable), attempts.clone()));
    if let Some(endpoint) = &options.endpoint {
        client = client.with_allow_http(endpoint.scheme() == "http");
        builder = builder
            .with_endpoint(endpoint.as_str().trim_end_matches('/'))
            .with_virtual_hosted_style_request(false);
    }
    if let Some(key) = &options.kms_key {
        builder = builder.with_sse_kms_encryption(key);
    }
    let s3 = builder
        .with_client_options(client)
        .build()
        .map_err(|error| refuse(error.to_string()))?;
    let inner: Arc<dyn ObjectStore> = if prefix.is_empty() {
        Arc::new(s3)
    } else {
        Arc::new(PrefixStore::new(s3, prefix))
    };
    // A conditional copy by multipart loses the attributes, which say how complete a digest is.
    let capabilities = Capabilities {
        conditional_copy: false,
        ..Capabilities::ALL
    };
    Ok(Store::new(inner, place.clone(), capabilities)
        .counting_unlistable(unlistable)
        .counting_attempts(attempts)
        .telling_expiry(expired))
}

/// Few tries and short pauses: jobs have attempts of their own, and requests have clients who wait.
fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(3),
            base: 2.0,
        },
        max_retries: 3,
        retry_timeout: Duration::from_secs(20),
    }
}
