//! Buckets opened: place, credentials, endpoint and client brought together.

use std::time::Duration;

use digest_core::{DigestId, Scope, Window};
use digest_storage::{Capabilities, FlowLogs, Manifests, Store, StoreError, StoreOptions};
use thiserror::Error;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::credentials::{CredentialsError, credentials, verify};
use crate::environment::{AwsSettings, BucketSettings};
use crate::health::Readiness;
use crate::problem::chain;

/// The start waits this long for a store's first answer to [`probe`].
const PROBE_PATIENCE: Duration = Duration::from_secs(3);
/// A store that could not be probed is asked again after this.
const PROBE_AGAIN: Duration = Duration::from_secs(30);

/// A bucket that cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Nobody's credentials open it.
    #[error("{variable} cannot be opened")]
    Credentials {
        /// The variable that names the bucket.
        variable: &'static str,
        /// Why.
        source: CredentialsError,
    },
    /// The settings name no usable store.
    #[error("{variable} cannot be opened")]
    Store {
        /// The variable that names the bucket.
        variable: &'static str,
        /// Why.
        source: StoreError,
    },
}

/// Opens a bucket. In S3, credentials are fetched once, so that unusable ones are told at the start;
/// whether the bucket exists and may be read is not asked: see [`register`].
///
/// # Errors
/// [`OpenError`] naming the bucket's variable.
pub async fn open_store(bucket: &BucketSettings, aws: &AwsSettings) -> Result<Store, OpenError> {
    let variable = bucket.bucket.variable();
    let mut options = StoreOptions {
        region: bucket.region.clone(),
        endpoint: aws.s3_endpoint.clone(),
        ca_bundle: aws.ca_bundle.clone(),
        kms_key: bucket.kms_key.clone(),
        client: aws.client,
        ..StoreOptions::default()
    };
    if bucket.is_in_s3() {
        let plain = aws
            .s3_endpoint
            .as_ref()
            .is_some_and(|endpoint| endpoint.scheme() == "http");
        options.proxy = aws
            .https_proxy
            .as_ref()
            .filter(|_| !plain)
            .map(ToString::to_string);
        let provider = credentials(aws, bucket.region.as_deref(), bucket.role.as_ref()).await;
        verify(&provider, aws, bucket.role.as_ref())
            .await
            .map_err(|source| OpenError::Credentials { variable, source })?;
        options.credentials = Some(provider);
    }
    digest_storage::open(&bucket.place, &options).map_err(|source| OpenError::Store { variable, source })
}

/// Opens the places of the flow logs.
///
/// # Errors
/// [`OpenError`] of the first one that cannot be opened.
pub async fn open_flow_logs(places: &[BucketSettings], aws: &AwsSettings) -> Result<FlowLogs, OpenError> {
    let mut stores = Vec::with_capacity(places.len());
    for place in places {
        stores.push(open_store(place, aws).await?);
    }
    Ok(FlowLogs::of(stores))
}

/// Makes a store of digests or records part of the process's readiness: every request needs it.
///
/// It is asked for an object that nobody writes. A store that answers 403 for an absent object, as S3
/// does without the permission to list, fails: the service could not tell absence from refusal.
pub fn register(readiness: &Readiness, name: &'static str, store: &Store) {
    let manifests = Manifests::new(store.clone());
    readiness.register(name, true, move || {
        let manifests = manifests.clone();
        async move { reach(&manifests).await.map_err(|error| chain(&error)) }
    });
}

/// Makes the flow logs part of the process's readiness. They are listed, as every build begins: a worker may read
/// nothing but flow logs there, so that no other object can be asked for.
pub fn register_flow_logs(readiness: &Readiness, flow_logs: &FlowLogs) {
    let flow_logs = flow_logs.clone();
    readiness.register("flow logs", true, move || {
        let flow_logs = flow_logs.clone();
        async move { flow_logs.check().await.map_err(|error| chain(&error)) }
    });
}

/// Asks for the manifest of the first minute there is. Read, not just looked up: an answer without a
/// body does not tell a missing bucket from a missing object.
async fn reach(manifests: &Manifests) -> Result<(), StoreError> {
    let Ok(window) = Window::from_unix(0, 60) else {
        return Ok(());
    };
    manifests
        .load(DigestId::of(&window, &Scope::default()))
        .await
        .map(drop)
}

/// Finds out whether a store that this process writes to keeps to preconditions. One that ignores them is named in
/// the log and in the readiness's warnings, and writers look before they write from then on.
///
/// A store that cannot be asked now fails no start: readiness tells that. It is asked again until it answers.
pub async fn probe(readiness: &Readiness, name: &'static str, store: &Store) {
    let (readiness, store) = (readiness.clone(), store.clone());
    let (tried, first) = oneshot::channel::<()>();
    tokio::spawn(async move {
        let mut tried = Some(tried);
        loop {
            match store.probe().await {
                Ok(found) => return note(&readiness, name, &store, found),
                Err(error) if tried.is_some() => {
                    tracing::warn!(part = name, error = %chain(&error), "store could not be probed yet");
                }
                Err(error) => {
                    tracing::debug!(part = name, error = %chain(&error), "store could not be probed yet")
                }
            }
            // Dropping it tells that the first answer has come.
            tried.take();
            sleep(PROBE_AGAIN).await;
        }
    });
    let _ = timeout(PROBE_PATIENCE, first).await;
}

/// Tells what a probe found, where it is less than it should be.
fn note(readiness: &Readiness, name: &'static str, store: &Store, found: Capabilities) {
    let ignored = match (found.atomic_create, found.compare_and_swap) {
        (true, true) => return,
        (false, true) => "If-None-Match",
        (true, false) => "If-Match",
        (false, false) => "If-None-Match and If-Match",
    };
    let warning = format!(
        "the {name} store ignores {ignored} on writes: of several workers that take one job at once, more than one may \
         build it"
    );
    tracing::warn!(part = name, %store, "{warning}");
    readiness.warn(warning);
}
