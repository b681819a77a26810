//! The one bridge from AWS's credential providers to the store's: fetches when needed, keeps until shortly
//! before they expire.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;
use tokio::sync::Mutex;

/// Credentials are renewed this long before they expire.
const MARGIN: Duration = Duration::from_secs(300);
/// Credentials that say nothing of an end are asked for again after this.
const UNDATED: Duration = Duration::from_secs(900);

/// Gives the store what an AWS provider gives.
#[derive(Debug)]
pub(crate) struct Bridge {
    provider: SharedCredentialsProvider,
    kept: Mutex<Option<(Arc<AwsCredential>, SystemTime)>>,
}

impl Bridge {
    pub(crate) fn new(provider: SharedCredentialsProvider) -> Self {
        Self {
            provider,
            kept: Mutex::new(None),
        }
    }
}

#[async_trait]
impl CredentialProvider for Bridge {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let mut kept = self.kept.lock().await;
        let now = SystemTime::now();
        if let Some((credential, until)) = &*kept
            && now < *until
        {
            return Ok(Arc::clone(credential));
        }
        let fetched = self.provider.provide_credentials().await.map_err(|error| {
            object_store::Error::Unauthenticated {
                path: String::new(),
                source: Box::new(error),
            }
        })?;
        let until = fetched
            .expiry()
            .map_or(now + UNDATED, |expiry| expiry.checked_sub(MARGIN).unwrap_or(now));
        let credential = Arc::new(convert(&fetched));
        *kept = Some((Arc::clone(&credential), until));
        Ok(credential)
    }
}

fn convert(credentials: &Credentials) -> AwsCredential {
    AwsCredential {
        key_id: credentials.access_key_id().to_owned(),
        secret_key: credentials.secret_access_key().to_owned(),
        token: credentials.session_token().map(str::to_owned),
    }
}
