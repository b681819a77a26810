//! The status resource and what lies below it; the listing of digests by time.

use chrono::{TimeDelta, Utc};
use digest_core::record::{Failure, Progress};
use digest_core::{Coverage, IndexEntry, Job, JobRecord};
use digest_storage::{Index, Records};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{HOUR, HOUR_ID, LINES, TestApp, complete, gzip, hour, job, manifest};

const LEASE: TimeDelta = TimeDelta::minutes(5);

async fn read(app: &TestApp, path: &str) -> Response {
    app.call(Method::GET, path).send().await.unwrap()
}

async fn document(app: &TestApp, path: &str) -> Value {
    let answer = read(app, path).await;
    assert_eq!(answer.status(), 200, "{path}");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    answer.json().await.unwrap()
}

async fn status(app: &TestApp) -> Value {
    document(app, &format!("/v1/digests/{HOUR_ID}")).await
}

fn claimed() -> JobRecord {
    JobRecord::claim(hour(), "api", Uuid::new_v4(), Utc::now(), LEASE)
}

fn building() -> JobRecord {
    claimed()
        .take("worker-1", Uuid::new_v4(), Utc::now(), LEASE)
        .unwrap()
}

async fn app_with(record: &JobRecord) -> TestApp {
    let app = TestApp::start();
    app.store_record(record).await;
    app
}

#[tokio::test]
async fn the_status_follows_the_job() {
    let mut app = TestApp::start();
    for path in [format!("/v1/digests/{HOUR_ID}"), "/v1/digests/none".to_owned()] {
        assert_eq!(read(&app, &path).await.status(), 404, "{path}");
    }
    let accepted = app.post(HOUR).await;
    let location = accepted.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(location, format!("/v1/digests/{HOUR_ID}"));
    assert_eq!(app.queued().await.len(), 1);
    let answer = read(&app, &location).await;
    assert_eq!(answer.headers()["retry-after"], "5");
    let queued: Value = answer.json().await.unwrap();
    assert_eq!(queued["state"], "queued");
    assert_eq!(
        (&queued["id"], &queued["start"], &queued["stop"]),
        (
            &json!(HOUR_ID),
            &json!("2018-10-17T00:00:00Z"),
            &json!("2018-10-17T01:00:00Z")
        )
    );
    assert!(
        queued["requested_at"].is_string() && queued.get("worker").is_none(),
        "{queued}"
    );
    assert_eq!(queued["links"]["content"], format!("{location}/content"));
}

#[tokio::test]
async fn a_build_tells_how_far_it_is_and_how_long_it_will_take() {
    let progress = Progress {
        objects_done: 3,
        objects_total: 12,
        bytes_done: 100,
        bytes_total: 400,
        records: 9000,
    };
    let begun = Utc::now() - TimeDelta::seconds(60);
    let building = claimed().take("worker-1", Uuid::new_v4(), begun, LEASE).unwrap();
    let renewed = building.renewed(Utc::now(), LEASE, Some(progress)).unwrap();
    let told = status(&app_with(&renewed).await).await;
    assert_eq!(
        (&told["state"], &told["worker"]),
        (&json!("building"), &json!("worker-1"))
    );
    assert_eq!(told["progress"], json!(progress));
    let estimate = told["estimated_seconds"].as_u64().unwrap();
    assert!((175..=181).contains(&estimate), "{estimate}");
    assert!(told["started_at"].is_string() && told["updated_at"].is_string());
    assert!(told.get("digest").is_none(), "{told}");
}

#[tokio::test]
async fn a_failure_tells_its_reason_and_whether_another_try_can_help() {
    let failure = |transient| Failure {
        reason: "object a/b.log.gz, line 7: port 65543".to_owned(),
        transient,
    };
    let failed = building()
        .failed(Utc::now(), TimeDelta::days(7), failure(false))
        .unwrap();
    let told = status(&app_with(&failed).await).await;
    assert_eq!(
        (&told["state"], &told["failed_attempts"]),
        (&json!("failed"), &json!(1))
    );
    assert_eq!(told["failure"], json!(failure(false)));

    let back = building()
        .handed_back(Utc::now(), LEASE, Some(failure(true)))
        .unwrap();
    let told = status(&app_with(&back).await).await;
    assert_eq!(
        (&told["state"], &told["failed_attempts"]),
        (&json!("queued"), &json!(1))
    );
    assert_eq!(told["failure"]["transient"], true);
}

