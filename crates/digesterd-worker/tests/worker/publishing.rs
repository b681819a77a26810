//! Publishing: large digests, crashes between its steps, and what attempts leave behind.

use std::fs::File;
use std::time::{Duration, SystemTime};

use actix_web::http::StatusCode;
use chrono::{TimeDelta, Utc};
use digest_core::record::{Failure, State};
use digest_core::{IndexEntry, JobRecord};
use digest_storage::faults::{Fault, Faults, Operation};
use digest_storage::{Digests, ErrorKind, IndexKey, Prefetch, TableKind, Tables};
use digesterd_worker::build::BuildOptions;
use digesterd_worker::{Places, Sweeper, Terms, Worker};
use uuid::Uuid;

use crate::bench::{Bench, claimed, deliver, job, other_job, terms};
use crate::tables::tables;

#[actix_web::test]
async fn a_digest_too_large_for_one_request_comes_by_a_temporary_object_that_is_removed() {
    let bench = Bench::with_an_hour();
    let worker = bench.worker(Terms {
        single_put: 100,
        ..terms()
    });
    assert_eq!(deliver(&worker, &job()).await, StatusCode::OK);
    let id = job().id();
    assert!(bench.sealed(id).bytes > 100);
    assert_eq!(bench.text(id), Some(bench.expected()));
    assert_eq!(bench.manifest(id).await.unwrap().gzip, bench.sealed(id));
    assert_eq!(
        bench.keys("storage"),
        [format!("{id}.log.gz"), format!("{id}.manifest.json")]
    );
}

#[actix_web::test]
async fn a_digest_of_more_lines_or_bytes_than_may_be_fails_for_good_and_leaves_nothing() {
    let bench = Bench::with_an_hour();
    let lines = bench.expected().iter().filter(|&&byte| byte == b'\n').count() as u64;
    for (terms, told) in [
        (
            Terms {
                max_edges: lines - 1,
                ..terms()
            },
            "DIGEST_MAX_EDGES",
        ),
        (
            Terms {
                max_output: 100,
                ..terms()
            },
            "DIGEST_MAX_OUTPUT",
        ),
        (
            Terms {
                max_output: 100,
                single_put: 50,
                ..terms()
            },
            "DIGEST_MAX_OUTPUT",
        ),
    ] {
        assert_eq!(deliver(&bench.worker(terms), &job()).await, StatusCode::OK);
        let record = bench.record(job().id()).await.unwrap();
        assert_eq!(record.state(), State::Failed);
        let failure = record.failure().unwrap();
        assert!(!failure.transient && failure.reason.contains(told), "{failure:?}");
        assert_eq!(bench.keys("storage"), Vec::<String>::new());
        bench.places().records.remove(job().id()).await.unwrap();
    }
}

#[actix_web::test]
async fn an_attempt_that_is_refused_for_good_leaves_nothing_but_its_reason() {
    let bench = Bench::with_an_hour();
    let refuses = Faults::new(|call| match call.key.ends_with(".log.gz") {
        true if matches!(call.operation, Operation::Put | Operation::Copy) => {
            Fault::Fail(ErrorKind::AccessDenied)
        }
        _ => Fault::None,
    });
    let places = Places {
        digests: Digests::new(refuses.over(&bench.store("storage"))),
        ..bench.places()
    };
    let (options, few) = (BuildOptions::default(), 100);
    for single_put in [usize::MAX, few] {
        let terms = Terms {
            single_put,
            ..terms()
        };
        let worker = Worker::new(places.clone(), Prefetch::new(4, 1 << 20), options.clone(), terms);
        assert_eq!(deliver(&worker, &job()).await, StatusCode::OK);
        let failed = bench.record(job().id()).await.unwrap();
        assert!(!failed.failure().unwrap().transient, "{failed:?}");
        assert_eq!(bench.keys("storage"), Vec::<String>::new());
        bench.places().records.remove(job().id()).await.unwrap();
    }
}

/// Stores the digest, then puts back what stood in the buckets when it had just appeared under its name: the manifest
/// under the attempt's nonce alone, the record still building. Gives that record.
async fn crashed_behind_the_digest(bench: &Bench, lease: TimeDelta) -> JobRecord {
    let id = job().id();
    assert_eq!(deliver(&bench.worker(terms()), &job()).await, StatusCode::OK);
    let record = claimed(&job())
        .take("gone", Uuid::new_v4(), Utc::now(), lease)
        .unwrap();
    let nonce = record.nonce();
    std::fs::rename(
        bench.path("storage", &format!("{id}.manifest.json")),
        bench.path("storage", &format!("{id}.{nonce}.manifest.json")),
    )
    .unwrap();
    bench.places().records.remove(id).await.unwrap();
    bench.places().index.remove(&IndexKey::of(&job())).await.unwrap();
    bench.create(&record).await;
    record
}

