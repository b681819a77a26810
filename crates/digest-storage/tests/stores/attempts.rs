//! Attempts that the S3 client makes anew by itself are counted, by what was asked for.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use digest_storage::{Operation, Place, Store, StoreOptions};
use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A bucket whose server answers with these statuses in turn, the last one for ever.
async fn bucket(statuses: &'static [&'static str]) -> Store {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for round in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let status = statuses[round.min(statuses.len() - 1)];
            let mut head = Vec::new();
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                let mut piece = [0; 4096];
                let read = stream.read(&mut piece).await.unwrap();
                head.extend_from_slice(&piece[..read]);
            }
            let answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let place = Place::S3 {
        bucket: "logs".to_owned(),
        prefix: String::new(),
    };
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    let options = StoreOptions {
        region: Some("us-east-1".to_owned()),
        endpoint: Some(endpoint.parse().unwrap()),
        credentials: Some(SharedCredentialsProvider::new(credentials)),
        ..StoreOptions::default()
    };
    digest_storage::open(&place, &options).unwrap()
}

#[tokio::test]
async fn an_attempt_that_failed_is_counted_also_where_the_request_succeeds() {
    let key = Path::from("key");
    let store = bucket(&["503 Slow Down", "500 Internal Server Error", "200 OK"]).await;
    let listed: Result<Vec<_>, _> = store.object_store().list(None).try_collect().await;
    assert!(listed.is_err(), "an answer without a body is no listing");
    assert_eq!(store.clone().failed_attempts(), [(Operation::List, 2)]);

    let store = bucket(&["503 Slow Down", "404 Not Found"]).await;
    let absent = store.object_store().get(&key).await.unwrap_err();
    assert!(matches!(absent, object_store::Error::NotFound { .. }), "{absent}");
    assert_eq!(store.failed_attempts(), [(Operation::Get, 1)]);
}

#[tokio::test]
async fn what_fails_for_good_has_failed_as_often_as_it_was_tried() {
    let key = Path::from("key");
    let store = bucket(&["503 Service Unavailable"]).await;
    store.object_store().delete(&key).await.unwrap_err();
    // Once, and three times more.
    assert_eq!(store.failed_attempts(), [(Operation::Delete, 4)]);

    let refused = bucket(&["403 Forbidden"]).await;
    refused.object_store().head(&key).await.unwrap_err();
    assert_eq!(refused.failed_attempts(), []);
}
