//! Whose credentials open a bucket in S3.
//!
//! With `USE_IAM=true` the SDK's default chain decides: keys in the environment first, then a web
//! identity (IRSA), a container's credentials (ECS, Pod Identity), the instance's (IMDSv2 only).
//! Without it, keys given directly come first, then the profile (file, name, SSO, credential
//! process). A bucket's role is then assumed with what was found.

use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use thiserror::Error;
use tokio::time::timeout;

use crate::environment::{AwsSettings, RoleSettings};
use crate::problem::chain;

/// What the SDK asks STS and SSO in where no region is set.
const DEFAULT_REGION: &str = "us-east-1";
/// How long a first look for credentials may take: an instance without IMDS needs a few seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// Credentials that are set up but cannot be had.
#[derive(Debug, Error)]
#[error("no AWS credentials from {origin}: {reason}; {advice}")]
pub struct CredentialsError {
    /// Which settings were followed.
    pub origin: String,
    /// What the provider said.
    pub reason: String,
    /// Which variables to look at.
    pub advice: &'static str,
}

/// The provider that the settings ask for. Nothing is asked yet: see [`verify`].
pub async fn credentials(
    aws: &AwsSettings,
    region: Option<&str>,
    role: Option<&RoleSettings>,
) -> SharedCredentialsProvider {
    let region = Region::new(region.unwrap_or(DEFAULT_REGION).to_owned());
    let base = base(aws, &region).await;
    let Some(role) = role else {
        return base;
    };
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(region)
        .credentials_provider(base.clone());
    if let Some(endpoint) = &aws.sts_endpoint {
        loader = loader.endpoint_url(endpoint.as_str());
    }
    let mut assumed = AssumeRoleProvider::builder(role.arn.clone())
        .session_name("vpcflow-digesterd")
        .configure(&loader.load().await);
    if let Some(external_id) = &role.external_id {
        assumed = assumed.external_id(external_id.expose());
    }
    SharedCredentialsProvider::new(assumed.build_from_provider(base).await)
}

/// Asks the provider once, so that unusable credentials are told at the start and by name.
///
/// # Errors
/// [`CredentialsError`] that names the variables to look at.
pub async fn verify(
    provider: &SharedCredentialsProvider,
    aws: &AwsSettings,
    role: Option<&RoleSettings>,
) -> Result<(), CredentialsError> {
    let asked = timeout(PATIENCE, provider.provide_credentials()).await;
    let reason = match asked {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) => chain(&error),
        Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
    };
    let (origin, advice) = origin(aws);
    let origin = match role {
        Some(role) => format!("{origin} assuming {}", role.arn),
        None => origin.to_owned(),
    };
    Err(CredentialsError {
        origin,
        reason,
        advice,
    })
}

/// Credentials before any role.
async fn base(aws: &AwsSettings, region: &Region) -> SharedCredentialsProvider {
    if aws.use_iam {
        let chain = DefaultCredentialsChain::builder()
            .region(region.clone())
            .build()
            .await;
        return SharedCredentialsProvider::new(chain);
    }
    if let Some(keys) = &aws.static_keys {
        let token = keys.session_token.as_ref().map(|token| token.expose().to_owned());
        return SharedCredentialsProvider::new(Credentials::new(
            keys.access_key_id.clone(),
            keys.secret_access_key.expose(),
            token,
            None,
            "environment",
        ));
    }
    let config = ProviderConfig::without_region().with_region(Some(region.clone()));
    let mut profile = ProfileFileCredentialsProvider::builder().configure(&config);
    if let Some(name) = &aws.profile {
        profile = profile.profile_name(name);
    }
    if let Some(file) = &aws.credentials_file {
        let files = EnvConfigFiles::builder()
            .include_default_config_file(true)
            .with_file(EnvConfigFileKind::Credentials, file)
            .build();
        profile = profile.profile_files(files);
    }
    SharedCredentialsProvider::new(profile.build())
}

/// Which settings [`base`] follows, and what to look at when they fail.
fn origin(aws: &AwsSettings) -> (&'static str, &'static str) {
    if aws.use_iam {
        return (
            "the default chain (USE_IAM=true)",
            "look at AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, the container's credentials or the \
             instance's role (a pod needs a metadata hop limit of 2), or set USE_IAM=false with keys",
        );
    }
    if aws.static_keys.is_some() {
        return (
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            "look at these two, AWS_SESSION_TOKEN and the bucket's _ROLE and _ROLE_EXTERNAL_ID",
        );
    }
    (
        "the profile",
        "look at AWS_CREDENTIALS_FILE and AWS_CREDENTIALS_PROFILE, or set USE_IAM=true",
    )
}