/// Whether the hour's digest is in the list, as its manifest says.
async fn is_listed(bench: &Bench) -> bool {
    let entry = bench.places().index.load(&IndexKey::of(&job())).await.unwrap();
    entry.is_some()
        && entry
            == bench
                .manifest(job().id())
                .await
                .map(|manifest| IndexEntry::of(&manifest))
}

#[actix_web::test]
async fn a_stored_digest_is_listed_by_its_time() {
    let bench = Bench::with_an_hour();
    assert_eq!(deliver(&bench.worker(terms()), &job()).await, StatusCode::OK);
    assert!(is_listed(&bench).await);
}

#[actix_web::test]
async fn a_crash_behind_the_digest_is_mended_by_the_next_visit_without_another_build() {
    let mut bench = Bench::with_an_hour();
    let crashed = crashed_behind_the_digest(&bench, TimeDelta::milliseconds(50)).await;
    let (id, stored) = (job().id(), bench.sealed(job().id()));
    // Another build would read this one, and make another digest.
    bench.put_log(
        &crate::logs::key(crate::logs::hour().start(), "late"),
        crate::logs::object(crate::logs::hour().start(), 50),
    );
    assert_eq!(deliver(&bench.worker(terms()), &job()).await, StatusCode::OK);
    let record = bench.record(id).await.unwrap();
    assert_eq!((record.state(), record.nonce()), (State::Stored, crashed.nonce()));
    assert_eq!(bench.sealed(id), stored);
    assert_eq!(bench.manifest(id).await.unwrap().gzip, stored);
    assert_eq!(
        bench.keys("storage"),
        [format!("{id}.log.gz"), format!("{id}.manifest.json")]
    );
    assert_eq!(bench.keys("progress"), [format!("{id}.job.json")]);
    assert!(is_listed(&bench).await);
}

#[actix_web::test]
async fn a_crash_behind_a_record_that_says_stored_is_mended_by_the_sweeper() {
    let bench = Bench::with_an_hour();
    let building = crashed_behind_the_digest(&bench, TimeDelta::minutes(5)).await;
    let id = job().id();
    let records = bench.places().records;
    let (_, version) = records.load(id).await.unwrap().unwrap();
    let stored = building.stored(Utc::now(), TimeDelta::days(7)).unwrap();
    records.swap(&version, &stored).await.unwrap();
    Sweeper::new(false).round(&bench.worker(terms())).await.unwrap();
    assert_eq!(
        bench.keys("storage"),
        [format!("{id}.log.gz"), format!("{id}.manifest.json")]
    );
    assert!(is_listed(&bench).await);
}

