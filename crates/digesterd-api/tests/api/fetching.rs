//! GET and HEAD of a stored digest: its bytes, their headers, conditions, ranges and text.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use digest_core::{Coverage, JobRecord};
use digest_storage::Manifests;
use reqwest::{Method, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::app::{HOUR, LINES, TestApp, complete, hour, manifest, sealed};

async fn stored() -> (TestApp, bytes::Bytes) {
    let app = TestApp::start();
    let bytes = app.store_digest(&hour(), LINES, Some(&complete())).await;
    (app, bytes)
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer
        .headers()
        .get(name)
        .unwrap_or_else(|| panic!("no {name}"))
        .to_str()
        .unwrap()
}

#[tokio::test]
async fn the_bytes_come_as_they_are_with_all_their_headers() {
    let (app, bytes) = stored().await;
    for accept in [
        "*/*",
        "application/octet-stream",
        "application/json",
        "text/plain, */*",
    ] {
        let answer = app.get_with(HOUR, "accept", accept).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(header(&answer, "content-type"), "application/octet-stream");
        assert_eq!(header(&answer, "content-length"), bytes.len().to_string());
        assert!(!answer.headers().contains_key("content-encoding"));
        assert_eq!(header(&answer, "digest-coverage"), "complete");
        assert_eq!(header(&answer, "cache-control"), "private, max-age=300");
        assert_eq!(header(&answer, "accept-ranges"), "bytes");
        assert_eq!(header(&answer, "vary"), "accept");
        assert!(header(&answer, "last-modified").ends_with("GMT"));
        let etag = header(&answer, "etag");
        assert!(
            etag.starts_with('"') && etag.ends_with('"') && etag.len() > 2,
            "{etag}"
        );
        assert_eq!(answer.bytes().await.unwrap(), bytes);
    }
    let go_client = app.get_with(HOUR, "accept-encoding", "gzip").await;
    assert!(!go_client.headers().contains_key("content-encoding"));
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let (app, bytes) = stored().await;
    let got = app.get(HOUR).await;
    let head = app.call(Method::HEAD, &format!("/?{HOUR}")).send().await.unwrap();
    assert_eq!(head.status(), 200);
    for name in [
        "etag",
        "content-length",
        "last-modified",
        "digest-coverage",
        "accept-ranges",
        "content-type",
    ] {
        assert_eq!(header(&head, name), header(&got, name), "{name}");
    }
    assert_eq!(header(&head, "content-length"), bytes.len().to_string());
    assert!(head.bytes().await.unwrap().is_empty());
    let missing = "start=2018-10-18T00:00:00Z&stop=2018-10-18T01:00:00Z";
    let head = app
        .call(Method::HEAD, &format!("/?{missing}"))
        .send()
        .await
        .unwrap();
    assert_eq!(head.status(), 404);
}

#[tokio::test]
async fn a_connection_is_used_again_after_head() {
    let (app, _) = stored().await;
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let head = format!("HEAD /?{HOUR} HTTP/1.1\r\nhost: x\r\n\r\n");
    let get = format!("GET /?{HOUR} HTTP/1.1\r\nhost: x\r\nrange: bytes=0-1\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    stream.write_all(get.as_bytes()).await.unwrap();
    let mut answers = Vec::new();
    stream.read_to_end(&mut answers).await.unwrap();
    let answers = String::from_utf8_lossy(&answers);
    let statuses: Vec<&str> = answers
        .lines()
        .filter(|line| line.starts_with("HTTP/1.1 "))
        .collect();
    assert_eq!(
        statuses,
        ["HTTP/1.1 200 OK", "HTTP/1.1 206 Partial Content"],
        "{answers}"
    );
}

#[tokio::test]
async fn a_known_tag_is_304_and_a_wrong_condition_412() {
    let (app, _) = stored().await;
    let etag = header(&app.get(HOUR).await, "etag").to_owned();
    let known = app.get_with(HOUR, "if-none-match", &etag).await;
    assert_eq!(known.status(), 304);
    assert_eq!(header(&known, "etag"), etag);
    assert_eq!(header(&known, "digest-coverage"), "complete");
    assert!(known.bytes().await.unwrap().is_empty());
    assert_eq!(
        app.get_with(HOUR, "if-none-match", "\"other\"").await.status(),
        200
    );
    assert_eq!(app.get_with(HOUR, "if-match", &etag).await.status(), 200);
    let wrong = app.get_with(HOUR, "if-match", "\"other\"").await;
    assert_eq!(wrong.status(), 412);
    assert_eq!(header(&wrong, "content-type"), "application/problem+json");
}

#[tokio::test]
async fn ranges_are_206_or_416() {
    let (app, bytes) = stored().await;
    let length = bytes.len();
    for (range, first, end) in [
        ("bytes=0-9".to_owned(), 0, 10),
        ("bytes=10-".to_owned(), 10, length),
        ("bytes=-5".to_owned(), length - 5, length),
        (format!("bytes=5-{}", length * 2), 5, length),
    ] {
        let part = app.get_with(HOUR, "range", &range).await;
        assert_eq!(part.status(), 206, "{range}");
        assert_eq!(
            header(&part, "content-range"),
            format!("bytes {first}-{}/{length}", end - 1)
        );
        assert_eq!(header(&part, "content-length"), (end - first).to_string());
        assert_eq!(part.bytes().await.unwrap(), bytes.slice(first..end));
    }
    let beyond = app.get_with(HOUR, "range", &format!("bytes={length}-")).await;
    assert_eq!(beyond.status(), 416);
    assert_eq!(header(&beyond, "content-range"), format!("bytes */{length}"));
    assert_eq!(app.get_with(HOUR, "range", "bytes=0-1,4-5").await.status(), 200);
}

#[tokio::test]
async fn text_is_for_who_would_rather_have_it() {
    let (app, bytes) = stored().await;
    let gzip_tag = header(&app.get(HOUR).await, "etag").to_owned();
    let answer = app.get_with(HOUR, "accept", "text/plain").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(header(&answer, "content-type"), "text/plain; charset=utf-8");
    assert_eq!(header(&answer, "accept-ranges"), "none");
    assert_eq!(header(&answer, "vary"), "accept");
    let etag = header(&answer, "etag").to_owned();
    assert_ne!(etag, gzip_tag);
    assert_eq!(answer.text().await.unwrap(), LINES);

    let request = app
        .call(Method::GET, &format!("/?{HOUR}"))
        .header("accept", "text/plain");
    let known = request
        .try_clone()
        .unwrap()
        .header("if-none-match", &etag)
        .send()
        .await
        .unwrap();
    assert_eq!(known.status(), 304);
    let ranged = request.header("range", "bytes=0-1").send().await.unwrap();
    assert_eq!(ranged.status(), 200);
    assert_eq!(ranged.text().await.unwrap(), LINES);
    let other = app.get_with(HOUR, "if-none-match", &etag).await;
    assert_eq!(other.status(), 200);
    assert_eq!(other.bytes().await.unwrap(), bytes);
}

#[tokio::test]
async fn a_broken_gzip_cuts_the_text_instead_of_ending_it() {
    let app = TestApp::start();
    let whole = crate::app::gzip(&LINES.repeat(5000));
    let cut = whole.slice(..whole.len() / 2);
    app.put(&app.storage, &format!("{}.log.gz", hour().id()), cut)
        .await;
    let answer = app.get_with(HOUR, "accept", "text/plain").await;
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.is_err());
}

#[tokio::test]
async fn coverage_is_the_manifests_only_where_it_fits_the_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let app = TestApp::local(&directory);
    app.store_digest(&hour(), LINES, None).await;
    let coverage = async || {
        let answer = app.get(HOUR).await;
        (
            header(&answer, "digest-coverage").to_owned(),
            header(&answer, "cache-control").to_owned(),
        )
    };
    let unknown = ("unknown".to_owned(), "no-cache".to_owned());
    assert_eq!(coverage().await, unknown);

    let begun = hour().window().stop() + TimeDelta::hours(1);
    let mut other = manifest(&hour(), LINES, Coverage::Complete, begun);
    other.gzip.sha256 = sealed(b"other").sha256;
    app.store_manifest(&other).await;
    assert_eq!(coverage().await, unknown);

    for (verdict, caching) in [
        (Coverage::Partial, "no-cache"),
        (Coverage::NoData, "no-cache"),
        (Coverage::Complete, "private, max-age=300"),
    ] {
        app.store_manifest(&manifest(&hour(), LINES, verdict, begun))
            .await;
        assert_eq!(coverage().await, (verdict.to_string(), caching.to_owned()));
    }
    let key = format!("{}.manifest.json", hour().id());
    app.put(&app.storage, &key, "no json".into()).await;
    assert_eq!(coverage().await, unknown);
}

