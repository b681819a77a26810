//! The server that every service runs in: problem documents, request ids, health, limits, its end.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix_web::{HttpResponse, web};
use digesterd_process::environment::{Limits, Service};
use digesterd_process::guard::Guard;
use digesterd_process::health::Readiness;
use digesterd_process::metrics::Metrics;
use digesterd_process::problem::{Problem, ProblemKind};
use digesterd_process::server;
use digesterd_process::shutdown::Shutdown;
use futures::StreamExt;
use reqwest::{Client, Method, Response};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

struct Running {
    address: SocketAddr,
    readiness: Readiness,
    shutdown: Shutdown,
    task: JoinHandle<std::io::Result<()>>,
}

impl Running {
    async fn call(&self, method: Method, path: &str) -> Response {
        let url = format!("http://{}{path}", self.address);
        Client::new().request(method, url).send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Response {
        self.call(Method::GET, path).await
    }
}

fn metrics() -> Metrics {
    Metrics::new("tested")
}

fn limits() -> Limits {
    Limits {
        body: 1000,
        request_timeout: Duration::from_millis(600),
        ..Limits::default()
    }
}

fn service() -> Service {
    Service {
        port: 0,
        metrics_port: None,
        listen_address: [127, 0, 0, 1].into(),
        limits: limits(),
        tls: None,
        shutdown_grace: Duration::from_secs(5),
    }
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route(
            "/echo",
            web::post().to(async |body: web::Bytes| HttpResponse::Ok().body(body)),
        )
        .route(
            "/slow",
            web::get().to(async || {
                tokio::time::sleep(Duration::from_millis(800)).await;
                HttpResponse::Ok().body("done")
            }),
        )
        .route(
            "/busy",
            web::get().to(async || -> Result<HttpResponse, Problem> {
                let busy = Problem::new(ProblemKind::TooManyRequests, "come back");
                Err(busy.retry_after(Duration::from_millis(1500)))
            }),
        );
}

fn start() -> Running {
    let readiness = Readiness::new();
    let listening = server::listen(&service(), &Guard::Open, &readiness, &metrics(), routes).unwrap();
    let address = listening.address();
    let shutdown = Shutdown::new();
    let stop = shutdown.clone();
    let task = tokio::spawn(async move { listening.run(&stop).await });
    Running {
        address,
        readiness,
        shutdown,
        task,
    }
}

async fn problem(response: Response) -> Value {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let status = response.status().as_u16();
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let document: Value = response.json().await.unwrap();
    assert_eq!(document["status"], status);
    assert_eq!(document["type"], "about:blank");
    assert_eq!(document["instance"], id.as_str());
    assert_eq!(document["detail"], document["message"]);
    assert!(document["title"].is_string());
    document
}

#[tokio::test]
async fn every_error_is_a_problem_document() {
    let running = start();
    let missing = running.get("/nowhere").await;
    assert_eq!(missing.status(), 404);
    problem(missing).await;

    let busy = running.get("/busy").await;
    assert_eq!(busy.status(), 429);
    assert_eq!(busy.headers()["retry-after"], "2");
    assert_eq!(problem(busy).await["message"], "come back");

    let long = running.get(&format!("/nowhere?{}", "x".repeat(50_000))).await;
    assert_eq!(long.status(), 414);
    problem(long).await;

    let health = running.call(Method::DELETE, "/livez").await;
    assert_eq!(health.status(), 405);
    assert_eq!(health.headers()["allow"], "GET, HEAD");
    problem(health).await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_however_it_is_sent() {
    let running = start();
    let url = format!("http://{}/echo", running.address);
    let send = |body: reqwest::Body| Client::new().post(&url).body(body).send();
    let fits = send(vec![b'x'; 1000].into()).await.unwrap();
    assert_eq!(fits.status(), 200);
    let long = send(vec![b'x'; 1001].into()).await.unwrap();
    assert_eq!(long.status(), 413);
    problem(long).await;
    let pieces = (0..3).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 500]));
    let chunked = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
    let long = send(chunked).await.unwrap();
    assert_eq!(long.status(), 413);
    problem(long).await;
}

#[tokio::test]
async fn a_plain_request_id_comes_back_and_any_other_is_replaced() {
    let running = start();
    let ask = async |id: &str| {
        let request = Client::new().get(format!("http://{}/livez", running.address));
        let answer = request.header("x-request-id", id).send().await.unwrap();
        answer.headers()["x-request-id"].to_str().unwrap().to_owned()
    };
    assert_eq!(ask("abc-1.2_3").await, "abc-1.2_3");
    for odd in ["a b", "a\"b", "<script>", &"x".repeat(129)] {
        let fresh = ask(odd).await;
        assert_eq!(fresh.len(), 36, "{fresh}");
    }
}

