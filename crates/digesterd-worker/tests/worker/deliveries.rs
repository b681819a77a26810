//! What a delivery is answered, and what stands in the buckets then.

use actix_web::http::StatusCode;
use digest_core::Coverage;
use digest_core::record::State;
use digesterd_process::metrics::Metrics;
use futures::future::join_all;

use crate::bench::{Bench, deliver, job, post, terms};

#[actix_web::test]
async fn a_delivery_is_answered_200_once_the_digest_is_stored_and_equals_the_oracles() {
    let bench = Bench::with_an_hour();
    let worker = bench.worker(terms());
    bench.queue(&job()).await;
    assert_eq!(deliver(&worker, &job()).await, StatusCode::OK);
    assert_eq!(bench.text(job().id()).unwrap(), bench.expected());
    assert!(!bench.expected().is_empty());
    let manifest = bench.manifest(job().id()).await.unwrap();
    assert_eq!(
        (manifest.coverage, manifest.objects.read),
        (Coverage::Complete, 3)
    );
    assert_eq!(manifest.gzip, bench.sealed(job().id()));
    let record = bench.record(job().id()).await.unwrap();
    assert_eq!(record.state(), State::Stored);
    let id = job().id();
    assert_eq!(
        bench.keys("storage"),
        [format!("{id}.log.gz"), format!("{id}.manifest.json")]
    );
    assert_eq!(bench.keys("progress"), [format!("{id}.job.json")]);
}

#[actix_web::test]
async fn twenty_deliveries_at_once_build_once() {
    let bench = Bench::with_an_hour();
    let worker = bench.worker(terms());
    let job_of_all = job();
    let answers = join_all((0..20).map(|_| deliver(&worker, &job_of_all))).await;
    assert!(
        answers.iter().all(|status| *status == StatusCode::OK),
        "{answers:?}"
    );
    let record = bench.record(job().id()).await.unwrap();
    assert_eq!((record.state(), record.epoch()), (State::Stored, 2));
}

#[actix_web::test]
async fn a_body_that_is_no_job_is_400_and_leaves_nothing() {
    let bench = Bench::with_an_hour();
    let worker = bench.worker(terms());
    for body in [
        "",
        "{}",
        "[]",
        "no json",
        r#"{"id":"x","start":"2018-10-17T00:00:00Z","stop":"2018-10-17T01:00:00Z"}"#,
    ] {
        assert_eq!(
            post(&worker, "/", body, None).await.status(),
            StatusCode::BAD_REQUEST,
            "{body}"
        );
    }
    assert!(bench.record(job().id()).await.is_none());
}

#[actix_web::test]
async fn a_job_is_counted_once_it_has_ended() {
    let bench = Bench::with_an_hour();
    let worker = bench.worker(terms());
    let metrics = Metrics::new("tested");
    metrics.register_jobs(worker.metrics(), 1, None);
    deliver(&worker, &job()).await;
    // Another delivery finds the work done.
    deliver(&worker, &job()).await;
    let manifest = bench.manifest(job().id()).await.unwrap();
    let text = metrics.text();
    for line in [
        "digesterd_jobs_building 0".to_owned(),
        "digesterd_jobs_ended_total{outcome=\"stored\"} 1".to_owned(),
        "digesterd_digests_stored_total{coverage=\"complete\"} 1".to_owned(),
        "digesterd_objects_read_total 3".to_owned(),
        format!("digesterd_bytes_read_total {}", manifest.objects.bytes_read),
        format!("digesterd_records_counted_total {}", manifest.records.counted),
        format!("digesterd_edges_stored_total {}", manifest.edges),
        format!("digesterd_bytes_stored_total {}", manifest.gzip.bytes),
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}
