//! Every cell of the table of states, as an API answers it.

use chrono::{DateTime, TimeDelta, Utc};
use digest_core::record::Failure;
use digest_core::{Coverage, Job, JobRecord, Scope, Window};
use digest_storage::{Digests, Manifests, Markers};
use uuid::Uuid;

use crate::app::{LINES, TestApp, manifest};
use crate::state_table::{Cell, cells};

fn record(
    cell: &Cell,
    job: &Job,
    nonce: Uuid,
    etag: Option<String>,
    now: DateTime<Utc>,
) -> Option<JobRecord> {
    let (at, lease) = match cell.lease {
        "running" => (now, TimeDelta::hours(1)),
        _ => (now - TimeDelta::hours(1), TimeDelta::milliseconds(50)),
    };
    let failure = |transient| Failure {
        reason: "because".to_owned(),
        transient,
    };
    let claimed = JobRecord::claim(job.clone(), "gone", nonce, at, lease);
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

async fn lay_out(app: &TestApp, cell: &Cell, job: &Job) {
    let (id, nonce, now) = (job.id(), Uuid::new_v4(), Utc::now());
    let mut etag = Some("\"of a digest that was removed\"".to_owned());
    if cell.digest == "there" {
        app.store_digest(job, LINES, None).await;
        let found = Digests::new(app.storage.clone()).head(id).await.unwrap();
        etag = found.map(|found| found.etag);
    }
    let manifest = manifest(
        job,
        LINES,
        Coverage::Complete,
        job.window().stop() + TimeDelta::hours(1),
    );
    let manifests = Manifests::new(app.storage.clone());
    match cell.manifest {
        "none" => {}
        "named" => app.store_manifest(&manifest).await,
        _ => manifests.write_of_attempt(id, nonce, &manifest).await.unwrap(),
    }
    let markers = Markers::new(app.progress.clone());
    match cell.marker {
        "none" => {}
        "live" => markers.write(id, now).await.unwrap(),
        _ => markers.write(id, now - TimeDelta::days(9)).await.unwrap(),
    }
    if let Some(record) = record(cell, job, nonce, etag, now) {
        app.store_record(&record).await;
    }
}

#[tokio::test]
async fn the_api_answers_every_cell_as_the_table_says() {
    let app = TestApp::start();
    let mut differing = Vec::new();
    let cells = cells();
    assert!(cells.len() > 250, "{} cells", cells.len());
    for (number, cell) in cells.into_iter().enumerate() {
        // A window of its own for each.
        let start = 1_400_000_400 + i64::try_from(number).unwrap() * 3600;
        let job = Job::new(Window::from_unix(start, start + 3600).unwrap(), Scope::default());
        lay_out(&app, &cell, &job).await;
        let query = format!(
            "start={}&stop={}",
            job.window().start_rfc3339(),
            job.window().stop_rfc3339()
        );
        for (column, answer) in [("GET", app.get(&query).await), ("POST", app.post(&query).await)] {
            let (found, wanted) = (answer.status().as_u16().to_string(), cell.outcome(column));
            if found != wanted {
                differing.push(format!("{column} {cell:?}: {found}, not {wanted}"));
            }
        }
    }
    assert_eq!(differing, Vec::<String>::new());
}
