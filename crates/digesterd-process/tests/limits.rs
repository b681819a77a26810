//! What one caller may take: headers, connections, and answers that are not read. Bodies, addresses and slow senders are tried
//! in `server.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use actix_web::{HttpResponse, web};
use bytes::Bytes;
use digesterd_process::environment::{Limits, Service};
use digesterd_process::guard::Guard;
use digesterd_process::health::Readiness;
use digesterd_process::metrics::Metrics;
use digesterd_process::server;
use digesterd_process::shutdown::Shutdown;
use futures::stream;
use reqwest::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{sleep, timeout};

/// Tells when it is dropped, with the answer that holds it.
struct Gone(UnboundedSender<()>);

impl Drop for Gone {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

/// A server with these limits, and a word whenever one of its endless answers is let go.
fn start(limits: Limits) -> (SocketAddr, UnboundedReceiver<()>) {
    let service = Service {
        port: 0,
        listen_address: [127, 0, 0, 1].into(),
        limits,
        ..Service::default()
    };
    let (sender, gone) = unbounded_channel();
    let routes = move |config: &mut web::ServiceConfig| {
        let sender = sender.clone();
        let endless = move || {
            let gone = Gone(sender.clone());
            async move {
                let pieces = stream::unfold(gone, |gone| async {
                    Some((
                        Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 16 << 10])),
                        gone,
                    ))
                });
                HttpResponse::Ok().streaming(Box::pin(pieces))
            }
        };
        config
            .route("/endless", web::get().to(endless))
            .route("/", web::get().to(HttpResponse::Ok));
    };
    let metrics = Metrics::new("tested");
    let listening = server::listen(&service, &Guard::Open, &Readiness::new(), &metrics, routes).unwrap();
    let address = listening.address();
    tokio::spawn(async move { listening.run(&Shutdown::new()).await });
    (address, gone)
}

#[tokio::test]
async fn headers_over_the_limit_are_431() {
    let (address, _) = start(Limits {
        headers: 2000,
        ..Limits::default()
    });
    let ask = async |length: usize| {
        let request = Client::new().get(format!("http://{address}/"));
        request.header("x-long", "x".repeat(length)).send().await.unwrap()
    };
    assert_eq!(ask(1500).await.status(), 200);
    let refused = ask(2000).await;
    assert_eq!(refused.status(), 431);
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    assert!(refused.text().await.unwrap().contains("at most 2000 are read"));
    // Many small ones are as long.
    let mut many = Client::new().get(format!("http://{address}/"));
    for number in 0..90 {
        many = many.header(format!("x-{number}"), "x".repeat(30));
    }
    assert_eq!(many.send().await.unwrap().status(), 431);
    // What the HTTP layer itself does not read is refused by it, and the server goes on.
    let mut socket = TcpStream::connect(address).await.unwrap();
    let _ = socket.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-long: ").await;
    let _ = socket.write_all(&vec![b'x'; 1 << 20]).await;
    let mut answer = Vec::new();
    let _ = timeout(Duration::from_secs(20), socket.read_to_end(&mut answer))
        .await
        .unwrap();
    assert!(!String::from_utf8_lossy(&answer).contains(" 200 "));
    assert_eq!(ask(10).await.status(), 200);
}

#[tokio::test]
async fn connections_over_the_limit_wait_for_others_to_be_closed() {
    let (address, _) = start(Limits {
        connections: 1,
        ..Limits::default()
    });
    let ask = async || {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        socket
    };
    let answered = async |socket: &mut TcpStream, patience: u64| {
        let mut answer = [0; 12];
        let read = timeout(Duration::from_millis(patience), socket.read_exact(&mut answer)).await;
        read.is_ok_and(|read| read.is_ok()) && &answer == b"HTTP/1.1 200"
    };
    let mut first = ask().await;
    assert!(answered(&mut first, 5000).await);
    let mut second = ask().await;
    assert!(
        !answered(&mut second, 700).await,
        "one connection too many was answered"
    );
    drop(first);
    assert!(answered(&mut second, 10_000).await);
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_client_that_reads_nothing_is_cut_and_one_that_reads_slowly_is_not() {
    let stall = Duration::from_secs(2);
    let (address, mut gone) = start(Limits {
        stall_timeout: stall,
        ..Limits::default()
    });
    let ask = async || {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket
            .write_all(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        socket
    };
    let stalled = ask().await;
    let began = Instant::now();
    timeout(Duration::from_secs(60), gone.recv())
        .await
        .unwrap()
        .unwrap();
    assert!(began.elapsed() >= stall, "{:?}", began.elapsed());
    drop(stalled);
    let mut slow = ask().await;
    let mut some = vec![0; 128 << 10];
    for _ in 0..30 {
        slow.read_exact(&mut some).await.unwrap();
        sleep(Duration::from_millis(200)).await;
    }
    assert!(gone.try_recv().is_err(), "a slow reader was cut");
}
