//! A plain S3 server over a directory, for measurements: `s3_server DIRECTORY` serves each of its folders as a bucket on
//! loopback and prints the address. Signatures are checked against the contract's keys. Not for keeping anything: a
//! conditional write is a look and then a write.
#![allow(clippy::print_stdout, reason = "whoever starts it has to learn the address")]

use std::error::Error;
use std::path::PathBuf;

use digest_storage::contract::buckets;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args_os().nth(1).map(PathBuf::from);
    let directory = directory.ok_or("which directory?")?;
    let files = FileSystem::new(directory).map_err(|error| format!("{error:?}"))?;
    let mut service = S3ServiceBuilder::new(files);
    service.set_auth(SimpleAuth::from_single(buckets::ACCESS_KEY, buckets::SECRET_KEY));
    let service = service.build();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let service = service.clone();
        tokio::spawn(async move {
            let server = Builder::new(TokioExecutor::new());
            // A client that goes away is none of the server's business.
            let _ = server.serve_connection(TokioIo::new(socket), service).await;
        });
    }
}
