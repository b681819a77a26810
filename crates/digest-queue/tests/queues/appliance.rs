//! The appliance over real sockets: what is sent, what counts as taken, when it gives up.

use std::time::{Duration, Instant};

use digest_queue::{ApplianceOptions, HttpAppliance, JobQueue, QueueErrorKind, SendContext};
use tokio::net::TcpListener;

use crate::job;
use crate::listener::{Listener, Turn, listen};

fn appliance(endpoint: &str, topic: Option<&str>) -> HttpAppliance {
    HttpAppliance::new(&ApplianceOptions {
        endpoint: endpoint.parse().unwrap(),
        topic: topic.map(str::to_owned),
        ca_bundle: None,
        proxy: None,
        secret: None,
    })
    .unwrap()
}

async fn send(listener: &Listener) -> Result<(), digest_queue::QueueError> {
    appliance(&listener.endpoint, Some("digests"))
        .send(&job(), &SendContext::default())
        .await
}

#[tokio::test]
async fn sends_the_job_with_its_headers() {
    let listener = listen(&[Turn::Answer("200 OK")]).await;
    let context = SendContext {
        request_id: Some("req-1".to_owned()),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
    };
    appliance(&format!("{}/base", listener.endpoint), Some("digests"))
        .send(&job(), &context)
        .await
        .unwrap();
    let request = listener.seen.lock().unwrap()[0].clone();
    assert!(
        request.starts_with("POST /base/digests/event HTTP/1.1\r\n"),
        "{request}"
    );
    for line in [
        "content-type: application/json",
        "prefer: respond-async",
        "x-request-id: req-1",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ] {
        assert!(
            request.contains(&format!("\r\n{line}\r\n")),
            "{line} in {request}"
        );
    }
    // Queues that keep the body alone keep the trace.
    let carried = r#","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}"#;
    let body = job().to_json().replace('}', carried);
    assert!(request.ends_with(&body), "{request}");
}

#[tokio::test]
async fn without_a_topic_posts_to_the_bare_endpoint() {
    let listener = listen(&[Turn::Answer("200 OK")]).await;
    appliance(&listener.endpoint, None)
        .send(&job(), &SendContext::default())
        .await
        .unwrap();
    assert!(listener.seen.lock().unwrap()[0].starts_with("POST / HTTP/1.1\r\n"));
}

#[tokio::test]
async fn any_2xx_is_taken() {
    for answer in [
        &[Turn::Answer("200 OK")],
        &[Turn::Answer("202 Accepted")],
        &[Turn::Answer("204 No Content")],
        &[Turn::Answer("299 Odd")],
    ] {
        let listener = listen(answer).await;
        send(&listener).await.unwrap();
        assert_eq!(listener.seen.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn tries_again_after_503_429_and_a_reset() {
    let listener = listen(&[
        Turn::Answer("503 Service Unavailable"),
        Turn::Answer("429 Too Many Requests"),
        Turn::Reset,
        Turn::Answer("200 OK"),
    ])
    .await;
    send(&listener).await.unwrap();
    assert_eq!(listener.seen.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn gives_up_within_five_seconds() {
    let began = Instant::now();
    let (down, hanging) = tokio::join!(
        async { send(&listen(&[Turn::Answer("503 Service Unavailable")]).await).await },
        async { send(&listen(&[Turn::Hang]).await).await },
    );
    assert_eq!(down.unwrap_err().kind(), QueueErrorKind::Busy);
    assert_eq!(hanging.unwrap_err().kind(), QueueErrorKind::Unreachable);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_refusal_or_a_redirect_is_not_repeated() {
    for answer in [
        &[Turn::Answer("404 Not Found")],
        &[Turn::Answer("302 Found\r\nlocation: /elsewhere")],
    ] {
        let listener = listen(answer).await;
        let refused = send(&listener).await.unwrap_err();
        assert_eq!(refused.kind(), QueueErrorKind::Refused);
        assert!(
            refused.to_string().contains("STREAM_APPLIANCE_TOPIC"),
            "{refused}"
        );
        assert_eq!(listener.seen.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn check_connects_and_sends_nothing() {
    let listener = listen(&[Turn::Answer("200 OK")]).await;
    appliance(&listener.endpoint, None).check().await.unwrap();
    assert!(listener.seen.lock().unwrap().iter().all(String::is_empty));

    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let failure = appliance(&gone, None).check().await.unwrap_err();
    assert_eq!(failure.kind(), QueueErrorKind::Unreachable);
}
