//! Every cell of the table of states: laid out in buckets, then delivered, or swept.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use digest_core::manifest::{MANIFEST_FORMAT, ObjectCounts, RecordCounts, Sealed, StoredTable};
use digest_core::record::{Failure, State};
use digest_core::{Coverage, JobRecord, Manifest};
use digest_storage::{Attributes, Expect, TableKind, Tables};
use digesterd_worker::{Accepted, Mode, Sweeper, Terms};
use futures::{StreamExt, stream};
use tokio::time::sleep;
use uuid::Uuid;

use crate::bench::{Bench, job, terms};
use crate::state_table::{Cell, cells};
use crate::tables::tables;

/// Cells tried at once: most of the time is waiting.
const AT_ONCE: usize = 12;
/// A lease that is over, once it has been watched for so long.
const SHORT: TimeDelta = TimeDelta::milliseconds(50);

/// What stands in the buckets.
#[derive(Debug, Clone, PartialEq)]
struct Standing {
    record: Option<JobRecord>,
    digest: Option<Sealed>,
    manifest: Option<Sealed>,
    of_attempt: bool,
    marker: bool,
    /// The tables that the manifest names.
    named: Vec<String>,
    tables: Vec<String>,
}

async fn look(bench: &Bench, nonce: Uuid) -> Standing {
    let (places, id) = (bench.places(), job().id());
    let there = bench.path("storage", &format!("{id}.log.gz")).exists();
    let manifest = bench.manifest(id).await;
    let named = manifest.iter().flat_map(Manifest::tables);
    let named = named.map(|table| table.key.clone()).collect();
    Standing {
        record: bench.record(id).await,
        digest: there.then(|| bench.sealed(id)),
        manifest: manifest.map(|manifest| manifest.gzip),
        of_attempt: places
            .manifests
            .load_of_attempt(id, nonce)
            .await
            .unwrap()
            .is_some(),
        marker: places.markers.load(id).await.unwrap().is_some(),
        named,
        tables: tables(bench),
    }
}

/// Lays a cell out. Gives the attempt's nonce.
async fn lay_out(bench: &Bench, cell: &Cell) -> Uuid {
    let (places, job, nonce) = (bench.places(), job(), Uuid::new_v4());
    let now = Utc::now();
    let mut etag = Some("\"of a digest that was removed\"".to_owned());
    if cell.digest == "there" {
        let bytes = b"a digest that nobody looks into".to_vec();
        let attributes = Attributes {
            sha256: String::new(),
            coverage: Coverage::Complete,
        };
        let published = places
            .digests
            .publish(job.id(), bytes.into(), &Expect::Absent, &attributes);
        published.await.unwrap();
        etag = places
            .digests
            .head(job.id())
            .await
            .unwrap()
            .map(|found| found.etag);
    }
    let sealed = if cell.digest == "there" {
        bench.sealed(job.id())
    } else {
        Sealed::default()
    };
    let tables = TableKind::ALL.map(|kind| Tables::key(kind, &job, nonce));
    let manifest = manifest(sealed, &tables, now - TimeDelta::days(1));
    match cell.manifest {
        "none" => {}
        wanted => {
            for table in &tables {
                bench.write("storage", table, b"a table");
            }
            places
                .manifests
                .write_of_attempt(job.id(), nonce, &manifest)
                .await
                .unwrap();
            if wanted == "named" {
                places.manifests.promote(job.id(), nonce).await.unwrap();
                places.manifests.remove_of_attempt(job.id(), nonce).await.unwrap();
            }
        }
    }
    match cell.marker {
        "none" => {}
        "live" => places.markers.write(job.id(), now).await.unwrap(),
        _ => places
            .markers
            .write(job.id(), now - TimeDelta::days(9))
            .await
            .unwrap(),
    }
    if let Some(record) = record(cell, nonce, etag, now) {
        bench.create(&record).await;
    }
    nonce
}

fn record(cell: &Cell, nonce: Uuid, etag: Option<String>, now: DateTime<Utc>) -> Option<JobRecord> {
    let (at, lease) = match cell.lease {
        "running" => (now, TimeDelta::hours(1)),
        _ => (now - TimeDelta::hours(1), SHORT),
    };
    let failure = |transient| Failure {
        reason: "because".to_owned(),
        transient,
    };
    let claimed = JobRecord::claim(job(), "gone", nonce, at, lease);
    let building = |claimed: JobRecord| claimed.take("gone", nonce, at, lease).unwrap();
    Some(match cell.record {
        "none" => return None,
        "claimed" => claimed,
        "queued" => claimed.queued(at, lease).unwrap(),
        "paused" => building(claimed)
            .handed_back(at, lease, Some(failure(true)))
            .unwrap(),
        "building" => building(claimed),
        "again" => building(claimed.replacing(etag)),
        "stored" => building(claimed).stored(at, lease).unwrap(),
        "failed" => building(claimed).failed(at, lease, failure(true)).unwrap(),
        "broken" => building(claimed).failed(at, lease, failure(false)).unwrap(),
        other => panic!("{other}"),
    })
}

