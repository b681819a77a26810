//! A client of SQS: region, endpoint, credentials, certificates, proxy and limits of time brought together.

use std::fmt;
use std::time::Duration;

use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Region, SharedCredentialsProvider, SharedHttpClient};
use aws_sdk_sqs::{Client, Config};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use url::Url;

use crate::error::{QueueError, QueueErrorKind};

/// A connection is made within this or not at all.
const CONNECT: Duration = Duration::from_millis(1500);
/// One attempt at a request that has nothing to wait for.
const ATTEMPT: Duration = Duration::from_secs(5);
/// All attempts at one.
const OPERATION: Duration = Duration::from_secs(15);
/// Attempts at one request.
const TRIES: u32 = 4;
/// First pause between attempts; grows, with jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Where a queue is and who speaks to it.
#[derive(Clone)]
pub struct SqsOptions {
    /// Address of the queue, which is its name in every request.
    pub queue_url: Url,
    /// Region that requests are signed for.
    pub region: String,
    /// Endpoint in place of AWS's.
    pub endpoint: Option<Url>,
    /// Whose requests they are.
    pub credentials: SharedCredentialsProvider,
    /// Certificates (PEM) to trust beside the system's.
    pub ca_bundle: Option<Vec<u8>>,
    /// Proxy for https endpoints.
    pub proxy: Option<Url>,
}

impl fmt::Debug for SqsOptions {
    /// Addresses by their host alone: a URL may carry a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqsOptions")
            .field("queue", &self.queue_url.path())
            .field("region", &self.region)
            .field("endpoint", &self.endpoint.as_ref().and_then(Url::host_str))
            .finish_non_exhaustive()
    }
}

/// A client that reads no environment.
pub(super) fn client(options: &SqsOptions) -> Result<Client, QueueError> {
    let limits = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(TRIES)
        .with_initial_backoff(FIRST_PAUSE);
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(options.region.clone()))
        .credentials_provider(options.credentials.clone())
        .http_client(http_client(options)?)
        .timeout_config(limits)
        .retry_config(retries);
    if let Some(endpoint) = &options.endpoint {
        config = config.endpoint_url(endpoint.as_str());
    }
    Ok(Client::from_conf(config.build()))
}

/// What speaks HTTP for it.
fn http_client(options: &SqsOptions) -> Result<SharedHttpClient, QueueError> {
    let plain = options
        .endpoint
        .as_ref()
        .is_some_and(|endpoint| endpoint.scheme() == "http");
    let trusted = match &options.ca_bundle {
        // No certificate will be looked at: an image without any must do.
        _ if plain => TrustStore::empty(),
        Some(pem) => TrustStore::default().with_pem_certificate(pem.clone()),
        None => TrustStore::default(),
    };
    let unusable = |what: &str, error: Box<dyn std::error::Error + Send + Sync>| {
        QueueError::new(
            QueueErrorKind::Settings,
            format!("{what} cannot be used for the queue"),
        )
        .because(error)
    };
    let tls = TlsContext::builder()
        .with_trust_store(trusted)
        .build()
        .map_err(|error| unusable("AWS_CA_BUNDLE", error.into()))?;
    let proxy = match options.proxy.as_ref().filter(|_| !plain) {
        Some(proxy) => {
            ProxyConfig::https(proxy.as_str()).map_err(|error| unusable("HTTPS_PROXY", error.into()))?
        }
        None => ProxyConfig::disabled(),
    };
    Ok(
        Builder::new().build_with_connector_fn(move |settings, components| {
            let mut connector = Connector::builder()
                .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
                .tls_context(tls.clone())
                .proxy_config(proxy.clone());
            connector.set_connector_settings(settings.cloned());
            if let Some(components) = components {
                connector.set_sleep_impl(components.sleep_impl());
            }
            connector.build()
        }),
    )
}
