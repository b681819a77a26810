//! The end of a process: no new jobs, running ones end or are given back.

use std::time::Duration;

use actix_web::http::StatusCode;
use digest_core::record::State;
use futures::join;

use crate::bench::{Bench, deliver, delivering, job, other_job, post, terms};

#[actix_web::test]
async fn a_build_that_does_not_end_in_time_is_given_back_and_not_counted() {
    let bench = Bench::with_an_hour();
    let (worker, gate) = bench.gated_worker(terms()).await;
    let held = delivering(&worker, &job());
    bench
        .until(&job(), "building", |record| record.state() == State::Building)
        .await;
    worker.drain(Duration::from_millis(500)).await;
    assert_eq!(held.await.unwrap(), StatusCode::SERVICE_UNAVAILABLE);
    let record = bench.record(job().id()).await.unwrap();
    assert_eq!(
        (record.state(), record.attempts(), record.failure()),
        (State::Queued, 0, None)
    );
    drop(gate);
    let next = bench.worker(terms());
    assert_eq!(deliver(&next, &job()).await, StatusCode::OK);
    assert_eq!(bench.text(job().id()), Some(bench.expected()));
}

#[actix_web::test]
async fn a_build_that_ends_in_time_is_stored() {
    let bench = Bench::with_an_hour();
    let (worker, gate) = bench.gated_worker(terms()).await;
    let held = delivering(&worker, &job());
    bench
        .until(&job(), "building", |record| record.state() == State::Building)
        .await;
    let release = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(gate);
    };
    join!(worker.drain(Duration::from_secs(20)), release);
    assert_eq!(held.await.unwrap(), StatusCode::OK);
}

#[actix_web::test]
async fn a_draining_worker_takes_nothing_new() {
    let bench = Bench::with_an_hour();
    let worker = bench.worker(terms());
    worker.drain(Duration::from_secs(1)).await;
    let refused = post(&worker, "/", job().to_json(), None).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after"));
    assert!(bench.record(job().id()).await.is_none());
}

#[actix_web::test]
async fn a_delivery_that_waits_for_a_slot_is_let_go() {
    let bench = Bench::with_an_hour();
    let (worker, _gate) = bench.gated_worker(terms()).await;
    let building = delivering(&worker, &job());
    bench
        .until(&job(), "building", |record| record.state() == State::Building)
        .await;
    let waiting = delivering(&worker, &other_job());
    bench
        .until(&other_job(), "queued", |record| record.state() == State::Queued)
        .await;
    worker.drain(Duration::from_millis(300)).await;
    for held in [building, waiting] {
        assert_eq!(held.await.unwrap(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