fn manifest(gzip: Sealed, tables: &[String; 2], begun_at: DateTime<Utc>) -> Manifest {
    let [edges, interfaces] = tables.clone().map(|key| StoredTable {
        key,
        rows: 0,
        bytes: 0,
        sha256: String::new(),
    });
    Manifest {
        format: MANIFEST_FORMAT,
        program: "digesterd 0.0.0".to_owned(),
        job: job(),
        coverage: Coverage::Complete,
        reasons: Vec::new(),
        skipdata: false,
        begun_at,
        finished_at: begun_at,
        late_arrival_seconds: 1800,
        settings: BTreeMap::new(),
        gzip,
        text: Sealed::default(),
        edges: 0,
        objects: ObjectCounts::default(),
        records: RecordCounts::default(),
        look_ahead: Vec::new(),
        minutes: Vec::new(),
        unknown_columns: BTreeMap::new(),
        overlap: None,
        bound: None,
        object_list: None,
        object_list_key: None,
        edges_table: Some(edges),
        interfaces_table: Some(interfaces),
    }
}

/// What has become of it, in the table's words.
fn told(before: &Standing, after: &Standing, otherwise: &'static str) -> String {
    let removed = before.record.is_some() && after.record.is_none();
    let mended = before.of_attempt && !after.of_attempt && after.manifest == after.digest;
    let stored = after
        .record
        .as_ref()
        .is_some_and(|record| record.state() == State::Stored);
    let mut told = Vec::new();
    if after.digest != before.digest {
        assert!(
            after.digest.is_some() && after.manifest == after.digest,
            "{after:?}"
        );
        told.push("builds");
    } else if mended {
        told.push("mends");
    } else if after.record != before.record && stored {
        told.push("ends");
    }
    if removed {
        told.push("removes");
    }
    if told.is_empty() {
        told.push(otherwise);
    }
    let ended = after.record.as_ref().is_none_or(JobRecord::has_ended);
    let touched = told != [otherwise];
    assert!(
        !(touched && ended && after.marker),
        "a marker outlives its job: {after:?}"
    );
    // What a manifest names is there, and whoever has been at a stored digest leaves no other table beside it.
    if after.digest.is_some() && after.manifest == after.digest {
        let is_whole = after.named.iter().all(|table| after.tables.contains(table));
        assert!(
            is_whole && (!touched || after.tables == after.named),
            "{told:?}: {after:?}"
        );
    }
    told.join(", ")
}

/// Tries every cell and names those that are not as the table says.
async fn differing(column: &'static str, attempt: impl AsyncFn(&Bench, &Cell) -> String) -> Vec<String> {
    let attempt = &attempt;
    let tried = stream::iter(cells()).map(|cell| async move {
        let bench = Bench::with_an_hour();
        let found = attempt(&bench, &cell).await;
        let wanted = cell.outcome(column).to_owned();
        (found != wanted).then(|| format!("{cell:?}: {found}, not {wanted}"))
    });
    let all: Vec<_> = tried.buffer_unordered(AT_ONCE).collect().await;
    assert!(all.len() > 250, "{} cells", all.len());
    all.into_iter().flatten().collect()
}

#[actix_web::test]
async fn a_delivery_deals_with_every_cell_as_the_table_says() {
    let delivered = async |bench: &Bench, cell: &Cell| {
        let nonce = lay_out(bench, cell).await;
        let before = look(bench, nonce).await;
        let waits = cell.outcome("delivery") == "waits";
        let worker = bench.worker(Terms {
            patience: Duration::from_millis(if waits { 300 } else { 30_000 }),
            ..terms()
        });
        let accepted = worker.accept(job(), Mode::Wait).await;
        let after = look(bench, nonce).await;
        match accepted {
            Accepted::Stored => {
                let told = told(&before, &after, "keeps");
                if told == "builds" {
                    assert_eq!(bench.text(job().id()), Some(bench.expected()), "{cell:?}");
                }
                told
            }
            Accepted::Failed { reason } => {
                assert_eq!((reason.as_str(), &after), ("because", &before));
                "tells".to_owned()
            }
            Accepted::Busy { .. } => {
                assert_eq!(after, before);
                "waits".to_owned()
            }
            other => panic!("{cell:?}: {other:?}"),
        }
    };
    assert_eq!(differing("delivery", delivered).await, Vec::<String>::new());
}

#[actix_web::test]
async fn the_sweeper_deals_with_every_cell_as_the_table_says() {
    let swept = async |bench: &Bench, cell: &Cell| {
        let nonce = lay_out(bench, cell).await;
        let before = look(bench, nonce).await;
        let worker = bench.worker(terms());
        let mut sweeper = Sweeper::new(false);
        let mut begun = sweeper.round(&worker).await.unwrap().begun;
        sleep(SHORT.to_std().unwrap() * 2).await;
        begun += sweeper.round(&worker).await.unwrap().begun;
        if begun > 0 {
            let stored = |record: &JobRecord| record.state() == State::Stored;
            bench.until(&job(), "stored", stored).await;
            // The marker goes behind the record.
            worker.drain(Duration::from_secs(20)).await;
        }
        told(&before, &look(bench, nonce).await, "leaves")
    };
    assert_eq!(differing("sweeper", swept).await, Vec::<String>::new());
}
