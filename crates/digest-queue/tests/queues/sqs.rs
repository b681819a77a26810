//! The client of SQS: its requests as AWS's JSON protocol has them, and the kind of failure behind each answer.

use std::time::{Duration, Instant};

use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use digest_queue::{JobQueue, JobSource, QueueErrorKind, SendContext, SqsOptions, SqsQueue};
use tokio::net::TcpListener;

use crate::job;
use crate::listener::{Listener, Turn, listen};

const QUEUE: &str = "https://sqs.us-east-1.amazonaws.com/111111111111/digests";
const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn options(endpoint: &str) -> SqsOptions {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    SqsOptions {
        queue_url: QUEUE.parse().unwrap(),
        region: "us-east-1".to_owned(),
        endpoint: Some(endpoint.parse().unwrap()),
        credentials: SharedCredentialsProvider::new(credentials),
        ca_bundle: None,
        proxy: None,
    }
}

fn queue(listener: &Listener) -> SqsQueue {
    SqsQueue::new(&options(&listener.endpoint)).unwrap()
}

/// The only request that was sent: its head, and its body.
fn request(listener: &Listener) -> (String, serde_json::Value) {
    let seen = listener.seen.lock().unwrap();
    let [request] = seen.as_slice() else {
        panic!("one request: {seen:?}");
    };
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), serde_json::from_str(body).unwrap())
}

