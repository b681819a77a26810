//! What has changed from one stored digest to another, by ids and by windows.

use reqwest::Method;
use serde_json::Value;

use crate::app::{HOUR_ID, LINES, TestApp, complete, hour, job};

const NEXT: [(&str, &str); 2] = [
    ("start", "2018-10-17T01:00:00Z"),
    ("stop", "2018-10-17T02:00:00Z"),
];
const AFTER: &str = "2 123456789010 eni-1 172.31.16.139 172.31.16.21 0 80 6 40 3000 1539738000 1539741600 ACCEPT OK\n\
2 123456789010 eni-1 172.31.16.139 172.31.16.99 0 22 6 5 250 1539738000 1539741600 REJECT OK\n";

async fn two() -> (TestApp, String) {
    let app = TestApp::start();
    app.store_digest(&hour(), LINES, Some(&complete())).await;
    let next = job(&NEXT);
    app.store_digest(&next, AFTER, None).await;
    (app, next.id().to_string())
}

async fn asked(app: &TestApp, query: &str) -> (u16, String) {
    let answer = app.call(Method::GET, &format!("/v1/diff?{query}"));
    let answer = answer.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_difference_comes_by_ids_and_by_windows() {
    let (app, next) = two().await;
    let (status, by_id) = asked(&app, &format!("previous={HOUR_ID}&next={next}")).await;
    assert_eq!(status, 200, "{by_id}");
    let found: Value = serde_json::from_str(&by_id).unwrap();
    assert_eq!(found["equal"], false);
    for (list, count) in [
        ("new", 1),
        ("gone", 1),
        ("changed", 1),
        ("newly_rejected", 1),
        ("new_hosts", 1),
        ("gone_hosts", 0),
        ("new_services", 0),
    ] {
        assert_eq!(found[list]["count"], count, "{list}: {by_id}");
    }
    assert_eq!(found["changed"]["items"][0]["before"]["bytes"], 1000);
    assert_eq!(found["changed"]["items"][0]["after"]["bytes"], 3000);
    assert_eq!(found["new_hosts"]["items"][0], "172.31.16.99");
    let windows = "previous_start=2018-10-17T00:00:00Z&previous_stop=2018-10-17T01:00:00Z\
                   &next_start=2018-10-17T01:00:00Z&next_stop=2018-10-17T02:00:00Z";
    assert_eq!(asked(&app, windows).await, (200, by_id));
    let (status, same) = asked(&app, &format!("previous={next}&next={next}")).await;
    let same: Value = serde_json::from_str(&same).unwrap();
    assert_eq!((status, &same["equal"]), (200, &Value::Bool(true)));
}

#[tokio::test]
async fn what_is_looked_at_and_told_can_be_narrowed() {
    let (app, next) = two().await;
    let base = format!("previous={HOUR_ID}&next={next}");
    for (more, pointer, value) in [
        ("&ratio=3", "/changed/count", 1),
        ("&ratio=3.1", "/changed/count", 0),
        ("&bytes=2001", "/changed/count", 0),
        ("&filter=port=22", "/next/edges", 1),
        ("&ignore=action=REJECT", "/new/count", 0),
        ("&ignore=port=1;action=REJECT", "/gone/count", 0),
        ("&limit=0", "/new/count", 1),
        ("&group_by=/16", "/new_hosts/count", 1),
        ("&group_by=internet", "/changed/count", 1),
    ] {
        let (status, told) = asked(&app, &format!("{base}{more}")).await;
        assert_eq!(status, 200, "{more}: {told}");
        let found: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(found.pointer(pointer).unwrap(), value, "{more}: {told}");
    }
    let (_, none) = asked(&app, &format!("{base}&limit=0")).await;
    assert!(
        none.contains("\"items\":[]") && !none.contains("172.31"),
        "{none}"
    );
    let (status, dot) = asked(&app, &format!("{base}&format=dot")).await;
    assert_eq!(status, 200);
    for colour in ["green", "red", "orange"] {
        assert!(dot.contains(&format!("color={colour}")), "{dot}");
    }
}

#[tokio::test]
async fn what_cannot_be_compared_is_told() {
    let (app, next) = two().await;
    let absent = "15d1343b-a4a1-5343-97b1-3c247145e4df";
    let base = format!("previous={HOUR_ID}&next={next}");
    for (query, status, told) in [
        (String::new(), 400, "previous=ID"),
        (
            format!("previous={HOUR_ID}&next_start=2018-10-17T00:00:00Z"),
            400,
            "next_stop",
        ),
        ("previous=x&next=y".to_owned(), 400, "previous"),
        (format!("previous={HOUR_ID}&next={absent}"), 404, "no such digest"),
        (format!("{base}&filter=port=22%20x"), 400, "at character 9"),
        (format!("{base}&ratio=0.5"), 400, "ratio"),
        (format!("{base}&ratio=NaN"), 400, "ratio"),
        (format!("{base}&limit=10001"), 400, "limit"),
        (format!("{base}&group_by=eni"), 400, "group_by"),
        (format!("{base}&format=svg"), 406, "json and dot"),
        (format!("{base}&what=x"), 400, "what"),
    ] {
        let (found, text) = asked(&app, &query).await;
        assert_eq!(found, status, "{query}: {text}");
        assert!(text.contains(told), "{query}: {text}");
    }
}

#[tokio::test]
async fn digests_that_are_not_sorted_or_cut_are_a_conflict() {
    let app = TestApp::start();
    app.store_digest(&hour(), LINES, Some(&complete())).await;
    let lines: Vec<&str> = AFTER.split_inclusive('\n').rev().collect();
    let next = job(&NEXT);
    app.store_digest(&next, &lines.concat(), None).await;
    let query = format!("previous={HOUR_ID}&next={}", next.id());
    let (status, text) = asked(&app, &query).await;
    assert_eq!(status, 409, "{text}");
    assert!(text.contains("the next digest: line 2"), "{text}");
    let whole = crate::app::gzip(&LINES.repeat(5000));
    let cut = whole.slice(..whole.len() / 2);
    app.put(&app.storage, &format!("{}.log.gz", next.id()), cut).await;
    let (status, text) = asked(&app, &query).await;
    assert_eq!(status, 409, "{text}");
}
