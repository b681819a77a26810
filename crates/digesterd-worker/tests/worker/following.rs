//! Deliveries of a job that somebody is at: they follow it, for as long as they are held.

use std::time::Duration;

use actix_web::http::StatusCode;
use chrono::{TimeDelta, Utc};
use digest_core::record::State;
use digest_storage::faults::{Fault, Faults, Operation};
use digest_storage::{Digests, ErrorKind, Prefetch};
use digesterd_worker::build::BuildOptions;
use digesterd_worker::{Mode, Places, Sweeper, Terms, Worker};
use futures::FutureExt as _;
use tokio::time::sleep;
use uuid::Uuid;

use crate::bench::{Bench, deliver, delivering, job, other_job, post, terms};

/// Terms of a worker that holds deliveries only for a moment.
fn impatient() -> Terms {
    Terms {
        patience: Duration::from_millis(200),
        ..terms()
    }
}

#[actix_web::test]
async fn a_delivery_follows_the_build_of_another_process() {
    let bench = Bench::with_an_hour();
    let (first, gate) = bench.gated_worker(terms()).await;
    let second = bench.worker(terms());
    let building = delivering(&first, &job());
    bench
        .until(&job(), "building", |record| record.state() == State::Building)
        .await;
    let following = delivering(&second, &job());
    sleep(Duration::from_millis(100)).await;
    drop(gate);
    assert_eq!(building.await.unwrap(), StatusCode::OK);
    assert_eq!(following.await.unwrap(), StatusCode::OK);
    assert_eq!(bench.record(job().id()).await.unwrap().epoch(), 2, "taken once");
}

