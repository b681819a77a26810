//! POST: what is refused, who wins, in which order things are written, and what a failure leaves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{SecondsFormat, TimeDelta, Utc};
use digest_core::record::{Failure, State};
use digest_core::{Coverage, JobRecord};
use digest_queue::{ApplianceOptions, HttpAppliance};
use digest_storage::faults::{Fault, Faults, Operation};
use digest_storage::{MarkerBody, Markers, Store};
use futures::future::join_all;
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use crate::app::{HOUR, HOUR_ID, LINES, TestApp, complete, hour, manifest};

/// A record of the hour, claimed now.
fn claimed() -> JobRecord {
    JobRecord::claim(hour(), "test", Uuid::new_v4(), Utc::now(), TimeDelta::minutes(1))
}

fn building() -> JobRecord {
    claimed()
        .take("test", Uuid::new_v4(), Utc::now(), TimeDelta::minutes(5))
        .unwrap()
}

fn failed(transient: bool) -> JobRecord {
    let failure = Failure {
        reason: "object a/b.log.gz, line 7: port 65543".to_owned(),
        transient,
    };
    building()
        .failed(Utc::now(), TimeDelta::days(7), failure)
        .unwrap()
}

#[tokio::test]
async fn a_new_window_is_recorded_marked_queued_and_answered_202() {
    let mut app = TestApp::start();
    let answer = app.post(HOUR).await;
    assert_eq!(answer.status(), 202);
    assert_eq!(answer.headers()["location"], format!("/v1/digests/{HOUR_ID}"));
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(app.queued().await, [hour()]);
    let record = app.record(hour().id()).await.unwrap();
    assert_eq!(record.state(), State::Queued);
    assert_eq!(
        TestApp::keys(&app.progress).await,
        [format!("{HOUR_ID}.job.json"), format!("{HOUR_ID}_in_progress")]
    );
    // The Go service adds its progress timeout of 5 minutes to the marker's time.
    let marker = Markers::new(app.progress.clone())
        .load(hour().id())
        .await
        .unwrap()
        .unwrap();
    let MarkerBody::Since(time) = marker.body else {
        panic!("{marker:?}");
    };
    let until = time + TimeDelta::minutes(5);
    assert!(
        (until - record.lease().until).abs() < TimeDelta::seconds(5),
        "{until}"
    );
    assert_eq!(app.get(HOUR).await.status(), 204);
}

#[tokio::test]
async fn every_spelling_of_a_window_is_one_digest() {
    let mut app = TestApp::start();
    for (query, status) in [
        (
            "start=2018-10-17T10:00:00%2B10:00&stop=2018-10-17T11:00:00%2B10:00",
            202,
        ),
        (
            "start=2018-10-17T10:00:00+10:00&stop=2018-10-17T11:00:00+10:00",
            409,
        ),
        (
            "start=2018-10-17T00:00:59.999999999Z&stop=2018-10-17T01:00:59Z",
            409,
        ),
        (HOUR, 409),
        (
            "start=2018-10-17T00:00:00Z&stop=2018-10-17T01:00:00Z&account=1&region=us-east-1",
            202,
        ),
    ] {
        assert_eq!(app.post(query).await.status(), status, "{query}");
    }
    let ids: Vec<String> = app
        .queued()
        .await
        .iter()
        .map(|job| job.id().to_string())
        .collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], HOUR_ID);
}

