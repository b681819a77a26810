//! The server, and what can be asked of it without a client of ours.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use digest_storage::contract::{Subject, buckets};
use digest_storage::{Capabilities, S3Client, StoreOptions};
use http::Request;
use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::client::HttpRequestBody;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The client that this build is about.
pub(crate) const CLIENT: S3Client = if cfg!(feature = "rusoto") {
    S3Client::Rusoto
} else {
    S3Client::ObjectStore
};

#[allow(
    clippy::disallowed_methods,
    reason = "a test, not a process, is told where its server is"
)]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn endpoint() -> String {
    told("MOTO_ENDPOINT").expect("MOTO_ENDPOINT says where moto listens: run scripts/integration")
}

/// Another server than moto looks at keys and region.
fn keys() -> AwsCredential {
    let or = |name, default: &str| told(name).unwrap_or_else(|| default.to_owned());
    AwsCredential {
        key_id: or("CONTRACT_ACCESS_KEY", buckets::ACCESS_KEY),
        secret_key: or("CONTRACT_SECRET_KEY", buckets::SECRET_KEY),
        token: None,
    }
}

fn region() -> String {
    told("CONTRACT_REGION").unwrap_or_else(|| "us-east-1".to_owned())
}

/// How the server is reached.
pub(crate) fn options() -> StoreOptions {
    let keys = keys();
    let keys = Credentials::new(keys.key_id, keys.secret_key, None, None, "contract");
    StoreOptions {
        region: Some(region()),
        credentials: Some(SharedCredentialsProvider::new(keys)),
        ..buckets::options(&endpoint(), CLIENT)
    }
}

/// A place in a fresh bucket, with the capabilities that the server is said to have: `CONTRACT_LACKS` names those that it
/// has not.
pub(crate) async fn subject(prefix: &str) -> Subject {
    let subject = buckets::subject(&options(), &bucket().await, prefix, ());
    let lacks = told("CONTRACT_LACKS").unwrap_or_default();
    let has = |name| !lacks.split(',').any(|lacking| lacking == name);
    subject.wrapped(|store| {
        let known = store.capabilities();
        store.clone().with_capabilities(Capabilities {
            atomic_create: known.atomic_create && has("atomic_create"),
            compare_and_swap: known.compare_and_swap && has("compare_and_swap"),
            ..known
        })
    })
}

/// A bucket of its own for each test.
pub(crate) async fn bucket() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("contract-{}-{number}", std::process::id());
    put(&name, b"").await;
    name
}

/// A PUT of exactly this path, which no path type has a say in.
pub(crate) async fn put(path: &str, body: &[u8]) {
    let endpoint = endpoint();
    let endpoint = endpoint.trim_end_matches('/');
    let host = endpoint.strip_prefix("http://").unwrap();
    let mut request = Request::put(format!("{endpoint}/{path}"))
        .body(HttpRequestBody::from(body.to_vec()))
        .unwrap();
    let (keys, region) = (keys(), region());
    AwsAuthorizer::new(&keys, "s3", &region).authorize(&mut request, None);
    let mut head = format!(
        "PUT /{path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    if !request.headers().contains_key("host") {
        head += &format!("host: {host}\r\n");
    }
    for (name, value) in request.headers() {
        head += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    head += "\r\n";
    let mut socket = TcpStream::connect(host).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(body).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "PUT {path}: {answer}");
}
