//! A stored digest in every format, by `format` and by `Accept`.

use std::collections::BTreeSet;

use digest_insight::Format;
use reqwest::{Method, Response};

use crate::app::{HOUR, HOUR_ID, LINES, TestApp, complete, hour};

async fn stored() -> TestApp {
    let app = TestApp::start();
    app.store_digest(&hour(), LINES, Some(&complete())).await;
    app
}

fn header(answer: &Response, name: &str) -> String {
    answer.headers()[name].to_str().unwrap().to_owned()
}

async fn content(app: &TestApp, query: &str, accept: &str) -> Response {
    let path = format!("/v1/digests/{HOUR_ID}/content{query}");
    let request = app.call(Method::GET, &path).header("accept", accept);
    request.send().await.unwrap()
}

#[tokio::test]
async fn every_format_comes_by_its_name_and_by_its_media_type() {
    let app = stored().await;
    let mut tags = BTreeSet::new();
    for format in Format::ALL {
        let named = content(&app, &format!("?format={format}"), "application/octet-stream").await;
        let accepted = content(&app, "", &format!("{}, */*;q=0.1", format.media_type())).await;
        assert_eq!((named.status().as_u16(), accepted.status().as_u16()), (200, 200));
        for name in ["etag", "content-type", "accept-ranges", "vary"] {
            assert_eq!(header(&named, name), header(&accepted, name), "{format} {name}");
        }
        assert!(header(&named, "content-type").starts_with(format.media_type()));
        let ranges = if format == Format::Gzip { "bytes" } else { "none" };
        assert_eq!(header(&named, "accept-ranges"), ranges);
        let tag = header(&named, "etag");
        let head = app.call(
            Method::HEAD,
            &format!("/v1/digests/{HOUR_ID}/content?format={format}"),
        );
        assert_eq!(header(&head.send().await.unwrap(), "etag"), tag);
        let path = format!("/v1/digests/{HOUR_ID}/content?format={format}");
        let known = app.call(Method::GET, &path).header("if-none-match", &tag);
        assert_eq!(known.send().await.unwrap().status(), 304, "{format}");
        assert!(tags.insert(tag), "{format} shares its tag");
        assert_eq!(named.bytes().await.unwrap(), accepted.bytes().await.unwrap());
    }
}

#[tokio::test]
async fn the_root_gives_gzip_unless_another_is_wanted_more() {
    let app = stored().await;
    for (accept, kind) in [
        ("*/*", "application/octet-stream"),
        ("application/json, text/plain, */*", "application/octet-stream"),
        (
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "application/octet-stream",
        ),
        ("text/csv", "text/csv; charset=utf-8; header=present"),
        ("application/x-ndjson, */*;q=0.5", "application/x-ndjson"),
    ] {
        let answer = app.get_with(HOUR, "accept", accept).await;
        assert_eq!(header(&answer, "content-type"), kind, "{accept}");
    }
    // The root takes no such parameter: it never did.
    assert_eq!(app.get(&format!("{HOUR}&format=csv")).await.status(), 400);
}

#[tokio::test]
async fn conversions_hold_every_line() {
    let app = TestApp::start();
    let line = |number: usize| {
        format!(
            "2 1 eni-1 10.0.{}.{} 10.0.0.1 0 443 6 1 {number} 5 9 ACCEPT OK\n",
            number / 256,
            number % 256
        )
    };
    let text: String = (0..30_000).map(line).collect();
    app.store_digest(&hour(), &text, None).await;
    let csv = content(&app, "?format=csv", "*/*").await.text().await.unwrap();
    assert_eq!(csv.lines().count(), 30_001);
    assert!(csv.ends_with("2,1,eni-1,10.0.117.47,10.0.0.1,0,443,6,1,29999,5,9,ACCEPT,OK\r\n"));
    let json = content(&app, "?format=jsonl", "*/*").await.text().await.unwrap();
    let sum: u64 = json
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["bytes"]
                .as_u64()
                .unwrap()
        })
        .sum();
    assert_eq!(sum, (0..30_000).sum::<u64>());
}

#[tokio::test]
async fn an_unknown_format_is_406_with_the_list() {
    let app = stored().await;
    for format in ["parquet", "", "CSV", "text%00"] {
        let answer = content(&app, &format!("?format={format}"), "*/*").await;
        assert_eq!(answer.status(), 406, "{format}");
        assert_eq!(header(&answer, "content-type"), "application/problem+json");
        let told = answer.text().await.unwrap();
        assert!(told.contains("gzip, text, csv, jsonl, dot, graphml"), "{told}");
    }
}

#[tokio::test]
async fn a_digest_that_is_none_breaks_the_answer_off() {
    let app = TestApp::start();
    let text = format!("{}no line\n", LINES.repeat(10_000));
    app.store_digest(&hour(), &text, None).await;
    let answer = content(&app, "?format=csv", "*/*").await;
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.is_err());
}