#[tokio::test]
async fn what_a_worker_would_refuse_never_reaches_the_queue() {
    let mut app = TestApp::start();
    let future = (Utc::now() + TimeDelta::minutes(10)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let further = (Utc::now() + TimeDelta::minutes(20)).to_rfc3339_opts(SecondsFormat::Secs, true);
    for query in [
        String::new(),
        "start=2018-10-17T00:00:00Z".to_owned(),
        "start=2018-10-17T00:00:10Z&stop=2018-10-17T00:00:50Z".to_owned(),
        "start=2018-10-17T01:00:00Z&stop=2018-10-17T00:00:00Z".to_owned(),
        "start=yesterday&stop=today".to_owned(),
        "start=2018-01-01T00:00:00Z&stop=2018-02-01T00:01:00Z".to_owned(),
        format!("start={future}&stop={further}"),
        format!("{HOUR}&start=2018-10-17T00:00:00Z"),
        format!("{HOUR}&acount=1"),
        format!("{HOUR}&account=../../etc"),
        format!("{HOUR}&refresh=perhaps"),
    ] {
        let answer = app.post(&query).await;
        assert_eq!(answer.status(), 400, "{query}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let problem: Value = answer.json().await.unwrap();
        assert!(!problem["message"].as_str().unwrap().is_empty());
    }
    assert!(app.queued().await.is_empty());
    assert!(TestApp::keys(&app.progress).await.is_empty());
    let longest = "start=2018-01-01T00:00:00Z&stop=2018-02-01T00:00:00Z";
    assert_eq!(app.post(longest).await.status(), 202);
}

#[tokio::test]
async fn twenty_at_once_are_one_202_nineteen_409_and_one_job() {
    let directory = tempfile::tempdir().unwrap();
    for mut app in [TestApp::start(), TestApp::local(&directory)] {
        let answers = join_all((0..20).map(|_| app.post(HOUR))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status().as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses[0], 202);
        assert_eq!(statuses[1..], [409; 19]);
        assert_eq!(app.queued().await.len(), 1);
    }
}

#[tokio::test]
async fn twenty_at_once_cost_one_lookup_whatever_comes_of_it() {
    let slow = || {
        Faults::new(|call| match call.operation {
            Operation::Head | Operation::Get => Fault::Slow(Duration::from_millis(500)),
            _ => Fault::None,
        })
    };
    let (storage, progress) = (slow(), slow());
    let stores = (Store::memory(), Store::memory());
    let mut app = TestApp::over(storage.over(&stores.0), progress.over(&stores.1));
    let ask = || join_all((0..20).map(|_| app.post(HOUR)));
    let statuses = |answers: Vec<reqwest::Response>| {
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status().as_u16()).collect();
        statuses.sort_unstable();
        statuses
    };
    let answers = statuses(ask().await);
    assert_eq!((answers[0], &answers[1..]), (202, &[409; 19][..]));
    // The digest; record and marker are created without a look.
    assert_eq!(
        (storage.count(Operation::Head), progress.count(Operation::Get)),
        (1, 0)
    );
    // The next ones find the job on its way.
    assert_eq!(statuses(ask().await), [409; 20]);
    assert_eq!(
        (storage.count(Operation::Head), progress.count(Operation::Get)),
        (2, 1)
    );
    assert_eq!(app.queued().await.len(), 1);
}

#[tokio::test]
async fn a_stored_digest_is_409_unless_it_can_be_bettered_or_refresh_is_asked_for() {
    let mut app = TestApp::start();
    app.store_digest(&hour(), LINES, Some(&complete())).await;
    let answer = app.post(HOUR).await;
    assert_eq!(answer.status(), 409);
    let problem: Value = answer.json().await.unwrap();
    assert!(
        problem["detail"].as_str().unwrap().contains("exists"),
        "{problem}"
    );
    assert!(app.queued().await.is_empty());

    assert_eq!(app.post(&format!("{HOUR}&refresh=true")).await.status(), 202);
    let record = app.record(hour().id()).await.unwrap();
    assert!(record.refresh_of().is_some());
    // The old one is served meanwhile.
    assert_eq!(app.get(HOUR).await.status(), 200);
}

#[tokio::test]
async fn a_digest_that_was_begun_too_early_is_made_again() {
    let mut app = TestApp::start();
    let early = manifest(&hour(), LINES, Coverage::Partial, hour().window().stop());
    app.store_digest(&hour(), LINES, Some(&early)).await;
    assert_eq!(app.post(HOUR).await.status(), 202);
    assert_eq!(app.queued().await.len(), 1);
    assert!(app.record(hour().id()).await.unwrap().refresh_of().is_some());
    assert_eq!(app.post(HOUR).await.status(), 409);
}

#[tokio::test]
async fn the_go_services_digest_is_409() {
    let mut app = TestApp::start();
    app.store_digest(&hour(), LINES, None).await;
    assert_eq!(app.post(HOUR).await.status(), 409);
    assert!(app.queued().await.is_empty());
}

#[tokio::test]
async fn a_job_on_its_way_is_409_even_with_refresh() {
    let queued = claimed().queued(Utc::now(), TimeDelta::hours(6)).unwrap();
    for record in [claimed(), queued, building()] {
        let mut app = TestApp::start();
        app.store_record(&record).await;
        assert_eq!(app.post(HOUR).await.status(), 409);
        assert_eq!(app.post(&format!("{HOUR}&refresh=true")).await.status(), 409);
        assert!(app.queued().await.is_empty());
        assert_eq!(app.record(hour().id()).await.unwrap(), record);
    }
}

#[tokio::test]
async fn a_permanent_failure_is_409_with_its_reason_until_refresh() {
    let mut app = TestApp::start();
    app.store_record(&failed(false)).await;
    let answer = app.post(HOUR).await;
    assert_eq!(answer.status(), 409);
    let problem: Value = answer.json().await.unwrap();
    let message = problem["message"].as_str().unwrap();
    assert!(
        message.contains("line 7: port 65543") && message.contains("refresh=true"),
        "{message}"
    );
    assert_eq!(app.post(&format!("{HOUR}&refresh=true")).await.status(), 202);
    assert_eq!(app.queued().await.len(), 1);
}

#[tokio::test]
async fn a_transient_failure_or_a_vanished_digest_is_asked_for_again() {
    let stored = building().stored(Utc::now(), TimeDelta::days(7)).unwrap();
    for record in [failed(true), stored] {
        let mut app = TestApp::start();
        app.store_record(&record).await;
        assert_eq!(app.post(HOUR).await.status(), 202);
        assert_eq!(app.queued().await.len(), 1);
        let claimed = app.record(hour().id()).await.unwrap();
        assert_eq!(claimed.attempts(), 0);
        assert!(claimed.epoch() > record.epoch());
    }
}

#[tokio::test]
async fn a_queue_that_is_down_is_503_in_time_and_leaves_the_window_free() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let queue = HttpAppliance::new(&ApplianceOptions {
        endpoint: endpoint.parse().unwrap(),
        topic: None,
        ca_bundle: None,
        proxy: None,
        secret: None,
    });
    let (storage, progress) = (Store::memory(), Store::memory());
    let app = TestApp::with_queue(storage.clone(), progress.clone(), Arc::new(queue.unwrap()));
    let began = Instant::now();
    let answer = app.post(HOUR).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    let text = answer.text().await.unwrap();
    assert!(!text.contains("127.0.0.1"), "{text}");
    assert_eq!(app.record(hour().id()).await.unwrap().state(), State::Failed);
    assert_eq!(TestApp::keys(&progress).await, [format!("{HOUR_ID}.job.json")]);
    let missing = app.get(HOUR).await;
    assert_eq!(missing.status(), 404);
    assert!(missing.text().await.unwrap().contains("could not be queued"));

    let mut mended = TestApp::over(storage, progress);
    assert_eq!(mended.post(HOUR).await.status(), 202);
    assert_eq!(mended.queued().await.len(), 1);
}

#[tokio::test]
async fn other_methods_are_405_and_say_which_are_not() {
    let app = TestApp::start();
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let answer = app.call(method, &format!("/?{HOUR}")).send().await.unwrap();
        assert_eq!(answer.status(), 405);
        assert_eq!(answer.headers()["allow"], "GET, HEAD, POST");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    assert_eq!(
        app.call(Method::POST, "/topic/event")
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
}
