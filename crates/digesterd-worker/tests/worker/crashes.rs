//! A worker that dies at any write leaves a job that the next one finishes.

use std::time::Duration;

use actix_web::http::StatusCode;
use digest_core::Coverage;
use digest_core::manifest::Sealed;
use digest_core::record::State;
use digesterd_worker::Terms;

use crate::bench::{Bench, deliver, job, terms};

/// Leases short enough to be waited out.
fn short() -> Terms {
    Terms {
        progress_timeout: Duration::from_millis(300),
        ..terms()
    }
}

/// The digest stands, its manifest fits it, the record says so, and nothing temporary is left.
async fn assert_in_order(bench: &Bench, what: &str) {
    let id = job().id();
    assert_eq!(bench.text(id).await.as_deref(), Some(bench.expected().as_slice()), "{what}");
    let manifest = bench.manifest(id).await.unwrap_or_else(|| panic!("{what}: no manifest"));
    let gzip: Sealed = bench.sealed(id).await;
    assert_eq!(manifest.coverage_of(&gzip), Coverage::Complete, "{what}");
    let record = bench.record(id).await.unwrap();
    assert_eq!(record.state(), State::Stored, "{what}");
    let mut keys = bench.keys().await;
    keys.sort();
    let expected = [format!("{id}.job.json"), format!("{id}.log.gz"), format!("{id}.manifest.json")];
    assert_eq!(keys, expected, "{what}");
}

#[actix_web::test]
async fn a_crash_at_any_write_is_mended_by_the_next_visit() {
    for (key, after) in [
        (".manifest.json", false),
        (".manifest.json", true),
        (".log.gz", false),
        (".log.gz", true),
        ("_in_progress", false),
        ("_in_progress", true),
    ] {
        let what = format!("{key}, {}", if after { "after" } else { "before" });
        let bench = Bench::with_an_hour().await;
        bench.queue(&job()).await;
        let dying = bench.dying_at(key, after);
        let first = dying.worker(short());
        let status = deliver(&first, &job()).await;
        assert!(status == StatusCode::INTERNAL_SERVER_ERROR || status == StatusCode::OK, "{what}: {status}");
        let second = bench.worker(short());
        assert_eq!(deliver(&second, &job()).await, StatusCode::OK, "{what}");
        assert_in_order(&bench, &what).await;
    }
}