#[actix_web::test]
async fn a_delivery_that_was_held_long_enough_is_429_and_the_build_goes_on() {
    let bench = Bench::with_an_hour();
    let (worker, gate) = bench.gated_worker(impatient()).await;
    let busy = post(&worker, "/", job().to_json(), None).await;
    assert_eq!(busy.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(busy.headers().contains_key("retry-after"));
    assert_eq!(
        busy.headers().get("content-type").unwrap(),
        "application/problem+json"
    );
    drop(gate);
    bench
        .until(&job(), "stored", |record| record.state() == State::Stored)
        .await;
    assert_eq!(deliver(&worker, &job()).await, StatusCode::OK);
    assert_eq!(bench.record(job().id()).await.unwrap().epoch(), 2, "built once");
}

#[actix_web::test]
async fn a_full_worker_records_the_job_and_answers_429_until_it_has_a_slot() {
    let bench = Bench::with_an_hour();
    let (worker, gate) = bench.gated_worker(impatient()).await;
    assert_eq!(deliver(&worker, &job()).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        deliver(&worker, &other_job()).await,
        StatusCode::TOO_MANY_REQUESTS
    );
    let waiting = bench.record(other_job().id()).await.unwrap();
    assert_eq!((waiting.state(), waiting.epoch()), (State::Queued, 1));
    drop(gate);
    bench
        .until(&job(), "stored", |record| record.state() == State::Stored)
        .await;
    // The slot is free a moment after the record says so.
    let mut answer = deliver(&worker, &other_job()).await;
    for _ in 0..100 {
        if answer != StatusCode::TOO_MANY_REQUESTS {
            break;
        }
        sleep(Duration::from_millis(50)).await;
        answer = deliver(&worker, &other_job()).await;
    }
    assert_eq!(answer, StatusCode::OK);
}

#[actix_web::test]
async fn a_full_worker_holds_a_delivery_until_a_slot_is_free() {
    let bench = Bench::with_an_hour();
    let (worker, gate) = bench.gated_worker(terms()).await;
    let first = delivering(&worker, &job());
    bench
        .until(&job(), "building", |record| record.state() == State::Building)
        .await;
    let second = delivering(&worker, &other_job());
    bench
        .until(&other_job(), "queued", |record| record.state() == State::Queued)
        .await;
    drop(gate);
    assert_eq!(first.await.unwrap(), StatusCode::OK);
    assert_eq!(second.await.unwrap(), StatusCode::OK);
}

#[actix_web::test]
async fn respond_async_is_202_once_the_record_is_durable() {
    let bench = Bench::with_an_hour();
    let (worker, gate) = bench.gated_worker(terms()).await;
    let accepted = post(&worker, "/topic/event", job().to_json(), Some("respond-async")).await;
    assert_eq!(accepted.status(), StatusCode::ACCEPTED);
    assert!(bench.record(job().id()).await.is_some());
    drop(gate);
    bench
        .until(&job(), "stored", |record| record.state() == State::Stored)
        .await;
    let again = post(&worker, "/topic/event", job().to_json(), Some("respond-async")).await;
    assert!(matches!(again.status(), StatusCode::OK | StatusCode::ACCEPTED));
}

#[actix_web::test]
async fn what_was_answered_202_is_built_though_a_store_fails_behind_the_answer() {
    let bench = Bench::with_an_hour();
    bench.queue(&job()).await;
    let failing = Faults::new(|call| match (call.operation, call.number) {
        (Operation::Head, 1..=3) => Fault::Fail(ErrorKind::Unavailable),
        _ => Fault::None,
    });
    let places = Places {
        digests: Digests::new(failing.over(&bench.store("storage"))),
        ..bench.places()
    };
    let worker = Worker::new(
        places,
        Prefetch::new(4, 1 << 20),
        BuildOptions::default(),
        terms(),
    );
    let accepted = post(&worker, "/", job().to_json(), Some("respond-async")).await;
    assert_eq!(accepted.status(), StatusCode::ACCEPTED);
    bench
        .until(&job(), "stored", |record| record.state() == State::Stored)
        .await;
    assert!(failing.count(Operation::Head) > 3);
}

#[actix_web::test]
async fn a_full_worker_offers_what_it_accepted_to_every_other_one() {
    let bench = Bench::with_an_hour();
    let (full, _gate) = bench.gated_worker(terms()).await;
    // One after the other: 202 says that a job is recorded, not that it has the slot.
    for (job, what) in [(job(), "building"), (other_job(), "offered")] {
        let accepted = post(&full, "/", job.to_json(), Some("respond-async")).await;
        assert_eq!(accepted.status(), StatusCode::ACCEPTED);
        bench
            .until(&job, what, |record| record.begun_at().is_some())
            .await;
    }
    let idle = bench.worker(terms());
    let swept = Sweeper::new(false).round(&idle).await.unwrap();
    assert_eq!(swept.begun, 1);
    bench
        .until(&other_job(), "stored", |record| record.state() == State::Stored)
        .await;
    assert_eq!(bench.record(job().id()).await.unwrap().state(), State::Building);
}

#[actix_web::test]
async fn a_caller_that_hangs_up_changes_nothing() {
    let bench = Bench::with_an_hour();
    let (worker, gate) = bench.gated_worker(terms()).await;
    let mut delivery = Box::pin(worker.accept(job(), Mode::Wait));
    assert_eq!((&mut delivery).now_or_never(), None);
    bench
        .until(&job(), "building", |record| record.state() == State::Building)
        .await;
    drop(delivery);
    drop(gate);
    bench
        .until(&job(), "stored", |record| record.state() == State::Stored)
        .await;
}

#[actix_web::test]
async fn a_builder_whose_record_was_taken_over_stores_nothing() {
    let bench = Bench::with_an_hour();
    let (worker, gate) = bench.gated_worker(terms()).await;
    let _delivery = delivering(&worker, &job());
    bench
        .until(&job(), "building", |record| record.state() == State::Building)
        .await;
    let records = bench.places().records;
    let (record, version) = records.load(job().id()).await.unwrap().unwrap();
    let taken = record
        .take("thief", Uuid::new_v4(), Utc::now(), TimeDelta::hours(1))
        .unwrap();
    records.swap(&version, &taken).await.unwrap();
    drop(gate);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(
        bench.record(job().id()).await.unwrap(),
        taken,
        "the record is the successor's"
    );
    let id = job().id();
    assert!(
        !bench.keys("storage").contains(&format!("{id}.log.gz")),
        "{:?}",
        bench.keys("storage")
    );
}

#[actix_web::test]
async fn a_long_build_keeps_its_lease_and_shows_its_progress() {
    let bench = Bench::with_an_hour();
    let short = Terms {
        progress_timeout: Duration::from_secs(2),
        ..terms()
    };
    let (worker, gate) = bench.gated_worker(short.clone()).await;
    let delivery = delivering(&worker, &job());
    let other = bench.worker(short);
    let mut sweeper = Sweeper::new(false);
    for _ in 0..90 {
        assert_eq!(sweeper.round(&other).await.unwrap().begun, 0);
        sleep(Duration::from_millis(50)).await;
    }
    let record = bench.record(job().id()).await.unwrap();
    assert!(record.revision() > 8, "{}", record.revision());
    assert_eq!(record.progress().unwrap().objects_total, 3);
    let marker = bench.places().markers.load(job().id()).await.unwrap().unwrap();
    assert!(marker.is_live(Utc::now(), TimeDelta::seconds(2), TimeDelta::hours(6)));
    drop(gate);
    assert_eq!(delivery.await.unwrap(), StatusCode::OK);
    assert_eq!(bench.record(job().id()).await.unwrap().lost_leases(), 0);
}
