//! Questions of stored digests, about one of them and about any time.

use digest_core::manifest::StoredTable;
use digest_core::{Coverage, DigestId, Fold, FoldOptions, IndexEntry, Job, Manifest};
use digest_storage::{Index, Store, TableKind, Tables};
use digest_tables::{Origins, write_edges, write_interfaces};
use digesterd_process::guard::Guard;
use digesterd_process::tokens::{Right, Token};
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use crate::app::{HOUR, HOUR_ID, LINES, TestApp, hour, job, manifest, sealed};

const LOG: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags
2 1 eni-a 10.0.0.1 10.0.0.2 40000 443 6 3 300 1539734400 1539734460 ACCEPT OK 2
2 1 eni-a 10.0.0.2 10.0.0.1 443 40000 6 5 5000 1539734400 1539734460 ACCEPT OK 18
2 1 eni-b 10.0.0.1 10.0.0.2 40000 443 6 3 300 1539734400 1539734460 ACCEPT OK 2
2 1 eni-b 10.0.0.2 10.0.0.1 443 40000 6 5 5000 1539734400 1539734460 ACCEPT OK 18
2 1 eni-a 10.0.0.1 203.0.113.66 41000 31338 6 9 9000 1539737000 1539737060 ACCEPT OK 2
2 1 eni-a 10.0.0.1 198.51.100.7 41000 53 17 1 60 1539734400 1539734460 ACCEPT OK 0
2 1 eni-b 192.0.2.9 10.0.0.2 50000 22 6 2 80 1539734400 1539734460 REJECT OK 2
";
const NEXT: [(&str, &str); 2] = [
    ("start", "2018-10-17T01:00:00Z"),
    ("stop", "2018-10-17T02:00:00Z"),
];

/// Stores a digest of the log with both tables, and lists it.
pub(crate) async fn stored(app: &TestApp, of: &Job) -> Manifest {
    stored_log(app, of, LOG).await
}

async fn stored_log(app: &TestApp, of: &Job, log: &str) -> Manifest {
    let mut fold = Fold::new(&FoldOptions::default());
    fold.read_object("a log", &mut log.as_bytes()).unwrap();
    let digest = fold.finish().unwrap();
    let mut edges = Vec::new();
    let rows = write_edges(&digest, &Origins::default(), &mut edges)
        .unwrap()
        .rows;
    let mut interfaces = Vec::new();
    write_interfaces(&digest, &Origins::default(), &mut interfaces).unwrap();
    let mut known = manifest(of, LINES, Coverage::Complete, of.window().stop());
    let mut keys = Vec::new();
    for (kind, bytes) in [(TableKind::Edges, edges), (TableKind::Interfaces, interfaces)] {
        let key = Tables::key(kind, of, Uuid::nil());
        keys.push(StoredTable {
            key: key.clone(),
            rows,
            bytes: bytes.len() as u64,
            sha256: sealed(&bytes).sha256,
        });
        app.put(&app.storage, &key, bytes.into()).await;
    }
    known.interfaces_table = keys.pop();
    known.edges_table = keys.pop();
    app.store_digest(of, LINES, Some(&known)).await;
    listed(app, &known).await;
    known
}

async fn stored_quiet(app: &TestApp, of: &Job) -> Manifest {
    // No stranger, nothing rejected, and less by far.
    let quiet: Vec<&str> = LOG
        .lines()
        .filter(|line| !line.contains("203.0.113.66"))
        .collect();
    stored_log(app, of, &(quiet.join("\n") + "\n")).await
}

async fn listed(app: &TestApp, known: &Manifest) {
    Index::new(app.storage.clone())
        .write(&IndexEntry::of(known))
        .await
        .unwrap();
}

