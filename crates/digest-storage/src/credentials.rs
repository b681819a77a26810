//! The one bridge from AWS's credential providers to the clients': fetches when needed, keeps until shortly
//! before they expire.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;
use tokio::sync::Mutex;

/// Credentials are renewed this long before they expire.
const MARGIN: Duration = Duration::from_secs(300);
/// Credentials that say nothing of an end are asked for again after this.
const UNDATED: Duration = Duration::from_secs(900);

/// Gives a client what an AWS provider gives.
#[derive(Debug)]
pub(crate) struct Bridge {
    provider: SharedCredentialsProvider,
    kept: Mutex<Option<(Credentials, SystemTime)>>,
}

impl Bridge {
    pub(crate) fn new(provider: SharedCredentialsProvider) -> Self {
        Self {
            provider,
            kept: Mutex::new(None),
        }
    }

    async fn get(&self) -> Result<Credentials, CredentialsError> {
        let mut kept = self.kept.lock().await;
        let now = SystemTime::now();
        if let Some((credentials, until)) = &*kept
            && now < *until
        {
            return Ok(credentials.clone());
        }
        let fetched = self.provider.provide_credentials().await?;
        let until = fetched
            .expiry()
            .map_or(now + UNDATED, |expiry| expiry.checked_sub(MARGIN).unwrap_or(now));
        *kept = Some((fetched.clone(), until));
        Ok(fetched)
    }
}

#[async_trait]
impl CredentialProvider for Bridge {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let credentials = self
            .get()
            .await
            .map_err(|error| object_store::Error::Unauthenticated {
                path: String::new(),
                source: Box::new(error),
            })?;
        Ok(Arc::new(AwsCredential {
            key_id: credentials.access_key_id().to_owned(),
            secret_key: credentials.secret_access_key().to_owned(),
            token: credentials.session_token().map(str::to_owned),
        }))
    }
}

#[cfg(feature = "rusoto")]
#[async_trait]
impl rusoto_credential::ProvideAwsCredentials for Bridge {
    async fn credentials(
        &self,
    ) -> Result<rusoto_credential::AwsCredentials, rusoto_credential::CredentialsError> {
        let credentials = self
            .get()
            .await
            .map_err(|error| rusoto_credential::CredentialsError::new(error_chain(&error)))?;
        Ok(rusoto_credential::AwsCredentials::new(
            credentials.access_key_id(),
            credentials.secret_access_key(),
            credentials.session_token().map(str::to_owned),
            credentials.expiry().map(Into::into),
        ))
    }
}

/// The error with its causes: rusoto keeps one line of text.
#[cfg(feature = "rusoto")]
fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
