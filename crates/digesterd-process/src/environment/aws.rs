//! How S3 is reached and who asks: credentials, endpoints, certificates, proxy, client.

use std::fmt;
use std::path::PathBuf;

use digest_storage::S3Client;
use serde::Deserialize;
use url::Url;

use super::{Reader, Secret, values};

/// Settings that hold for every bucket in S3.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AwsSettings {
    /// Whether credentials come from the SDK's default chain (environment, web identity, container,
    /// instance).
    pub use_iam: bool,
    /// Credentials file in place of the default one.
    pub credentials_file: Option<PathBuf>,
    /// Profile inside the credentials or config file.
    pub profile: Option<String>,
    /// Keys given directly.
    pub static_keys: Option<StaticKeys>,
    /// Endpoint of S3 in place of AWS's.
    pub s3_endpoint: Option<Url>,
    /// Endpoint of SQS in place of AWS's.
    pub sqs_endpoint: Option<Url>,
    /// Endpoint of STS in place of AWS's.
    pub sts_endpoint: Option<Url>,
    /// Certificates (PEM) to trust beside the system's.
    pub ca_bundle: Option<Vec<u8>>,
    /// Proxy for https; may carry a password.
    pub https_proxy: Option<Url>,
    /// Which client speaks to S3.
    pub client: S3Client,
}

/// An access key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticKeys {
    /// The key's id, no secret.
    pub access_key_id: String,
    /// The key itself.
    pub secret_access_key: Secret,
    /// Token of a temporary key.
    pub session_token: Option<Secret>,
}

#[derive(Default, Deserialize)]
pub(super) struct Raw {
    use_iam: Option<String>,
    aws_credentials_file: Option<String>,
    aws_credentials_profile: Option<String>,
    aws_access_key_id: Option<String>,
    aws_secret_access_key: Option<String>,
    aws_session_token: Option<String>,
    aws_endpoint_url: Option<String>,
    aws_endpoint_url_s3: Option<String>,
    aws_endpoint_url_sqs: Option<String>,
    aws_endpoint_url_sts: Option<String>,
    aws_ca_bundle: Option<String>,
    https_proxy: Option<String>,
    s3_client: Option<String>,
}

impl AwsSettings {
    /// Reads the variables; `None` and a note for each one at fault. That no credentials are set at
    /// all is noted only when [`AwsSettings::demand_credentials`] asks for some.
    #[must_use]
    pub fn read(reader: &Reader<'_>) -> Option<Self> {
        let raw: Raw = reader.raw();
        let use_iam = reader.value_or("USE_IAM", raw.use_iam, values::boolean, false);
        let credentials_file = reader.optional("AWS_CREDENTIALS_FILE", raw.aws_credentials_file, |text| {
            values::path(text, reader.home())
        });
        let keys = static_keys(
            reader,
            raw.aws_access_key_id,
            raw.aws_secret_access_key,
            raw.aws_session_token,
        );
        let endpoint = reader.optional("AWS_ENDPOINT_URL", raw.aws_endpoint_url, values::http_url);
        let s3_endpoint = reader.optional("AWS_ENDPOINT_URL_S3", raw.aws_endpoint_url_s3, values::http_url);
        let sqs_endpoint =
            reader.optional("AWS_ENDPOINT_URL_SQS", raw.aws_endpoint_url_sqs, values::http_url);
        let sts_endpoint =
            reader.optional("AWS_ENDPOINT_URL_STS", raw.aws_endpoint_url_sts, values::http_url);
        let ca_bundle = reader.optional("AWS_CA_BUNDLE", raw.aws_ca_bundle, values::file);
        let https_proxy = reader.optional("HTTPS_PROXY", raw.https_proxy, |text| {
            // A proxy is commonly written as host:port.
            values::http_url(text).or_else(|expected| match text.contains("://") {
                true => Err(expected),
                false => values::http_url(&format!("http://{text}")),
            })
        });
        let client = reader.value_or(
            "S3_CLIENT",
            raw.s3_client,
            |text| match text {
                "object_store" => Ok(S3Client::ObjectStore),
                "rusoto" => Ok(S3Client::Rusoto),
                _ => Err("is neither object_store nor rusoto".to_owned()),
            },
            S3Client::default(),
        );
        let endpoint = endpoint?;
        Some(Self {
            use_iam: use_iam?,
            credentials_file: credentials_file?,
            profile: raw.aws_credentials_profile,
            static_keys: keys?,
            s3_endpoint: s3_endpoint?.or_else(|| endpoint.clone()),
            sqs_endpoint: sqs_endpoint?.or_else(|| endpoint.clone()),
            sts_endpoint: sts_endpoint?.or(endpoint),
            ca_bundle: ca_bundle?,
            https_proxy: https_proxy?,
            client: client?,
        })
    }

    /// Notes a problem where a bucket in S3 or a queue in SQS is used and nothing says who asks for it.
    pub fn demand_credentials(&self, reader: &Reader<'_>) {
        let any = self.use_iam
            || self.static_keys.is_some()
            || self.credentials_file.is_some()
            || self.profile.is_some();
        if !any {
            reader.note(
                "USE_IAM",
                "is not true, and neither AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY nor \
                 AWS_CREDENTIALS_FILE nor AWS_CREDENTIALS_PROFILE is set: one of them must say whose \
                 credentials open the buckets in S3 and the queue in SQS",
            );
        }
    }
}

/// Both halves of a key, or neither.
fn static_keys(
    reader: &Reader<'_>,
    id: Option<String>,
    key: Option<String>,
    token: Option<String>,
) -> Option<Option<StaticKeys>> {
    match (id, key) {
        (Some(access_key_id), Some(key)) => Some(Some(StaticKeys {
            access_key_id,
            secret_access_key: Secret::new(key),
            session_token: token.map(Secret::new),
        })),
        (None, None) => Some(None),
        (Some(_), None) => {
            reader.note("AWS_SECRET_ACCESS_KEY", "is not set, but AWS_ACCESS_KEY_ID is");
            None
        }
        (None, Some(_)) => {
            reader.note("AWS_ACCESS_KEY_ID", "is not set, but AWS_SECRET_ACCESS_KEY is");
            None
        }
    }
}

impl fmt::Debug for AwsSettings {
    /// Addresses by their host alone: a URL may carry a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = |url: &Option<Url>| url.as_ref().and_then(|url| url.host_str().map(str::to_owned));
        f.debug_struct("AwsSettings")
            .field("use_iam", &self.use_iam)
            .field("credentials_file", &self.credentials_file)
            .field("profile", &self.profile)
            .field("static_keys", &self.static_keys)
            .field("s3_endpoint", &host(&self.s3_endpoint))
            .field("sqs_endpoint", &host(&self.sqs_endpoint))
            .field("sts_endpoint", &host(&self.sts_endpoint))
            .field("ca_bundle_bytes", &self.ca_bundle.as_ref().map(Vec::len))
            .field("https_proxy", &host(&self.https_proxy))
            .field("client", &self.client)
            .finish()
    }
}
