//! A server that plays a script, one turn for each connection, and keeps what it was sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the listener does with one connection.
#[derive(Clone, Copy)]
pub(crate) enum Turn {
    /// A status and further header lines.
    Answer(&'static str),
    /// A status and a body.
    Body(&'static str, &'static str),
    Reset,
    Hang,
}

/// A listener that plays its turns in order, the last one for ever, and keeps what it was sent.
pub(crate) struct Listener {
    pub(crate) endpoint: String,
    pub(crate) seen: Arc<Mutex<Vec<String>>>,
}

pub(crate) async fn listen(turns: &'static [Turn]) -> Listener {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    tokio::spawn(async move {
        for round in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let turn = turns[round.min(turns.len() - 1)];
            let kept = Arc::clone(&kept);
            tokio::spawn(async move {
                let request = read_request(&mut stream).await;
                kept.lock().unwrap().push(request);
                let (head, body) = match turn {
                    Turn::Answer(head) => (head, ""),
                    Turn::Body(head, body) => (head, body),
                    Turn::Reset => return drop(stream),
                    Turn::Hang => return tokio::time::sleep(Duration::from_secs(60)).await,
                };
                let length = body.len();
                let answer =
                    format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
                stream.write_all(answer.as_bytes()).await.unwrap();
            });
        }
    });
    Listener { endpoint, seen }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        if read == 0 || text.trim_end().ends_with('}') {
            return text;
        }
    }
}