async fn asked(app: &TestApp, target: &str) -> (u16, Value) {
    let answer = app.call(Method::GET, target).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// The answer to a question about the hour.
async fn of_hour(app: &TestApp, question: &str) -> Value {
    let (status, told) = asked(app, &format!("/v1/digests/{HOUR_ID}/{question}")).await;
    assert_eq!(status, 200, "{question}: {told}");
    assert_eq!(told["digests"][0]["coverage"], "complete");
    assert_eq!(told["digests"][0]["start"], "2018-10-17T00:00:00Z");
    told["answer"].clone()
}

#[tokio::test]
async fn each_question_is_answered_from_the_stored_tables() {
    let app = TestApp::start();
    stored(&app, &hour()).await;
    let edges = of_hour(&app, "edges?filter=port=443&limit=1").await;
    assert_eq!(edges["count"], 4);
    assert_eq!(edges["items"].as_array().unwrap().len(), 1);
    assert_eq!(edges["items"][0]["bytes"], 5000);
    let grouped = of_hour(&app, "edges?group_by=internet&sort=packets").await;
    assert_eq!(grouped["total"]["bytes"], 300 + 5000 + 9000 + 60 + 80);
    assert_eq!(grouped["second_sights"], 2);
    let top = of_hour(&app, "top?ignore=port=443;port=53").await;
    assert_eq!(
        (&top["count"], &top["items"][0]["destination"]),
        (&2.into(), &"203.0.113.66".into())
    );
    assert_eq!(top["items"][0]["seen_by"], "source");
    let rejected = of_hour(&app, "rejected").await;
    assert_eq!(
        (&rejected["count"], &rejected["items"][0]["source"]),
        (&1.into(), &"192.0.2.9".into())
    );
    let services = of_hour(&app, "services?filter=dst=10.0.0.2").await;
    assert_eq!(services["items"][0]["rule"], "syn");
    let unexpected = of_hour(&app, "unexpected").await;
    assert_eq!(unexpected["count"], 1);
    assert_eq!(unexpected["items"][0]["port"], "31338");
    let policy = of_hour(
        &app,
        "unexpected?policy=%5B%5Ballow%5D%5D%0Aport%20%3D%20%5B443%2C%2031338%5D",
    )
    .await;
    assert_eq!((&policy["count"], &policy["rules"]), (&1.into(), &1.into()));
    assert_eq!(policy["items"][0]["reasons"][0], "not-allowed");
    let host = of_hour(&app, "host?host=eni-a&new=30m").await;
    assert_eq!(host["addresses"][0], "10.0.0.1");
    assert_eq!(host["new_peers"], 1);
    assert_eq!(host["windows"][0]["sent"]["bytes"], 300 + 9000 + 60);
    assert_eq!(host["windows"][0]["minutes_reported"], 4);
}

fn between(start: &str, stop: &str) -> Job {
    job(&[("start", start), ("stop", stop)])
}

#[tokio::test]
async fn what_is_unusual_is_held_against_the_windows_before() {
    let app = TestApp::start();
    stored(&app, &hour()).await;
    let before = [
        between("2018-10-16T20:00:00Z", "2018-10-16T21:00:00Z"),
        between("2018-10-16T22:00:00Z", "2018-10-16T23:00:00Z"),
        between("2018-10-16T23:00:00Z", "2018-10-17T00:00:00Z"),
    ];
    // Nothing to hold it against.
    let (status, told) = asked(&app, &format!("/v1/digests/{HOUR_ID}/unusual")).await;
    assert_eq!(status, 404, "{told}");
    let message = told["message"].as_str().unwrap();
    assert!(message.contains("nothing to hold it against"), "{message}");
    for window in &before {
        stored_quiet(&app, window).await;
    }
    // Days that the hour lies in are no window before it.
    stored(&app, &between("2018-10-16T00:00:00Z", "2018-10-18T00:00:00Z")).await;
    let (status, told) = asked(&app, &format!("/v1/digests/{HOUR_ID}/unusual?bytes=5kB")).await;
    assert_eq!(status, 200, "{told}");
    let answer = &told["answer"];
    assert_eq!(
        (&answer["windows"], &answer["count"]),
        (&3.into(), &1.into()),
        "{told}"
    );
    let only = &answer["items"][0];
    assert_eq!(
        (
            &only["client"],
            &only["server"],
            &only["port"],
            &only["received_bytes"]
        ),
        (
            &"10.0.0.1".into(),
            &"203.0.113.66".into(),
            &"31338".into(),
            &9000.into()
        )
    );
    let facts = only["facts"].as_array().unwrap().iter();
    let facts: Vec<&str> = facts.map(|fact| fact["fact"].as_str().unwrap()).collect();
    assert_eq!(
        facts,
        [
            "host-volume",
            "new-pair",
            "leads-outside",
            "unregistered",
            "opened"
        ]
    );
    assert_eq!(told["baseline"].as_array().unwrap().len(), 3);
    assert_eq!(told["baseline"][0]["start"], "2018-10-16T20:00:00Z");
    assert_eq!(told["caveats"], Value::Null, "all are complete");
    // Fewer of them, and by name.
    let last = format!("/v1/digests/{HOUR_ID}/unusual?baseline_last=2&score=0");
    let (_, told) = asked(&app, &last).await;
    assert_eq!(told["answer"]["windows"], 2);
    assert!(
        told["caveats"][0].as_str().unwrap().contains("fewer than 3"),
        "{told}"
    );
    let named = format!("{HOUR}&baseline={},{}", before[0].id(), before[2].id());
    let (status, told) = asked(&app, &format!("/v1/unusual?{named}")).await;
    assert_eq!((status, &told["answer"]["windows"]), (200, &2.into()), "{told}");
    let absent = between("2018-10-10T00:00:00Z", "2018-10-10T01:00:00Z").id();
    for (query, status, part) in [
        (format!("baseline={HOUR_ID}"), 400, "overlaps"),
        (format!("baseline={absent}"), 404, "baseline"),
        ("baseline=x".to_owned(), 400, "list of ids"),
        ("baseline_last=400".to_owned(), 400, "baseline_last"),
        ("sort=packets".to_owned(), 400, "sort"),
    ] {
        let (found, told) = asked(&app, &format!("/v1/digests/{HOUR_ID}/unusual?{query}")).await;
        assert_eq!(found, status, "{query}: {told}");
        assert!(
            told["message"].as_str().unwrap().contains(part),
            "{query}: {told}"
        );
    }
}

#[tokio::test]
async fn any_time_is_asked_each_moment_once_and_gaps_are_told() {
    let app = TestApp::start();
    stored(&app, &hour()).await;
    stored(&app, &job(&NEXT)).await;
    let time = "start=2018-10-17T00:00:00Z&stop=2018-10-17T03:00:00Z";
    let (status, told) = asked(&app, &format!("/v1/top?{time}")).await;
    assert_eq!(status, 200, "{told}");
    assert_eq!(told["digests"].as_array().unwrap().len(), 2);
    assert_eq!(
        told["answer"]["total"]["bytes"],
        2 * (300 + 5000 + 9000 + 60 + 80)
    );
    assert_eq!(told["gaps"][0]["start"], "2018-10-17T02:00:00Z");
    // A digest without tables is not asked, and named.
    let third = job(&[
        ("start", "2018-10-17T02:00:00Z"),
        ("stop", "2018-10-17T03:00:00Z"),
    ]);
    let known = manifest(&third, LINES, Coverage::Complete, third.window().stop());
    app.store_digest(&third, LINES, Some(&known)).await;
    listed(&app, &known).await;
    let (_, told) = asked(&app, &format!("/v1/top?{time}")).await;
    assert_eq!(told["without_table"][0]["start"], "2018-10-17T02:00:00Z");
    assert_eq!(told["gaps"], Value::Array(Vec::new()));
    // Of another scope nothing is stored.
    let (status, told) = asked(&app, &format!("/v1/top?{time}&account=1")).await;
    assert_eq!(status, 404, "{told}");
}

#[tokio::test]
async fn what_cannot_be_asked_is_told() {
    let app = TestApp::start();
    stored(&app, &hour()).await;
    let next = job(&NEXT);
    let text_only = manifest(&next, LINES, Coverage::Complete, next.window().stop());
    app.store_digest(&next, LINES, Some(&text_only)).await;
    let at = |id: DigestId, question: &str| format!("/v1/digests/{id}/{question}");
    let absent = job(&[
        ("start", "2018-10-18T00:00:00Z"),
        ("stop", "2018-10-18T01:00:00Z"),
    ]);
    for (target, status, part) in [
        (at(hour().id(), "edges?filter=port=22%20x"), 400, "at character 9"),
        (at(hour().id(), "edges?group_by=colour"), 400, "group_by"),
        (at(hour().id(), "edges?colour=red"), 400, "colour"),
        (at(hour().id(), "edges?limit=1&limit=2"), 400, "more than once"),
        (at(hour().id(), "host"), 400, "host"),
        (at(hour().id(), "host?host=eni-z"), 404, "eni-z"),
        (at(hour().id(), "unexpected?policy=x"), 400, "policy"),
        (at(next.id(), "top"), 404, "POST /?start=2018-10-17T01:00:00Z"),
        (at(absent.id(), "top"), 404, "no such digest"),
        ("/v1/digests/x/top".to_owned(), 404, "no digest has such an id"),
        ("/v1/top".to_owned(), 400, "start"),
        ("/v1/top?since=3x".to_owned(), 400, "since"),
        (format!("/v1/top?since=3h&{HOUR}"), 400, "since"),
        ("/v1/top?since=3h".to_owned(), 404, "no digest"),
    ] {
        let (found, told) = asked(&app, &target).await;
        assert_eq!(found, status, "{target}: {told}");
        let message = told["message"].as_str().unwrap();
        assert!(message.contains(part), "{target}: {message}");
    }
    let refused = app
        .call(Method::GET, &at(hour().id(), "top"))
        .header("accept", "text/csv");
    assert_eq!(refused.send().await.unwrap().status(), 406);
    let taken = app
        .call(Method::GET, &at(hour().id(), "top"))
        .header("accept", "text/csv, */*;q=0.1");
    assert_eq!(taken.send().await.unwrap().status(), 200);
    // A table that is none any more.
    let key = complete_table(&app).await;
    app.put(&app.storage, &key, "no table".into()).await;
    let (status, told) = asked(&app, &at(hour().id(), "top")).await;
    assert_eq!(status, 409, "{told}");
}

async fn complete_table(app: &TestApp) -> String {
    let keys = TestApp::keys(&app.storage).await;
    let mut of_edges = keys.into_iter().filter(|key| key.starts_with("edges/"));
    of_edges.next().unwrap()
}

#[tokio::test]
async fn a_token_bound_to_accounts_asks_theirs_alone() {
    let directory = tempfile::tempdir().unwrap();
    let (token, line) = Token::issue("bound", &[Right::Read], &["1".to_owned()]).unwrap();
    let (creator, other) = Token::issue("creator", &[Right::Create], &[]).unwrap();
    let file = directory.path().join("tokens");
    std::fs::write(&file, format!("{line}\n{other}\n")).unwrap();
    let guard = Guard::of_tokens(Some(&file)).unwrap();
    let app = TestApp::guarded(Store::memory(), Store::memory(), &guard);
    stored(&app, &hour()).await;
    let scoped = job(&[
        ("start", "2018-10-17T00:00:00Z"),
        ("stop", "2018-10-17T01:00:00Z"),
        ("account", "1"),
    ]);
    stored(&app, &scoped).await;
    let status = async |target: String, token: &str| {
        let answer = app.call(Method::GET, &target).bearer_auth(token).send();
        answer.await.unwrap().status().as_u16()
    };
    let bound = token.expose();
    assert_eq!(
        status(format!("/v1/digests/{}/top", scoped.id()), bound).await,
        200
    );
    assert_eq!(status(format!("/v1/digests/{HOUR_ID}/top"), bound).await, 404);
    assert_eq!(status(format!("/v1/top?{HOUR}"), bound).await, 403);
    assert_eq!(status(format!("/v1/top?{HOUR}&account=1"), bound).await, 200);
    assert_eq!(status(format!("/v1/top?{HOUR}&account=2"), bound).await, 403);
    assert_eq!(status(format!("/v1/top?{HOUR}"), creator.expose()).await, 403);
}
