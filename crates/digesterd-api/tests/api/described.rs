//! `api.yaml` and the router agree: the same paths, the same methods, and no status, media type or
//! header that the file does not know.

use std::collections::BTreeSet;

use chrono::{TimeDelta, Utc};
use digest_core::JobRecord;
use digesterd_process::{health, metrics};
use reqwest::{Method, Response};
use serde_yaml_ng::Value;
use uuid::Uuid;

use crate::app::{HOUR, HOUR_ID, LINES, TestApp, complete, hour, job};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

pub(crate) fn description() -> Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../api.yaml");
    serde_yaml_ng::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Follows a `$ref` inside the file, if there is one.
fn resolved<'a>(description: &'a Value, value: &'a Value) -> &'a Value {
    let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
        return value;
    };
    let path = reference.strip_prefix("#/").unwrap();
    let target = path.split('/').fold(description, |value, step| &value[step]);
    assert!(!target.is_null(), "{reference} leads nowhere");
    target
}

fn methods_of(path: &Value) -> BTreeSet<String> {
    let names = path.as_mapping().unwrap().keys().filter_map(Value::as_str);
    let names = names.map(str::to_uppercase);
    names.filter(|name| METHODS.contains(&name.as_str())).collect()
}

/// Holds an answer against the file: its status, media type and headers.
pub(crate) fn check(description: &Value, path: &str, method: &str, answer: &Response) {
    let status = answer.status().as_u16().to_string();
    let place = format!("{method} {path} {status}");
    let operation = &description["paths"][path][method.to_lowercase().as_str()];
    let response = resolved(description, &operation["responses"][status.as_str()]);
    assert!(!response.is_null(), "{place} is not described");
    let kind = answer
        .headers()
        .get("content-type")
        .map(|kind| kind.to_str().unwrap());
    let kind = kind.map(|kind| kind.split(';').next().unwrap());
    if let (Some(kind), false) = (kind, method == "HEAD") {
        assert!(
            !response["content"][kind].is_null(),
            "{place} as {kind} is not described"
        );
    }
    for (name, header) in response["headers"].as_mapping().unwrap() {
        let required = resolved(description, header)["required"].as_bool() == Some(true);
        let sent = answer.headers().contains_key(name.as_str().unwrap());
        assert!(sent || !required, "{place} lacks {name:?}");
    }
}

