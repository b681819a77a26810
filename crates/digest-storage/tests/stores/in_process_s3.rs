//! S3 over a socket, in the process: signatures are checked, conditional writes are a look and then a write.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use digest_storage::contract::{Subject, buckets};
use digest_storage::{Capabilities, ErrorKind, Records, S3Client, StoreOptions, contract_tests};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A server over a directory in which one bucket is; it ends with the test's runtime.
async fn serve(directory: &TempDir) -> String {
    std::fs::create_dir(directory.path().join("bucket")).unwrap();
    let mut service = S3ServiceBuilder::new(FileSystem::new(directory.path()).unwrap());
    service.set_auth(SimpleAuth::from_single(buckets::ACCESS_KEY, buckets::SECRET_KEY));
    let service = service.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move {
                let server = Builder::new(TokioExecutor::new());
                // A client that goes away is none of the server's business.
                let _ = server.serve_connection(TokioIo::new(socket), service).await;
            });
        }
    });
    format!("http://{address}")
}

/// A bucket of the server through this client.
pub(crate) async fn open_with(client: S3Client) -> Subject {
    let directory = tempfile::tempdir().unwrap();
    let options = buckets::options(&serve(&directory).await, client);
    let mut subject = buckets::subject(&options, "bucket", "a/place", directory);
    subject.lists_etags = false;
    subject.wrapped(|store| {
        let capabilities = Capabilities {
            atomic_create: false,
            compare_and_swap: false,
            ..store.capabilities()
        };
        store.clone().with_capabilities(capabilities)
    })
}

async fn open() -> Subject {
    open_with(S3Client::ObjectStore).await
}

contract_tests!(open);

#[tokio::test]
async fn wrong_keys_are_told_as_denied() {
    let directory = tempfile::tempdir().unwrap();
    let right = buckets::options(&serve(&directory).await, S3Client::ObjectStore);
    let keys = Credentials::new("AKIAOTHER", "wrong", None, None, "test");
    let wrong = StoreOptions {
        credentials: Some(SharedCredentialsProvider::new(keys)),
        ..right.clone()
    };
    let (place, id) = (
        "bucket".parse().unwrap(),
        "7869fe53-0b48-5a77-9358-32a82efe8858".parse().unwrap(),
    );
    let records = |options| Records::new(digest_storage::open(&place, options).unwrap());
    assert_eq!(records(&right).load(id).await.unwrap(), None);
    let denied = records(&wrong).load(id).await.unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::AccessDenied, "{denied}");
}