#[tokio::test]
async fn readiness_names_what_fails_and_asks_once_for_many_probes() {
    let running = start();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    running.readiness.register("storage", true, move || {
        counter.fetch_add(1, Ordering::Relaxed);
        async { Ok(()) }
    });
    running
        .readiness
        .register("queue", false, || async { Err("down".to_owned()) });
    for _ in 0..5 {
        let ready = running.get("/readyz").await;
        assert_eq!(ready.status(), 200);
        let report: Value = ready.json().await.unwrap();
        assert_eq!(report["status"], "degraded");
        assert_eq!(report["parts"][1]["name"], "queue");
        assert_eq!(report["parts"][1]["ok"], false);
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    running.readiness.drain();
    assert_eq!(running.get("/readyz").await.status(), 503);
    assert_eq!(running.get("/livez").await.status(), 200);
    assert_eq!(running.get("/healthz").await.status(), 200);
}

#[tokio::test]
async fn a_required_part_that_fails_makes_the_process_unready_but_not_dead() {
    let running = start();
    running.readiness.register("progress", true, || async {
        Err("denied by arn:secret".to_owned())
    });
    let ready = running.get("/readyz").await;
    assert_eq!(ready.status(), 503);
    let text = ready.text().await.unwrap();
    assert!(
        text.contains("progress") && !text.contains("arn:secret"),
        "{text}"
    );
    assert_eq!(running.get("/livez").await.status(), 200);
}

#[tokio::test]
async fn shutdown_finishes_what_is_in_flight_and_no_more() {
    let running = start();
    // An idle connection must not hold the end up.
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    idle.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut buffer = [0; 1024];
    assert!(idle.read(&mut buffer).await.unwrap() > 0);

    let url = format!("http://{}/slow", running.address);
    let slow = tokio::spawn(async move { Client::new().get(url).send().await.unwrap().text().await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let began = Instant::now();
    running.shutdown.request();
    assert_eq!(slow.await.unwrap().unwrap(), "done");
    running.task.await.unwrap().unwrap();
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn a_body_that_does_not_come_in_time_is_408_and_its_connection_ends() {
    let running = start();
    let mut slow = TcpStream::connect(running.address).await.unwrap();
    slow.write_all(b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nslow")
        .await
        .unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(Duration::from_secs(30), slow.read_to_end(&mut answer))
        .await
        .unwrap()
        .unwrap();
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
    // One that is slow and still comes is taken.
    let pieces = futures::stream::iter(0..3).then(async |_| {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Ok::<_, std::io::Error>(vec![b'x'; 10])
    });
    let body = reqwest::Body::wrap_stream(Box::pin(pieces));
    let url = format!("http://{}/echo", running.address);
    let taken = Client::new().post(url).body(body).send().await.unwrap();
    assert_eq!(
        (taken.status().as_u16(), taken.text().await.unwrap().len()),
        (200, 30)
    );
}

#[tokio::test]
async fn headers_that_do_not_come_in_time_end_their_connection() {
    let running = start();
    let mut slow = TcpStream::connect(running.address).await.unwrap();
    slow.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(Duration::from_secs(30), slow.read_to_end(&mut answer))
        .await
        .unwrap()
        .unwrap();
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 408 "),
        "{answer}"
    );
}

#[tokio::test]
async fn a_service_ends_with_its_grace_whatever_its_work_and_its_callers_do() {
    let grace = Duration::from_secs(1);
    let listening = server::listen(&service(), &Guard::Open, &Readiness::new(), &metrics(), routes).unwrap();
    let address = listening.address();
    let shutdown = Shutdown::new();
    let stop = shutdown.clone();
    let (told, share) = tokio::sync::oneshot::channel();
    let drain = move |share| async move {
        told.send(share).unwrap();
        std::future::pending::<()>().await;
    };
    let task = tokio::spawn(async move { listening.run_draining(&stop, grace, drain).await });
    let mut caller = TcpStream::connect(address).await.unwrap();
    caller
        .write_all(b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf")
        .await
        .unwrap();
    let began = Instant::now();
    shutdown.request();
    task.await.unwrap().unwrap();
    assert!(
        began.elapsed() >= grace && began.elapsed() < grace * 4,
        "{:?}",
        began.elapsed()
    );
    assert!(share.await.unwrap() < grace);
}

#[tokio::test]
async fn a_port_in_use_is_told_by_its_variable() {
    let running = start();
    let taken = Service {
        port: running.address.port(),
        ..service()
    };
    let refused = server::listen(&taken, &Guard::Open, &Readiness::new(), &metrics(), routes).unwrap_err();
    let message = refused.to_string();
    assert!(message.contains(&running.address.to_string()), "{message}");
    assert!(message.contains("PORT"), "{message}");
}
