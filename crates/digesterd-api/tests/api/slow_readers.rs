//! Who reads a digest slowly gets all of it, however long that takes; who takes nothing any more is cut.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use digesterd_process::environment::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use crate::app::{HOUR, HOUR_ID, TestApp};

/// `DIGEST_STALL_TIMEOUT`, a minute by default.
const STALL: Duration = Duration::from_secs(1);
/// Bytes of the digest: more than all buffers between store and reader hold.
const SIZE: usize = 20 << 20;
/// What a reader takes at once, and how often: 5 MiB/s, so that the whole takes four times the timeout.
const SIP: usize = 256 << 10;
const PAUSE: Duration = Duration::from_millis(50);

/// An API over directories with a large digest.
async fn app(directory: &tempfile::TempDir) -> TestApp {
    let stores = TestApp::local(directory);
    let limits = Limits {
        stall_timeout: STALL,
        ..Limits::default()
    };
    let app = TestApp::limited(stores.storage.clone(), stores.progress.clone(), limits);
    let body = Bytes::from(vec![7; SIZE]);
    app.put(&app.storage, &format!("{HOUR_ID}.log.gz"), body).await;
    app
}

/// A connection that has asked for the digest, with a buffer that hides little of its reader's pace.
async fn asked(app: &TestApp) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 << 10).unwrap();
    let mut stream = socket.connect(app.address).await.unwrap();
    let request = format!("GET /?{HOUR} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Reads at most so many bytes at the reader's pace: how many came before the end, or before the connection broke.
async fn sipped(stream: &mut TcpStream, most: usize) -> usize {
    let (mut sip, mut read) = (vec![0; SIP], 0);
    while read < most {
        let mut taken = 0;
        while taken < SIP {
            match stream.read(&mut sip[taken..]).await {
                Ok(0) | Err(_) => return read + taken,
                Ok(bytes) => taken += bytes,
            }
        }
        read += taken;
        sleep(PAUSE).await;
    }
    read
}

#[tokio::test]
async fn a_reader_that_is_slower_than_the_network_gets_all_of_a_digest() {
    let directory = tempfile::tempdir().unwrap();
    let app = app(&directory).await;
    let mut stream = asked(&app).await;
    let began = Instant::now();
    let read = sipped(&mut stream, usize::MAX).await;
    // The answer's headers come before it.
    assert!((SIZE..SIZE + 2048).contains(&read), "{read} bytes came");
    assert!(began.elapsed() > 3 * STALL, "too fast to prove anything");
}

#[tokio::test]
async fn a_reader_that_takes_nothing_any_more_is_cut_in_the_middle() {
    let directory = tempfile::tempdir().unwrap();
    let app = app(&directory).await;
    let mut stream = asked(&app).await;
    assert!(sipped(&mut stream, 1 << 20).await >= 1 << 20);
    // The system looks at a full window only now and then: it may take some times the timeout.
    sleep(6 * STALL).await;
    let rest = timeout(Duration::from_secs(20), sipped(&mut stream, usize::MAX)).await;
    let rest = rest.expect("the connection was neither cut nor served");
    assert!(rest < SIZE - (2 << 20), "{rest} bytes came behind the pause");
}
