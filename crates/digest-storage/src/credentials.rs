//! The one bridge from AWS's credential providers to the clients': fetches when needed, keeps until shortly
//! before they expire.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// Set by the store where it is told that they have expired, whatever they say of their end.
    expired: Arc<AtomicBool>,
}

impl Bridge {
    pub(crate) fn new(provider: SharedCredentialsProvider) -> Self {
        Self {
            provider,
            kept: Mutex::new(None),
            expired: Arc::default(),
        }
    }

    /// What the store sets that uses these credentials.
    pub(crate) fn expired(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.expired)
    }

    async fn get(&self) -> Result<Credentials, CredentialsError> {
        let mut kept = self.kept.lock().await;
        let now = SystemTime::now();
        let has_expired = self.expired.swap(false, Ordering::Relaxed);
        if let Some((credentials, until)) = &*kept
            && now < *until
            && !has_expired
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use aws_credential_types::provider::future::ProvideCredentials as Provided;

    use super::*;

    /// Numbers what it gives.
    #[derive(Debug, Default)]
    struct Counting(AtomicUsize);

    impl ProvideCredentials for Counting {
        fn provide_credentials<'a>(&'a self) -> Provided<'a>
        where
            Self: 'a,
        {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            Provided::ready(Ok(Credentials::new(
                format!("key{number}"),
                "secret",
                None,
                None,
                "test",
            )))
        }
    }

    #[tokio::test]
    async fn credentials_that_a_store_calls_expired_are_fetched_anew() {
        let bridge = Bridge::new(SharedCredentialsProvider::new(Counting::default()));
        let expired = bridge.expired();
        for _ in 0..2 {
            assert_eq!(bridge.get().await.unwrap().access_key_id(), "key0");
        }
        expired.store(true, Ordering::Relaxed);
        for _ in 0..2 {
            assert_eq!(bridge.get().await.unwrap().access_key_id(), "key1");
        }
    }
}