#[actix_web::test]
async fn what_dead_attempts_left_is_removed_and_what_is_named_stays() {
    let bench = Bench::with_an_hour();
    let worker = bench.worker(terms());
    assert_eq!(deliver(&worker, &job()).await, StatusCode::OK);
    let id = job().id();
    let manifests = bench.places().manifests;

    // The stored digest's manifest names a list, as for more than 1,000 objects.
    let listed = Uuid::new_v4();
    let mut manifest = bench.manifest(id).await.unwrap();
    manifest.object_list_key = Some(manifests.object_list_key(id, listed));
    manifests.write_of_attempt(id, listed, &manifest).await.unwrap();
    manifests.promote(id, listed).await.unwrap();
    manifests.remove_of_attempt(id, listed).await.unwrap();
    let running = claimed(&other_job());
    bench.create(&running).await;

    let list = |id, nonce| manifests.object_list_key(id, nonce);
    let (dead, young) = (Uuid::new_v4(), Uuid::new_v4());
    let other = other_job().id();
    let old_and_dead = [
        list(id, dead),
        list(other, dead),
        format!("{id}.{dead}.tmp"),
        format!("{id}.{dead}.manifest.json"),
        Tables::key(TableKind::Edges, &job(), dead),
        Tables::key(TableKind::Interfaces, &job(), dead),
    ];
    let tables = [manifest.edges_table, manifest.interfaces_table].map(|table| table.unwrap().key);
    let mut old_and_named = vec![list(id, listed), list(other, running.nonce())];
    old_and_named.extend(tables.clone());
    let long_ago = SystemTime::now() - Duration::from_secs(2 * 24 * 60 * 60);
    for key in old_and_dead.iter().chain(&old_and_named) {
        bench.write("storage", key, b"[]");
        let file = File::options().append(true).open(bench.path("storage", key));
        file.unwrap().set_modified(long_ago).unwrap();
    }
    bench.write("storage", &list(id, young), b"[]");
    // Of processes that were killed while they found out what the stores can do.
    let probe = |nonce| format!("{}.{nonce}.probe", Uuid::nil());
    for bucket in ["storage", "progress"] {
        bench.write(bucket, &probe(dead), b"probe");
        let file = File::options()
            .append(true)
            .open(bench.path(bucket, &probe(dead)));
        file.unwrap().set_modified(long_ago).unwrap();
    }
    bench.write("progress", &probe(young), b"probe");

    Sweeper::new(false).round(&worker).await.unwrap();
    let mut expected = vec![
        format!("{id}.log.gz"),
        format!("{id}.manifest.json"),
        list(id, young),
    ];
    expected.extend(old_and_named.into_iter().filter(|key| !tables.contains(key)));
    for (kind, table) in TableKind::ALL.into_iter().zip(&tables) {
        assert!(bench.path("storage", table).exists());
        assert!(!bench.path("storage", &Tables::key(kind, &job(), dead)).exists());
    }
    expected.sort();
    assert_eq!(bench.keys("storage"), expected);
    let mut expected = vec![
        format!("{id}.job.json"),
        format!("{other}.job.json"),
        probe(young),
    ];
    expected.sort();
    assert_eq!(bench.keys("progress"), expected);
}

#[actix_web::test]
async fn what_a_job_left_that_failed_long_ago_is_removed_though_its_record_stays() {
    let bench = Bench::with_an_hour();
    let long_ago = TimeDelta::days(2);
    for (job, failed) in [(job(), long_ago), (other_job(), TimeDelta::hours(1))] {
        let failure = Failure {
            reason: "given up".to_owned(),
            transient: true,
        };
        let (nonce, then) = (Uuid::new_v4(), Utc::now() - failed);
        let record = claimed(&job)
            .take("gone", nonce, then, TimeDelta::minutes(5))
            .and_then(|taken| taken.failed(then, TimeDelta::days(7), failure));
        bench.create(&record.unwrap()).await;
        let key = Tables::key(TableKind::Edges, &job, nonce);
        bench.write("storage", &key, b"a table");
        let file = File::options().append(true).open(bench.path("storage", &key));
        let stored = SystemTime::now() - long_ago.to_std().unwrap();
        file.unwrap().set_modified(stored).unwrap();
    }
    Sweeper::new(false).round(&bench.worker(terms())).await.unwrap();
    let left = bench.record(other_job().id()).await.unwrap();
    assert_eq!(
        tables(&bench),
        [Tables::key(TableKind::Edges, &other_job(), left.nonce())]
    );
    assert!(bench.record(job().id()).await.is_some());
}

#[actix_web::test]
async fn what_attempts_left_whose_takers_over_died_too_goes_with_the_digest_that_is_stored_in_the_end() {
    let bench = Bench::with_an_hour();
    let (first, second) = (Uuid::new_v4(), Uuid::new_v4());
    let lease = TimeDelta::milliseconds(50);
    let taken = claimed(&job())
        .take("first", first, Utc::now(), lease)
        .and_then(|taken| taken.take("second", second, Utc::now(), lease));
    bench.create(&taken.unwrap()).await;
    let (id, other) = (job().id(), other_job().id());
    for nonce in [first, second] {
        bench.write("storage", &format!("{id}.{nonce}.manifest.json"), b"{}");
        bench.write("storage", &format!("{id}.{nonce}.tmp"), b"half a digest");
        bench.write(
            "storage",
            &Tables::key(TableKind::Edges, &job(), nonce),
            b"a table",
        );
    }
    let of_another = format!("{other}.{first}.tmp");
    bench.write("storage", &of_another, b"half a digest");
    assert_eq!(deliver(&bench.worker(terms()), &job()).await, StatusCode::OK);
    let mut expected = vec![format!("{id}.log.gz"), format!("{id}.manifest.json"), of_another];
    expected.sort();
    assert_eq!(bench.keys("storage"), expected);
    let manifest = bench.manifest(id).await.unwrap();
    let named: Vec<_> = manifest.tables().map(|table| table.key.clone()).collect();
    assert_eq!(tables(&bench), named);
}