#[tokio::test]
async fn a_stored_digest_tells_what_it_is_and_stays_in_reach_while_it_is_made_again() {
    for directory in [None, Some(tempfile::tempdir().unwrap())] {
        let app = directory.as_ref().map_or_else(TestApp::start, TestApp::local);
        let bytes = app.store_digest(&hour(), LINES, Some(&complete())).await;
        let told = status(&app).await;
        assert_eq!(told["state"], "stored");
        assert_eq!(
            (&told["start"], &told["digest"]["coverage"]),
            (&json!("2018-10-17T00:00:00Z"), &json!("complete"))
        );
        assert_eq!(
            (&told["digest"]["bytes"], &told["digest"]["edges"]),
            (&json!(bytes.len()), &json!(2))
        );

        let content = read(&app, told["links"]["content"].as_str().unwrap()).await;
        assert_eq!(
            (content.status(), &content.headers()["digest-coverage"]),
            (200.try_into().unwrap(), &"complete".parse().unwrap())
        );
        assert_eq!(content.bytes().await.unwrap(), bytes);
        let made_of = read(&app, told["links"]["manifest"].as_str().unwrap()).await;
        assert_eq!(made_of.headers()["cache-control"], "no-cache");
        assert_eq!(made_of.json::<Value>().await.unwrap(), json!(complete()));

        app.store_record(&building()).await;
        let again = status(&app).await;
        assert_eq!(
            (&again["state"], &again["digest"]),
            (&json!("building"), &told["digest"])
        );
    }
}

#[tokio::test]
async fn a_digest_of_the_go_service_has_a_status_and_no_manifest() {
    let app = TestApp::start();
    app.store_digest(&hour(), LINES, None).await;
    let told = status(&app).await;
    assert_eq!(
        (&told["state"], &told["digest"]["coverage"]),
        (&json!("stored"), &json!("unknown"))
    );
    assert!(told.get("start").is_none(), "nothing says which window it is of");
    assert_eq!(
        read(&app, &format!("/v1/digests/{HOUR_ID}/manifest"))
            .await
            .status(),
        404
    );
    assert_eq!(
        read(&app, &format!("/v1/digests/{HOUR_ID}/content"))
            .await
            .status(),
        200
    );

    // A manifest of other bytes says nothing of these.
    let other = manifest(&hour(), "other", Coverage::Complete, Utc::now());
    app.store_manifest(&other).await;
    assert_eq!(
        read(&app, &format!("/v1/digests/{HOUR_ID}/manifest"))
            .await
            .status(),
        404
    );

    let held = TestApp::start();
    held.mark(HOUR_ID, &Utc::now().to_rfc3339()).await;
    assert_eq!(status(&held).await["state"], "queued");
}

#[tokio::test]
async fn what_is_not_stored_yet_has_neither_content_nor_manifest() {
    let app = app_with(&building()).await;
    let content = read(&app, &format!("/v1/digests/{HOUR_ID}/content")).await;
    assert_eq!(content.status(), 204);
    assert!(content.headers().contains_key("retry-after"));
    assert_eq!(
        read(&app, &format!("/v1/digests/{HOUR_ID}/manifest"))
            .await
            .status(),
        404
    );
    let removed = building().stored(Utc::now(), TimeDelta::days(7)).unwrap();
    let app = app_with(&removed).await;
    assert_eq!(
        read(&app, &format!("/v1/digests/{HOUR_ID}")).await.status(),
        404,
        "its digest was removed"
    );
    Records::new(app.progress.clone())
        .remove(hour().id())
        .await
        .unwrap();
}

