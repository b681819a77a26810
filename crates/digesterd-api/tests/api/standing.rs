//! What is answered of a digest that is not stored: by its record, else by the Go service's marker.

use chrono::{FixedOffset, SecondsFormat, TimeDelta, Utc};
use digest_core::JobRecord;
use digest_core::record::Failure;
use digest_storage::Store;
use digest_storage::faults::{Fault, Faults, Operation};
use serde_json::Value;
use uuid::Uuid;

use crate::app::{HOUR, HOUR_ID, LINES, TestApp, gzip, hour};

/// A time as Go writes it: local offset, nanoseconds.
fn go_time(ago: TimeDelta) -> String {
    let zone = FixedOffset::east_opt(10 * 3600 + 1800).unwrap();
    let time = (Utc::now() - ago).with_timezone(&zone);
    time.to_rfc3339_opts(SecondsFormat::Nanos, false)
}

#[tokio::test]
async fn nothing_known_is_404() {
    let app = TestApp::start();
    let answer = app.get(HOUR).await;
    assert_eq!(answer.status(), 404);
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["status"], 404);
    assert!(problem["message"].as_str().unwrap().contains("POST"), "{problem}");
}

#[tokio::test]
async fn get_refuses_only_what_no_digest_can_have() {
    let app = TestApp::start();
    for query in [
        "",
        "start=2018-10-17T00:00:00Z&stop=2018-10-17T00:00:59Z",
        "start=2018-10-17T01:00:00Z&stop=2018-10-17T00:00:00Z",
        "start=x&stop=y",
    ] {
        assert_eq!(app.get(query).await.status(), 400, "{query}");
    }
    for query in [
        "start=2018-01-01T00:00:00Z&stop=2019-01-01T00:00:00Z",
        "start=2100-01-01T00:00:00Z&stop=2100-01-01T01:00:00Z",
    ] {
        assert_eq!(app.get(query).await.status(), 404, "{query}");
    }
}

#[tokio::test]
async fn a_job_on_its_way_is_204_with_retry_after() {
    let claimed = JobRecord::claim(hour(), "t", Uuid::new_v4(), Utc::now(), TimeDelta::minutes(1));
    let queued = claimed.queued(Utc::now(), TimeDelta::hours(6)).unwrap();
    let building = queued
        .take("t", Uuid::new_v4(), Utc::now(), TimeDelta::minutes(5))
        .unwrap();
    for record in [claimed, queued, building] {
        let app = TestApp::start();
        app.store_record(&record).await;
        let answer = app.get(HOUR).await;
        assert_eq!(answer.status(), 204);
        assert!(answer.headers().contains_key("retry-after"));
        assert!(answer.bytes().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_failed_job_is_404_with_its_reason_whatever_its_marker() {
    let app = TestApp::start();
    let failure = Failure {
        reason: "object a/b.log.gz, line 7: port 65543".to_owned(),
        transient: false,
    };
    let claimed = JobRecord::claim(hour(), "t", Uuid::new_v4(), Utc::now(), TimeDelta::minutes(1));
    let failed = claimed.failed(Utc::now(), TimeDelta::days(7), failure).unwrap();
    app.store_record(&failed).await;
    app.mark(HOUR_ID, &go_time(TimeDelta::zero())).await;
    let answer = app.get(HOUR).await;
    assert_eq!(answer.status(), 404);
    assert!(answer.text().await.unwrap().contains("line 7: port 65543"));
}

#[tokio::test]
async fn the_go_services_live_marker_holds_the_window() {
    for body in [
        String::new(),
        go_time(TimeDelta::seconds(10)),
        go_time(TimeDelta::minutes(4)),
    ] {
        let mut app = TestApp::start();
        app.mark(HOUR_ID, &body).await;
        assert_eq!(app.get(HOUR).await.status(), 204, "{body:?}");
        assert_eq!(app.post(HOUR).await.status(), 409, "{body:?}");
        assert!(app.queued().await.is_empty());
    }
}

#[tokio::test]
async fn the_go_services_expired_or_unreadable_marker_holds_nothing() {
    for body in [
        go_time(TimeDelta::minutes(6)),
        "garbage".to_owned(),
        "0".to_owned(),
    ] {
        let mut app = TestApp::start();
        app.mark(HOUR_ID, &body).await;
        assert_eq!(app.get(HOUR).await.status(), 404, "{body:?}");
        assert_eq!(app.post(HOUR).await.status(), 202, "{body:?}");
        assert_eq!(app.queued().await.len(), 1);
    }
}

#[tokio::test]
async fn the_go_services_digest_is_served_whatever_its_marker() {
    let app = TestApp::start();
    let bytes = app.store_digest(&hour(), LINES, None).await;
    app.mark(HOUR_ID, &go_time(TimeDelta::zero())).await;
    let answer = app.get(HOUR).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["digest-coverage"], "unknown");
    assert_eq!(answer.headers()["cache-control"], "no-cache");
    assert_eq!(answer.bytes().await.unwrap(), bytes);
}

#[tokio::test]
async fn a_job_that_ends_between_the_looks_is_never_404() {
    let directory = tempfile::tempdir().unwrap();
    let storage = TestApp::local(&directory).storage.clone();
    let digest = directory.path().join("storage").join(format!("{HOUR_ID}.log.gz"));
    let (written, bytes) = (digest.clone(), gzip(LINES));
    // The worker stores the digest and ends its record just before that is read.
    let faults = Faults::new(move |call| {
        if call.operation == Operation::Get && call.key.ends_with(".job.json") && !written.exists() {
            std::fs::write(&written, &bytes).unwrap();
        }
        Fault::None
    });
    let app = TestApp::over(storage, faults.over(&Store::memory()));
    let claimed = JobRecord::claim(hour(), "t", Uuid::new_v4(), Utc::now(), TimeDelta::minutes(1));
    let stored = claimed
        .take("t", Uuid::new_v4(), Utc::now(), TimeDelta::minutes(5))
        .and_then(|taken| taken.stored(Utc::now(), TimeDelta::days(7)))
        .unwrap();
    app.store_record(&stored).await;
    assert!(!digest.exists(), "stored too early to prove anything");
    let answer = app.get(HOUR).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.bytes().await.unwrap(), gzip(LINES));
}
