//! Each bucket tried with what its process will do: list, read, write under a condition, delete.

use std::io::Read;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use digest_core::{DigestId, Scope, Window};
use digest_storage::{ErrorKind, FlowLogObject, FlowLogs, Manifests, Prefetch, Store, StoreError};
use digesterd_process::credentials;
use digesterd_process::environment::{AwsSettings, BucketSettings};
use digesterd_process::problem::chain;
use digesterd_process::stores::{OpenError, open_store};
use digesterd_worker::Settings;
use tokio::time::timeout;

use crate::findings::Finding;

/// How far back flow logs are looked for.
const RECENTLY: TimeDelta = TimeDelta::hours(1);
/// Longest that looking for them may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes that are read of an object.
const READ: usize = 1024;

/// The credentials that open these buckets, if there are any buckets.
pub(super) async fn credentials(aws: &AwsSettings, in_s3: &[&BucketSettings]) -> Option<Finding> {
    const WHAT: &str = "credentials";
    let region = in_s3.first()?.region.as_deref();
    let provider = credentials::credentials(aws, region, None).await;
    Some(match credentials::verify(&provider, aws, None).await {
        Ok(()) => Finding::ok(
            WHAT,
            "there are credentials; the buckets tell whether they are good",
        ),
        Err(error) => Finding::failed(WHAT, chain(&error)),
    })
}

/// A place of the flow logs.
pub(super) async fn flow_logs(bucket: &BucketSettings, settings: &Settings) -> Finding {
    const WHAT: &str = "flow logs";
    let store = match opened(WHAT, bucket, &settings.aws).await {
        Ok(store) => store,
        Err(finding) => return finding,
    };
    let scan = Scope::new(&settings.scan.accounts, &settings.scan.regions).unwrap_or_default();
    let flow_logs = FlowLogs::new(store).scanning(scan);
    match flow_logs.is_laid_out().await {
        Ok(true) => {}
        Ok(false) => {
            let told = format!(
                "{} can be listed and has no AWSLogs folder: check the prefix in {}, or wait for the first delivery",
                bucket.place,
                bucket.bucket.variable(),
            );
            return Finding::warning(WHAT, told);
        }
        Err(error) => return failed(WHAT, bucket, &error),
    }
    let recent = match timeout(PATIENCE, newest(&flow_logs)).await {
        Ok(Ok(recent)) => recent,
        Ok(Err(error)) => return failed(WHAT, bucket, &error),
        Err(_) => {
            let told = format!(
                "listing the last hour took more than {} s: name accounts and regions with \
                 VPC_FLOW_LOGS_SCAN_ACCOUNTS and VPC_FLOW_LOGS_SCAN_REGIONS",
                PATIENCE.as_secs()
            );
            return Finding::warning(WHAT, told);
        }
    };
    let Some(object) = recent else {
        let told = format!(
            "{} can be listed and has no object of the last hour: whether objects may be read was not tried",
            bucket.place
        );
        return Finding::warning(WHAT, told);
    };
    match read(&flow_logs, &object).await {
        Ok(()) => Finding::ok(WHAT, format!("{} can be listed and read", bucket.place)),
        Err(error) => Finding::failed(
            WHAT,
            format!(
                "{} could not be read: {error}; the worker needs s3:GetObject on it",
                object.key
            ),
        ),
    }
}

/// The bucket of the digests, or of the job records.
pub(super) async fn of_digests(
    what: &'static str,
    bucket: &BucketSettings,
    aws: &AwsSettings,
    is_written: bool,
) -> Finding {
    let store = match opened(what, bucket, aws).await {
        Ok(store) => store,
        Err(finding) => return finding,
    };
    if let Err(error) = store.peek().await {
        return failed(what, bucket, &error);
    }
    if !is_written {
        return match reads_what_is_absent(&store).await {
            Ok(()) => Finding::ok(what, format!("{} can be listed and read", bucket.place)),
            Err(error) => failed(what, bucket, &error),
        };
    }
    match store.probe().await {
        Ok(found) if found.atomic_create && found.compare_and_swap => {
            let told = format!(
                "{} can be listed, read, written under conditions, deleted",
                bucket.place
            );
            Finding::ok(what, told)
        }
        Ok(found) => {
            let ignored = match (found.atomic_create, found.compare_and_swap) {
                (false, true) => "If-None-Match",
                (true, false) => "If-Match",
                _ => "If-None-Match and If-Match",
            };
            let told = format!(
                "{} works and ignores {ignored} on PUT: a digest may be built twice at once; use a store with \
                 conditional writes",
                bucket.place
            );
            Finding::warning(what, told)
        }
        Err(error) => failed(what, bucket, &error),
    }
}

/// Asks for an object that nobody writes: to be told that it is absent takes the permission to read.
async fn reads_what_is_absent(store: &Store) -> Result<(), StoreError> {
    let Ok(window) = Window::from_unix(0, 60) else {
        return Ok(());
    };
    let id = DigestId::of(&window, &Scope::default());
    Manifests::new(store.clone()).load(id).await.map(drop)
}

async fn opened(what: &'static str, bucket: &BucketSettings, aws: &AwsSettings) -> Result<Store, Finding> {
    open_store(bucket, aws).await.map_err(|error| match &error {
        OpenError::Credentials { .. } => Finding::failed(what, chain(&error)),
        OpenError::Store { source, .. } => failed(what, bucket, source),
    })
}

/// The newest flow log object of the last hour.
async fn newest(flow_logs: &FlowLogs) -> Result<Option<FlowLogObject>, StoreError> {
    let now = Utc::now();
    let Ok(window) = Window::from_unix((now - RECENTLY).timestamp(), now.timestamp()) else {
        return Ok(None);
    };
    let plan = flow_logs
        .plan(&window, &Scope::default(), TimeDelta::zero())
        .await?;
    Ok(plan.objects.into_iter().max_by_key(|object| object.named))
}

/// Reads the first bytes of an object.
async fn read(flow_logs: &FlowLogs, object: &FlowLogObject) -> anyhow::Result<()> {
    let mut reader = Prefetch::new(1, 1 << 20).open(flow_logs, object).await?;
    let reading = tokio::task::spawn_blocking(move || reader.read(&mut [0; READ]));
    reading.await??;
    Ok(())
}

/// A request that failed, and what to do about it.
fn failed(what: &'static str, bucket: &BucketSettings, error: &StoreError) -> Finding {
    let variable = bucket.bucket.variable();
    let told = chain(error);
    // S3 says which region it expected, the client which answer it could not follow.
    let of_region = [
        "AuthorizationHeaderMalformed",
        "PermanentRedirect",
        "redirect",
        "IllegalLocation",
    ];
    let advice = if of_region.iter().any(|sign| told.contains(sign)) {
        format!("the bucket is in another region: set {variable}_REGION or REGION")
    } else {
        match error.kind() {
            ErrorKind::NoSuchBucket => format!("make the bucket, or correct {variable}"),
            ErrorKind::AccessDenied => {
                "docs/permissions.md lists what each process needs; a bucket in another account needs a policy or a \
                 role of its own"
                    .to_owned()
            }
            ErrorKind::Settings => format!("correct {variable} and its companions"),
            ErrorKind::Timeout | ErrorKind::Unavailable => {
                "check the network's way to the store, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 and HTTPS_PROXY".to_owned()
            }
            _ => format!("correct {variable}, or see docs/operations.md"),
        }
    };
    Finding::failed(what, format!("{told}; {advice}"))
}