/// Stores a digest as a worker does, its entry in the index included.
async fn store(app: &TestApp, job: &Job) -> IndexEntry {
    let manifest = manifest(
        job,
        LINES,
        Coverage::Complete,
        job.window().stop() + TimeDelta::hours(1),
    );
    app.store_digest(job, LINES, Some(&manifest)).await;
    let entry = IndexEntry::of(&manifest);
    Index::new(app.storage.clone()).write(&entry).await.unwrap();
    entry
}

#[tokio::test]
async fn stored_digests_are_listed_by_time_and_scope_page_by_page() {
    let app = TestApp::start();
    let at = |start, stop, account| {
        let mut query = vec![("start", start), ("stop", stop)];
        query.extend(Option::map(account, |account| ("account", account)));
        job(&query)
    };
    let (first, second, third) = (
        at("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z", None),
        at("2018-10-17T01:00:00Z", "2018-10-17T02:00:00Z", Some("1")),
        at("2018-10-17T23:00:00Z", "2018-10-18T00:00:00Z", None),
    );
    for job in [&third, &second, &first] {
        store(&app, job).await;
    }
    store(&app, &at("2018-10-17T23:30:00Z", "2018-10-18T00:30:00Z", None)).await;

    let day = "/v1/digests?start=2018-10-17T00:00:00Z&stop=2018-10-18T00:00:00Z";
    let ids = |listing: &Value| -> Vec<String> {
        let digests = listing["digests"].as_array().unwrap();
        digests
            .iter()
            .map(|digest| digest["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = document(&app, day).await;
    assert_eq!(
        ids(&all),
        [&first, &second, &third].map(|job| job.id().to_string())
    );
    assert_eq!((&all["state"], all.get("next")), (&json!("absent"), None));
    let told = &all["digests"][1];
    assert_eq!(
        (&told["account"], &told["coverage"], &told["edges"]),
        (&json!(["1"]), &json!("complete"), &json!(2))
    );
    assert_eq!(told["link"], format!("/v1/digests/{}", second.id()));

    let mut paged = Vec::new();
    let mut next = Some(format!("{day}&limit=2"));
    while let Some(path) = next {
        let page = document(&app, &path).await;
        paged.extend(ids(&page));
        next = page.get("next").map(|next| next.as_str().unwrap().to_owned());
    }
    assert_eq!(paged, ids(&all));
    let scoped = document(&app, &format!("{day}&account=1")).await;
    assert_eq!(ids(&scoped), [second.id().to_string()]);
    // The window's own status comes along.
    let hour = document(&app, &format!("/v1/digests?{HOUR}")).await;
    assert_eq!(
        (&hour["state"], ids(&hour)),
        (&json!("stored"), vec![HOUR_ID.to_owned()])
    );
    for query in ["limit=0", "limit=x", "after=x", "page=2"] {
        assert_eq!(
            read(&app, &format!("{day}&{query}")).await.status(),
            400,
            "{query}"
        );
    }
    assert_eq!(read(&app, "/v1/digests").await.status(), 400);
}

#[tokio::test]
async fn what_is_not_there_as_the_index_says_is_not_listed() {
    let app = TestApp::start();
    let entry = store(&app, &hour()).await;
    let path = format!("/v1/digests?{HOUR}");
    assert_eq!(
        document(&app, &path).await["digests"].as_array().unwrap().len(),
        1
    );
    // Written over by the Go service, which keeps no index.
    let key = format!("{HOUR_ID}.log.gz");
    app.put(&app.storage, &key, gzip("another, longer text that is not ours"))
        .await;
    assert_eq!(document(&app, &path).await["digests"], json!([]));
    let folder = "index/20181017T0000Z_20181017T0100Z_";
    assert_eq!(
        TestApp::keys(&app.storage).await.last().map(String::as_str),
        Some(format!("{folder}{}.json", entry.job.id()).as_str())
    );
    app.put(&app.storage, &format!("{folder}{HOUR_ID}.json"), "{}".into())
        .await;
    assert_eq!(document(&app, &path).await["digests"], json!([]));
}