#[tokio::test]
async fn coverage_is_known_before_the_manifest_has_its_name() {
    let directory = tempfile::tempdir().unwrap();
    let app = TestApp::local(&directory);
    app.store_digest(&hour(), LINES, None).await;
    let (nonce, now, lease) = (Uuid::new_v4(), Utc::now(), TimeDelta::minutes(5));
    let claimed = JobRecord::claim(hour(), "api", Uuid::new_v4(), now, lease);
    app.store_record(&claimed.take("worker", nonce, now, lease).unwrap())
        .await;
    let written = Manifests::new(app.storage.clone())
        .write_of_attempt(hour().id(), nonce, &complete())
        .await;
    written.unwrap();
    assert_eq!(header(&app.get(HOUR).await, "digest-coverage"), "complete");
}

#[tokio::test]
async fn a_large_digest_streams_to_a_slow_reader() {
    let app = TestApp::start();
    // Incompressible, so that it is far larger than any socket's buffers.
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
    .take(24 << 20)
    .collect();
    app.put(
        &app.storage,
        &format!("{}.log.gz", hour().id()),
        noise.clone().into(),
    )
    .await;
    let mut answer = app.get(HOUR).await;
    assert_eq!(header(&answer, "content-length"), noise.len().to_string());
    let mut read = Vec::with_capacity(noise.len());
    while let Some(piece) = answer.chunk().await.unwrap() {
        if read.len() % (1 << 20) < piece.len() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        read.extend_from_slice(&piece);
    }
    assert!(read == noise);
}