#[tokio::test]
async fn the_file_has_the_routers_paths_and_methods_and_no_others() {
    let description = description();
    let described: BTreeSet<&str> = description["paths"]
        .as_mapping()
        .unwrap()
        .keys()
        .map(|path| path.as_str().unwrap())
        .collect();
    let own = [metrics::PATH].into_iter().chain(digesterd_api::PATHS);
    let own = own
        .chain(digesterd_api::QUESTION_PATHS)
        .chain(digesterd_api::RECORDS_PATHS);
    let routed: BTreeSet<&str> = health::PATHS.into_iter().chain(own).collect();
    assert_eq!(described, routed);

    let app = TestApp::start();
    for path in described {
        let methods = methods_of(&description["paths"][path]);
        for method in METHODS {
            let name = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = app
                .call(name, &format!("{}?{HOUR}", path.replace("{id}", HOUR_ID)))
                .send()
                .await
                .unwrap();
            if methods.contains(method) {
                check(&description, path, method, &answer);
                continue;
            }
            assert_eq!(answer.status(), 405, "{method} {path}");
            let allowed = answer.headers()["allow"].to_str().unwrap().split(", ");
            let allowed: BTreeSet<String> = allowed.map(str::to_owned).collect();
            assert_eq!(allowed, methods, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn every_answer_about_digests_is_described() {
    let description = description();
    let held = |answer: Response, method: &str, status: u16| {
        assert_eq!(answer.status(), status, "{method}");
        check(&description, "/", method, &answer);
        answer
    };
    let app = TestApp::start();
    held(app.get("").await, "GET", 400);
    held(app.get(HOUR).await, "GET", 404);
    held(app.post("").await, "POST", 400);
    let long = format!("{HOUR}&account={}", "1".repeat(60_000));
    held(app.get(&long).await, "GET", 414);
    held(app.post(&long).await, "POST", 414);
    held(app.post(HOUR).await, "POST", 202);
    held(app.post(HOUR).await, "POST", 409);
    held(app.get(HOUR).await, "GET", 204);
    let head = |app: &TestApp| app.call(Method::HEAD, &format!("/?{HOUR}")).send();
    held(head(&app).await.unwrap(), "HEAD", 204);

    let app = TestApp::start();
    held(head(&app).await.unwrap(), "HEAD", 404);
    app.store_digest(&hour(), LINES, Some(&complete())).await;
    let answer = held(app.get(HOUR).await, "GET", 200);
    let etag = answer.headers()["etag"].to_str().unwrap().to_owned();
    held(head(&app).await.unwrap(), "HEAD", 200);
    held(app.get_with(HOUR, "accept", "text/plain").await, "GET", 200);
    held(app.get_with(HOUR, "range", "bytes=0-1").await, "GET", 206);
    held(app.get_with(HOUR, "range", "bytes=9999-").await, "GET", 416);
    held(app.get_with(HOUR, "if-none-match", &etag).await, "GET", 304);
    held(app.get_with(HOUR, "if-match", "\"other\"").await, "GET", 412);
    let body = app
        .call(Method::POST, &format!("/?{HOUR}"))
        .body(vec![b'x'; 100_000]);
    held(body.send().await.unwrap(), "POST", 413);
}

#[tokio::test]
async fn every_answer_about_a_status_and_a_list_is_described() {
    let description = description();
    let app = TestApp::start();
    app.store_digest(&hour(), LINES, Some(&complete())).await;
    for (path, target, status) in [
        ("/v1/digests", format!("/v1/digests?{HOUR}"), 200),
        ("/v1/digests", "/v1/digests".to_owned(), 400),
        ("/v1/digests/{id}", format!("/v1/digests/{HOUR_ID}"), 200),
        ("/v1/digests/{id}", "/v1/digests/x".to_owned(), 404),
        (
            "/v1/digests/{id}/content",
            format!("/v1/digests/{HOUR_ID}/content"),
            200,
        ),
        (
            "/v1/digests/{id}/content",
            "/v1/digests/x/content".to_owned(),
            404,
        ),
        (
            "/v1/digests/{id}/content",
            format!("/v1/digests/{HOUR_ID}/content?format=csv"),
            200,
        ),
        (
            "/v1/digests/{id}/content",
            format!("/v1/digests/{HOUR_ID}/content?format=parquet"),
            406,
        ),
        (
            "/v1/diff",
            format!("/v1/diff?previous={HOUR_ID}&next={HOUR_ID}"),
            200,
        ),
        (
            "/v1/diff",
            format!("/v1/diff?previous={HOUR_ID}&next={HOUR_ID}&format=dot"),
            200,
        ),
        (
            "/v1/diff",
            format!("/v1/diff?previous={HOUR_ID}&next={HOUR_ID}&format=svg"),
            406,
        ),
        ("/v1/diff", format!("/v1/diff?previous={HOUR_ID}"), 400),
        (
            "/v1/diff",
            format!("/v1/diff?previous={HOUR_ID}&next=15d1343b-a4a1-5343-97b1-3c247145e4df"),
            404,
        ),
        (
            "/v1/digests/{id}/manifest",
            format!("/v1/digests/{HOUR_ID}/manifest"),
            200,
        ),
        (
            "/v1/digests/{id}/manifest",
            "/v1/digests/x/manifest".to_owned(),
            404,
        ),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let answer = app.call(method.clone(), &target).send().await.unwrap();
            assert_eq!(answer.status(), status, "{method} {target}");
            check(&description, path, method.as_str(), &answer);
        }
    }
}

#[tokio::test]
async fn every_answer_to_a_question_is_described() {
    let description = description();
    let app = TestApp::start();
    crate::questions::stored(&app, &hour()).await;
    // What an hour is held against.
    let before = [
        ("start", "2018-10-16T23:00:00Z"),
        ("stop", "2018-10-17T00:00:00Z"),
    ];
    crate::questions::stored(&app, &job(&before)).await;
    for path in digesterd_api::QUESTION_PATHS {
        let time = if path.contains("{id}") { "" } else { HOUR };
        let host = if path.ends_with("/host") {
            "&host=eni-a"
        } else {
            ""
        };
        let good = format!("{}?{time}{host}", path.replace("{id}", HOUR_ID)).replace("?&", "?");
        let nowhere = path.replace("{id}", "x") + &format!("?since=1m{host}");
        let nothing = if time.is_empty() { 400 } else { 404 };
        let mut targets = vec![
            (good.clone(), 200),
            (good.clone() + "&limit=x", 400),
            (nowhere, nothing),
        ];
        if path.ends_with("/graph") {
            let formats = [
                ("dot", 200),
                ("graphml", 200),
                ("json", 200),
                ("svg", 200),
                ("png", 406),
            ];
            targets.extend(formats.map(|(format, status)| (format!("{good}&format={format}"), status)));
        }
        for (target, status) in targets {
            for method in [Method::GET, Method::HEAD] {
                let answer = app.call(method.clone(), &target).send().await.unwrap();
                assert_eq!(answer.status(), status, "{method} {target}");
                check(&description, path, method.as_str(), &answer);
            }
        }
    }
}

#[tokio::test]
async fn the_description_is_handed_out_as_it_stands_in_the_repository() {
    let app = TestApp::start();
    let answer = app.call(Method::GET, "/openapi.yaml").send().await.unwrap();
    check(&description(), "/openapi.yaml", "GET", &answer);
    assert_eq!(answer.headers()["content-type"], "application/yaml");
    let read: Value = serde_yaml_ng::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(read, description());
}

#[tokio::test]
async fn a_stored_object_that_cannot_be_read_is_500_and_says_nothing_of_the_store() {
    let app = TestApp::start();
    let record = JobRecord::claim(hour(), "t", Uuid::new_v4(), Utc::now(), TimeDelta::minutes(1));
    app.store_record(&record).await;
    app.put(&app.progress, &format!("{}.job.json", hour().id()), "{}".into())
        .await;
    let answer = app.get(HOUR).await;
    assert_eq!(answer.status(), 500);
    check(&description(), "/", "GET", &answer);
    let text = answer.text().await.unwrap();
    assert!(!text.contains("job.json") && !text.contains("memory"), "{text}");
}
