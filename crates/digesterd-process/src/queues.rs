//! Queues opened: address, credentials, certificates and proxy brought together.

use std::sync::Arc;

use digest_queue::{ApplianceOptions, HttpAppliance, JobQueue, QueueError, SqsOptions, SqsQueue};
use thiserror::Error;

use crate::credentials::{CredentialsError, credentials, verify};
use crate::environment::{AwsSettings, QueueSettings, Secret, SqsSettings};
use crate::health::Readiness;
use crate::problem::chain;

/// A queue that cannot be opened.
#[derive(Debug, Error)]
pub enum OpenQueueError {
    /// Nobody's credentials open it.
    #[error("SQS_QUEUE_URL cannot be opened")]
    Credentials(#[from] CredentialsError),
    /// The settings name no usable queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Opens the queue that jobs are sent to. Nothing is sent. A worker in the appliance's place may want to be told a secret.
///
/// # Errors
/// [`OpenQueueError`].
pub async fn open_queue(
    settings: &QueueSettings,
    aws: &AwsSettings,
    secret: Option<&Secret>,
) -> Result<Arc<dyn JobQueue>, OpenQueueError> {
    Ok(match settings {
        QueueSettings::Appliance(appliance) => Arc::new(HttpAppliance::new(&ApplianceOptions {
            endpoint: appliance.endpoint.clone(),
            topic: appliance.topic.clone(),
            ca_bundle: aws.ca_bundle.clone(),
            proxy: aws.https_proxy.clone(),
            secret: secret.map(|secret| secret.expose().to_owned()),
        })?),
        QueueSettings::Sqs(sqs) => Arc::new(open_sqs(sqs, aws).await?),
    })
}

/// Opens a queue of SQS, with the same credentials as buckets without a role of their own. They are fetched once, so
/// that unusable ones are told at the start.
///
/// # Errors
/// [`OpenQueueError`].
pub async fn open_sqs(settings: &SqsSettings, aws: &AwsSettings) -> Result<SqsQueue, OpenQueueError> {
    let provider = credentials(aws, Some(&settings.region), None).await;
    verify(&provider, aws, None).await?;
    Ok(SqsQueue::new(&SqsOptions {
        queue_url: settings.url.clone(),
        region: settings.region.clone(),
        endpoint: settings.endpoint(aws.sqs_endpoint.as_ref()),
        credentials: provider,
        ca_bundle: aws.ca_bundle.clone(),
        proxy: aws.https_proxy.clone(),
    })?)
}

/// Makes a queue part of the process's readiness. No request needs it: digests are handed out, and records are swept,
/// whether or not it can be reached.
pub fn register_queue(readiness: &Readiness, queue: Arc<dyn JobQueue>) {
    readiness.register("queue", false, move || {
        let queue = Arc::clone(&queue);
        async move { queue.check().await.map_err(|error| chain(&error)) }
    });
}
