//! Raw records behind edges: of one digest and of any time, read again from the flow logs.

use digest_core::manifest::ObjectEntry;
use digest_core::{Coverage, IndexEntry, Manifest};
use digest_storage::{Index, Store};
use digesterd_api::RECORDS_PATHS;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use reqwest::Method;
use serde_json::Value;

use crate::app::{HOUR, HOUR_ID, LINES, TestApp, hour, manifest};
use crate::described::{check, description};

const KEY: &str = "AWSLogs/123456789010/vpcflowlogs/us-east-1/2018/10/17/a.log";
const LOG: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status
2 123456789010 eni-1 10.0.0.1 10.0.0.2 40000 443 6 3 300 1539734400 1539734460 ACCEPT OK
2 123456789010 eni-1 10.0.0.1 203.0.113.66 41000 31338 6 9 9000 1539737000 1539737060 ACCEPT OK
2 123456789010 eni-1 10.0.0.1 203.0.113.66 41001 31338 6 1 52 1539730000 1539730060 ACCEPT OK
2 123456789010 eni-1 192.0.2.9 10.0.0.2 50000 22 6 2 80 1539734400 1539734460 REJECT OK
";

/// Flow logs of one object.
async fn flow_logs() -> Store {
    let store = Store::memory();
    let key = Path::from(KEY);
    store.object_store().put(&key, LOG.into()).await.unwrap();
    store
}

/// Stores the hour's digest, which was made of this object and of one that has gone since.
async fn stored(app: &TestApp, flow_logs: &Store) -> Manifest {
    let mut known = manifest(&hour(), LINES, Coverage::Complete, hour().window().stop());
    let object = flow_logs.object_store().head(&Path::from(KEY)).await.unwrap();
    let entry = |key: &str| ObjectEntry {
        place: None,
        key: key.to_owned(),
        etag: object.e_tag.clone(),
        size: object.size,
        skipped: None,
    };
    known.object_list = Some(vec![entry(KEY), entry("AWSLogs/gone.log")]);
    app.store_digest(&hour(), LINES, Some(&known)).await;
    let index = Index::new(app.storage.clone());
    index.write(&IndexEntry::of(&known)).await.unwrap();
    known
}

async fn asked(app: &TestApp, target: &str) -> (u16, Value) {
    let answer = app.call(Method::GET, target).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn the_rows_behind_an_edge_are_read_again_and_what_is_gone_is_named() {
    let flow_logs = flow_logs().await;
    let app = TestApp::with_flow_logs(&flow_logs);
    stored(&app, &flow_logs).await;
    let time = "start=2018-10-17T00:00:00Z&stop=2018-10-17T02:00:00Z";
    for target in [
        format!("/v1/digests/{HOUR_ID}/records?filter=dst=203.0.113.66"),
        format!("/v1/records?{time}&filter=dst=203.0.113.66"),
    ] {
        let (status, told) = asked(&app, &target).await;
        assert_eq!(status, 200, "{told}");
        assert_eq!(told["digests"][0]["start"], "2018-10-17T00:00:00Z");
        assert_eq!(told["digests"][0]["coverage"], "complete");
        let answer = &told["answer"];
        // The other row to that address is of another hour.
        assert_eq!(
            (&answer["count"], &answer["total"]["bytes"]),
            (&1.into(), &9000.into())
        );
        let row = &answer["items"][0];
        assert_eq!((&row["object"], &row["line"]), (&KEY.into(), &3.into()));
        assert_eq!(row["record"], LOG.lines().nth(2).unwrap());
        assert_eq!(answer["objects_read"], 1);
        assert_eq!(answer["unread"]["items"][0]["object"], "AWSLogs/gone.log");
        let gaps = told["gaps"].as_array().unwrap().len();
        assert_eq!(gaps, usize::from(target.contains("start=")));
    }
    let (_, told) = asked(
        &app,
        &format!("/v1/digests/{HOUR_ID}/records?limit=1&ignore=port=22;port=31338"),
    )
    .await;
    assert_eq!(told["answer"]["count"], 1);
    let (_, told) = asked(&app, &format!("/v1/digests/{HOUR_ID}/records?limit=1")).await;
    assert_eq!(told["answer"]["count"], 3);
    assert_eq!(told["answer"]["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_object_that_was_replaced_is_not_taken_for_the_one_that_was_read() {
    let flow_logs = flow_logs().await;
    let app = TestApp::with_flow_logs(&flow_logs);
    stored(&app, &flow_logs).await;
    app.put(&flow_logs, KEY, LOG.replace("9000", "1").into()).await;
    let (status, told) = asked(&app, &format!("/v1/digests/{HOUR_ID}/records")).await;
    assert_eq!(status, 200, "{told}");
    assert_eq!(
        (&told["answer"]["count"], &told["answer"]["unread"]["count"]),
        (&0.into(), &2.into())
    );
}

#[tokio::test]
async fn without_flow_logs_a_manifest_or_a_digest_it_is_said_what_is_missing() {
    let without = TestApp::start();
    stored(&without, &flow_logs().await).await;
    let (status, told) = asked(&without, &format!("/v1/digests/{HOUR_ID}/records")).await;
    assert_eq!(status, 404);
    assert!(
        told["detail"].as_str().unwrap().contains("VPC_FLOW_LOGS_BUCKET"),
        "{told}"
    );
    let app = TestApp::with_flow_logs(&flow_logs().await);
    let nothing = asked(&app, &format!("/v1/digests/{HOUR_ID}/records")).await;
    assert_eq!(nothing.0, 404);
    app.store_digest(&hour(), LINES, None).await;
    let (status, told) = asked(&app, &format!("/v1/digests/{HOUR_ID}/records")).await;
    assert_eq!(status, 404);
    assert!(told["detail"].as_str().unwrap().contains("manifest"), "{told}");
}

#[tokio::test]
async fn every_answer_is_described() {
    let description = description();
    let flow_logs = flow_logs().await;
    let app = TestApp::with_flow_logs(&flow_logs);
    stored(&app, &flow_logs).await;
    for path in RECORDS_PATHS {
        let time = if path.contains("{id}") { "" } else { HOUR };
        let good = format!("{}?{time}", path.replace("{id}", HOUR_ID));
        let nowhere = path.replace("{id}", "x") + "?since=1m";
        let nothing = if time.is_empty() { 400 } else { 404 };
        for (target, status) in [
            (good.clone(), 200),
            (good + "&sort=bytes", 400),
            (nowhere, nothing),
        ] {
            for method in [Method::GET, Method::HEAD] {
                let answer = app.call(method.clone(), &target).send().await.unwrap();
                assert_eq!(answer.status(), status, "{method} {target}");
                check(&description, path, method.as_str(), &answer);
            }
        }
    }
}