#[tokio::test]
async fn a_job_is_sent_signed_with_its_id_and_trace_as_attributes() {
    let listener = listen(&[Turn::Body("200 OK", r#"{"MessageId": "1"}"#)]).await;
    let context = SendContext {
        request_id: Some("req-1".to_owned()),
        traceparent: Some(TRACEPARENT.to_owned()),
    };
    queue(&listener).send(&job(), &context).await.unwrap();
    let (head, body) = request(&listener);
    assert!(head.contains("x-amz-target: amazonsqs.sendmessage"), "{head}");
    assert!(head.contains("/us-east-1/sqs/aws4_request"), "{head}");
    assert_eq!(body["QueueUrl"], QUEUE);
    assert_eq!(body["MessageBody"], job().to_json());
    let attributes = &body["MessageAttributes"];
    assert_eq!(attributes["x-request-id"]["StringValue"], "req-1");
    assert_eq!(attributes["traceparent"]["StringValue"], TRACEPARENT);
}

#[tokio::test]
async fn what_is_not_known_is_no_attribute() {
    let listener = listen(&[Turn::Body("200 OK", "{}")]).await;
    let context = SendContext {
        request_id: Some(String::new()),
        traceparent: None,
    };
    queue(&listener).send(&job(), &context).await.unwrap();
    let (_, body) = request(&listener);
    assert!(body.get("MessageAttributes").is_none(), "{body}");
}

#[tokio::test]
async fn a_message_is_received_hidden_and_deleted_by_its_receipt() {
    const ANSWER: &str = r#"{"Messages": [
        {"MessageId": "m-1", "ReceiptHandle": "r-1", "Body": "{}",
         "Attributes": {"ApproximateReceiveCount": "3"},
         "MessageAttributes": {"x-request-id": {"DataType": "String", "StringValue": "req-1"}}},
        {"MessageId": "m-2", "Body": "without a receipt nobody can answer for it"},
        {"ReceiptHandle": "r-3", "Attributes": {"ApproximateReceiveCount": "many"}}
    ]}"#;
    let listener = listen(&[Turn::Body("200 OK", ANSWER), Turn::Body("200 OK", "{}")]).await;
    let queue = queue(&listener);
    let received = queue.receive(100, Duration::from_millis(29_001)).await.unwrap();
    let [first, second] = received.as_slice() else {
        panic!("two messages: {received:?}");
    };
    assert_eq!((&*first.id, &*first.body, first.receives), ("m-1", "{}", 3));
    assert_eq!(first.context.request_id.as_deref(), Some("req-1"));
    assert_eq!((&*second.id, &*second.body, second.receives), ("", "", 1));
    let (head, body) = request(&listener);
    assert!(head.contains("x-amz-target: amazonsqs.receivemessage"), "{head}");
    assert_eq!(body["MaxNumberOfMessages"], 10);
    assert_eq!(body["WaitTimeSeconds"], 20);
    assert_eq!(body["VisibilityTimeout"], 30);

    for (deleted, target) in [(false, "changemessagevisibility"), (true, "deletemessage")] {
        listener.seen.lock().unwrap().clear();
        if deleted {
            queue.delete(first).await.unwrap();
        } else {
            queue.hide(first, Duration::ZERO).await.unwrap();
        }
        let (head, body) = request(&listener);
        assert!(
            head.contains(&format!("x-amz-target: amazonsqs.{target}")),
            "{head}"
        );
        assert_eq!(body["ReceiptHandle"], "r-1");
    }
}

#[tokio::test]
async fn an_answer_says_whether_another_try_can_help() {
    let cases: [(&'static [Turn], QueueErrorKind, &str); 5] = [
        (
            &[Turn::Body("503 Service Unavailable", "{}")],
            QueueErrorKind::Busy,
            "asking for the attributes of",
        ),
        (
            &[Turn::Body(
                "400 Bad Request",
                r#"{"__type": "com.amazonaws.sqs#RequestThrottled", "message": "slower"}"#,
            )],
            QueueErrorKind::Busy,
            "failed",
        ),
        (
            &[Turn::Body(
                "403 Forbidden",
                r#"{"__type": "com.amazon.coral.service#ExpiredTokenException", "message": "over"}"#,
            )],
            QueueErrorKind::Unreachable,
            "check the credentials",
        ),
        (
            &[Turn::Body(
                "400 Bad Request",
                r#"{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no such queue"}"#,
            )],
            QueueErrorKind::Refused,
            "SQS_QUEUE_URL",
        ),
        (&[Turn::Reset], QueueErrorKind::Unreachable, "endpoint"),
    ];
    for (turns, expected, words) in cases {
        let listener = listen(turns).await;
        let failure = queue(&listener).check().await.unwrap_err();
        assert_eq!(failure.kind(), expected, "{failure}");
        assert!(failure.to_string().contains(words), "{failure}");
        assert!(std::error::Error::source(&failure).is_some());
        let tries = listener.seen.lock().unwrap().len();
        // A session that is over is for whoever tries again, with fresh credentials.
        let is_repeated = expected != QueueErrorKind::Refused && words != "check the credentials";
        assert_eq!(tries > 1, is_repeated, "{failure}: {tries} tries");
    }
}

#[tokio::test]
async fn a_sender_is_told_within_five_seconds() {
    let began = Instant::now();
    let (down, hanging) = tokio::join!(
        async {
            let listener = listen(&[Turn::Body("500 Internal Server Error", "{}")]).await;
            queue(&listener).send(&job(), &SendContext::default()).await
        },
        async {
            let listener = listen(&[Turn::Hang]).await;
            queue(&listener).send(&job(), &SendContext::default()).await
        },
    );
    assert_eq!(down.unwrap_err().kind(), QueueErrorKind::Busy);
    assert_eq!(hanging.unwrap_err().kind(), QueueErrorKind::Unreachable);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_failure_names_the_queue_and_what_was_tried_and_no_secret() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let options = options(&gone);
    assert!(!format!("{options:?}").contains("secret"), "{options:?}");
    let queue = SqsQueue::new(&options).unwrap();
    assert!(format!("{queue:?}").contains("/digests"), "{queue:?}");
    let failure = queue.receive(1, Duration::from_secs(30)).await.unwrap_err();
    assert_eq!(failure.kind(), QueueErrorKind::Unreachable);
    assert!(
        failure
            .to_string()
            .starts_with(&format!("receiving from {QUEUE} failed")),
        "{failure}"
    );
}

#[tokio::test]
async fn certificates_and_a_proxy_of_the_settings_are_taken() {
    let mut options = options("https://sqs.us-east-1.amazonaws.com");
    options.proxy = Some("http://127.0.0.1:3128".parse().unwrap());
    SqsQueue::new(&options).unwrap();
    options.ca_bundle = Some(b"no certificate at all".to_vec());
    let refused = SqsQueue::new(&options).err();
    assert!(
        refused
            .as_ref()
            .is_none_or(|error| error.kind() == QueueErrorKind::Settings),
        "{refused:?}"
    );
}
