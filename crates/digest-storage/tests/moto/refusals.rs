//! What a server refuses, told apart.

use digest_storage::{ErrorKind, FlowLogs, Records, Store, StoreOptions};
use futures::TryStreamExt;

use crate::server::{bucket, options};

fn open(bucket: &str, options: &StoreOptions) -> Store {
    digest_storage::open(&bucket.parse().unwrap(), options).unwrap()
}

#[tokio::test]
async fn a_missing_bucket_is_told_apart_from_a_missing_object() {
    let id = "7869fe53-0b48-5a77-9358-32a82efe8858".parse().unwrap();
    let present = Records::new(open(&bucket().await, &options()));
    assert_eq!(present.load(id).await.unwrap(), None);
    let missing = open("no-such-bucket", &options());
    let records = Records::new(missing.clone());
    let loaded = records.load(id).await.unwrap_err();
    assert_eq!(loaded.kind(), ErrorKind::NoSuchBucket, "{loaded}");
    let listed = records.list().try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(listed.kind(), ErrorKind::NoSuchBucket, "{listed}");
    let planned = FlowLogs::new(missing.clone()).loose().await.unwrap_err();
    assert_eq!(planned.kind(), ErrorKind::NoSuchBucket, "{planned}");
    assert_eq!(missing.probe().await.unwrap_err().kind(), ErrorKind::NoSuchBucket);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let nobody = StoreOptions {
        endpoint: Some("http://127.0.0.1:1".parse().unwrap()),
        ..options()
    };
    let store = open("bucket", &nobody);
    let error = store.probe().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.is_retryable());
}
