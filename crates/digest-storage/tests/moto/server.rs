//! The moto server, and what can be asked of it without a client of ours.

use std::sync::atomic::{AtomicU64, Ordering};

use digest_storage::contract::buckets;
use digest_storage::{S3Client, StoreOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[allow(
    clippy::disallowed_methods,
    reason = "a test, not a process, is told where its server is"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn endpoint() -> String {
    variable("MOTO_ENDPOINT").expect("MOTO_ENDPOINT says where moto listens: run scripts/integration")
}

/// The client that this run is about: object_store's unless `S3_CLIENT` says `rusoto`.
fn client() -> S3Client {
    match variable("S3_CLIENT").as_deref() {
        None | Some("object_store") => S3Client::ObjectStore,
        Some("rusoto") => S3Client::Rusoto,
        Some(other) => panic!("S3_CLIENT={other} is no client"),
    }
}

/// How moto is reached.
pub(crate) fn options() -> StoreOptions {
    buckets::options(&endpoint(), client())
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
    let host = endpoint.strip_prefix("http://").unwrap().trim_end_matches('/');
    let mut socket = TcpStream::connect(host).await.unwrap();
    let head = format!(
        "PUT /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(body).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "PUT {path}: {answer}");
}

/// A header of the answer to a HEAD of this path.
pub(crate) async fn header(path: &str, name: &str) -> Option<String> {
    let endpoint = endpoint();
    let host = endpoint.strip_prefix("http://").unwrap().trim_end_matches('/');
    let mut socket = TcpStream::connect(host).await.unwrap();
    // What was written with credentials is private; moto looks for a signature's presence alone.
    let signed = "authorization: AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/s3/aws4_request, \
                  SignedHeaders=host, Signature=0";
    let head = format!("HEAD /{path} HTTP/1.1\r\nhost: {host}\r\n{signed}\r\nconnection: close\r\n\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "HEAD {path}: {answer}");
    let mut headers = answer.lines().filter_map(|line| line.split_once(": "));
    headers
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.to_owned())
}
