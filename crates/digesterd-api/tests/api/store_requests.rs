//! How many requests to the stores each call costs: as docs/operations.md says, counted by a store that does nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{SecondsFormat, TimeDelta, Utc};
use digest_core::record::{Failure, State};
use digest_core::{Coverage, JobRecord, Manifest};
use digest_queue::in_process;
use digest_storage::faults::{Fault, Faults};
use digest_storage::{Digests, Markers, Store};
use reqwest::Method;
use uuid::Uuid;

use crate::app::{HOUR, HOUR_ID, LINES, TestApp, complete, hour, manifest};

const OTHER: &str = "start=2018-10-17T01:00:00Z&stop=2018-10-17T02:00:00Z";

/// An API over stores that count.
struct Counted {
    app: TestApp,
    count: Arc<AtomicU64>,
}

impl Counted {
    fn over(storage: &Store, progress: &Store) -> Self {
        Self::made(storage, progress, TestApp::over)
    }

    /// One whose queue takes nothing.
    fn refusing(storage: &Store, progress: &Store) -> Self {
        Self::made(storage, progress, |storage, progress| {
            let (queue, _) = in_process();
            TestApp::with_queue(storage, progress, Arc::new(queue))
        })
    }

    fn made(storage: &Store, progress: &Store, app: impl FnOnce(Store, Store) -> TestApp) -> Self {
        let count = Arc::new(AtomicU64::new(0));
        let counting = || {
            let count = Arc::clone(&count);
            Faults::new(move |_| {
                count.fetch_add(1, Ordering::Relaxed);
                Fault::None
            })
        };
        let app = app(counting().over(storage), counting().over(progress));
        Self { app, count }
    }

    fn start() -> Self {
        Self::over(&Store::memory(), &Store::memory())
    }

    /// Over directories, which keep no attributes.
    fn local(directory: &tempfile::TempDir) -> Self {
        let app = TestApp::local(directory);
        Self::over(&app.storage, &app.progress)
    }

    async fn with_digest(self, manifest: Option<&Manifest>) -> Self {
        self.app.store_digest(&hour(), LINES, manifest).await;
        self
    }

    async fn with_record(self, record: &JobRecord) -> Self {
        self.app.store_record(record).await;
        self
    }

    async fn with_marker(self, ago: TimeDelta) -> Self {
        let time = (Utc::now() - ago).to_rfc3339_opts(SecondsFormat::Nanos, true);
        self.app.mark(HOUR_ID, &time).await;
        self
    }

    /// What a call is answered, and what it costs.
    async fn cost(&self, method: Method, path: &str, header: (&str, &str)) -> (u16, u64) {
        let before = self.count.load(Ordering::Relaxed);
        let request = self.app.call(method, path).header(header.0, header.1);
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        answer.bytes().await.unwrap();
        (status, self.count.load(Ordering::Relaxed) - before)
    }

    async fn get(&self, path: &str) -> (u16, u64) {
        self.cost(Method::GET, path, ("accept", "*/*")).await
    }

    async fn root(&self) -> (u16, u64) {
        self.get(&format!("/?{HOUR}")).await
    }

    async fn post(&self, more: &str) -> (u16, u64) {
        self.cost(Method::POST, &format!("/?{HOUR}{more}"), ("accept", "*/*"))
            .await
    }
}

fn early() -> Manifest {
    manifest(&hour(), LINES, Coverage::Partial, hour().window().stop())
}

fn claimed() -> JobRecord {
    JobRecord::claim(hour(), "t", Uuid::new_v4(), Utc::now(), TimeDelta::minutes(1))
}

fn building() -> JobRecord {
    claimed()
        .take("t", Uuid::new_v4(), Utc::now(), TimeDelta::minutes(5))
        .unwrap()
}

fn stored() -> JobRecord {
    building().stored(Utc::now(), TimeDelta::days(7)).unwrap()
}

fn failed(transient: bool) -> JobRecord {
    let reason = "because".to_owned();
    let failure = Failure { reason, transient };
    building()
        .failed(Utc::now(), TimeDelta::days(7), failure)
        .unwrap()
}

#[tokio::test]
async fn a_get_of_a_stored_digest_is_one_request_and_two_without_attributes() {
    let app = Counted::start().with_digest(Some(&complete())).await;
    let path = format!("/?{HOUR}");
    assert_eq!(app.root().await, (200, 1));
    let text = app.cost(Method::GET, &path, ("accept", "text/plain")).await;
    assert_eq!(text, (200, 1));
    let content = format!("/v1/digests/{HOUR_ID}/content");
    assert_eq!(app.get(&content).await, (200, 1));
    assert_eq!(app.get(&format!("{content}?format=csv")).await, (200, 1));
    assert_eq!(app.cost(Method::HEAD, &path, ("accept", "*/*")).await, (200, 1));
    let found = Digests::new(app.app.storage.clone()).head(hour().id()).await;
    let etag = found.unwrap().unwrap().etag;
    let quoted = format!("\"{}\"", etag.trim_matches('"'));
    let known = app.cost(Method::GET, &path, ("if-none-match", &quoted)).await;
    assert_eq!(known, (304, 1));
    let stale = app.cost(Method::GET, &path, ("if-none-match", "\"x\"")).await;
    assert_eq!(stale, (200, 2));
    assert_eq!(
        app.cost(Method::GET, &path, ("range", "bytes=0-9")).await,
        (206, 2)
    );

    let directory = tempfile::tempdir().unwrap();
    let local = Counted::local(&directory).with_digest(Some(&complete())).await;
    assert_eq!(local.root().await, (200, 2));
    assert_eq!(local.get(&content).await, (200, 2));
}

#[tokio::test]
async fn any_other_get_is_four_requests_at_most() {
    let status = format!("/v1/digests/{HOUR_ID}");
    let rows = [
        ("nothing", Counted::start(), (404, 4), (404, 3)),
        (
            "the Go service's marker",
            Counted::start().with_marker(TimeDelta::zero()).await,
            (204, 3),
            (200, 3),
        ),
        (
            "the Go service's digest",
            Counted::start().with_digest(None).await,
            (200, 3),
            (200, 4),
        ),
        (
            "a job",
            Counted::start().with_record(&building()).await,
            (204, 2),
            (200, 2),
        ),
        (
            "a failure",
            Counted::start().with_record(&failed(true)).await,
            (404, 3),
            (200, 2),
        ),
        (
            "a digest that was removed",
            Counted::start().with_record(&stored()).await,
            (404, 3),
            (404, 2),
        ),
        (
            "a digest",
            Counted::start().with_digest(Some(&complete())).await,
            (200, 1),
            (200, 4),
        ),
        (
            "a digest and its record",
            Counted::start()
                .with_digest(Some(&complete()))
                .await
                .with_record(&stored())
                .await,
            (200, 1),
            (200, 3),
        ),
    ];
    for (name, app, digest, known) in rows {
        assert_eq!(app.root().await, digest, "GET / with {name}");
        assert_eq!(app.get(&status).await, known, "its status with {name}");
    }
    let app = Counted::start().with_digest(Some(&complete())).await;
    assert_eq!(app.get(&format!("{status}/manifest")).await, (200, 2));
    let diff = format!("/v1/diff?previous={HOUR_ID}&next={HOUR_ID}");
    assert_eq!(app.get(&diff).await, (200, 2));
    assert_eq!(app.get("/openapi.yaml").await, (200, 0));
    // The window's own status, and a listing in which nothing stands.
    assert_eq!(app.get(&format!("/v1/digests?{OTHER}")).await, (200, 4));
}

#[tokio::test]
async fn a_post_is_five_requests_at_most() {
    let early = early();
    let rows = [
        ("nothing", Counted::start(), "", (202, 4)),
        (
            "a digest",
            Counted::start().with_digest(Some(&complete())).await,
            "",
            (409, 1),
        ),
        (
            "a digest, to be made again",
            Counted::start().with_digest(Some(&complete())).await,
            "&refresh=true",
            (202, 4),
        ),
        (
            "the Go service's digest",
            Counted::start().with_digest(None).await,
            "",
            (409, 2),
        ),
        (
            "a digest that was begun early",
            Counted::start().with_digest(Some(&early)).await,
            "",
            (202, 5),
        ),
        (
            "the same and its record",
            Counted::start()
                .with_digest(Some(&early))
                .await
                .with_record(&stored())
                .await,
            "",
            (202, 5),
        ),
        (
            "a job",
            Counted::start().with_record(&building()).await,
            "",
            (409, 3),
        ),
        (
            "a failure",
            Counted::start().with_record(&failed(true)).await,
            "",
            (202, 5),
        ),
        (
            "a failure for good",
            Counted::start().with_record(&failed(false)).await,
            "",
            (409, 3),
        ),
        (
            "a digest that was removed",
            Counted::start().with_record(&stored()).await,
            "",
            (202, 5),
        ),
        (
            "the Go service's marker",
            Counted::start().with_marker(TimeDelta::zero()).await,
            "",
            (409, 5),
        ),
        (
            "the Go service's old marker",
            Counted::start().with_marker(TimeDelta::days(1)).await,
            "",
            (202, 5),
        ),
    ];
    for (name, app, more, cost) in rows {
        assert_eq!(app.post(more).await, cost, "{name}");
    }
    let directory = tempfile::tempdir().unwrap();
    let local = Counted::local(&directory).with_digest(Some(&early)).await;
    assert_eq!(local.post("").await, (202, 5));
    let other = format!("/?{OTHER}");
    assert_eq!(
        local.cost(Method::POST, &other, ("accept", "*/*")).await,
        (202, 4)
    );
    // What was written for a job that the queue does not take is taken back.
    let refused = Counted::refusing(&Store::memory(), &Store::memory());
    assert_eq!(refused.post("").await, (503, 5));
    let after_a_failure = Counted::refusing(&Store::memory(), &Store::memory())
        .with_record(&failed(true))
        .await;
    assert_eq!(after_a_failure.post("").await, (503, 5));
    let marked = Counted::refusing(&Store::memory(), &Store::memory())
        .with_marker(TimeDelta::days(1))
        .await;
    assert_eq!(marked.post("").await, (503, 5));
}

/// The Go service has a job for the window: it is on its way until its marker's end, and nobody's after that but a sweeper's.
#[tokio::test]
async fn what_the_go_service_makes_is_recorded_as_queued_until_its_markers_end() {
    let mut app = Counted::start().with_marker(TimeDelta::minutes(1)).await.app;
    assert_eq!(app.post(HOUR).await.status(), 409);
    assert!(app.queued().await.is_empty());
    let record = app.record(hour().id()).await.unwrap();
    assert_eq!(record.state(), State::Queued);
    let until = Utc::now() + TimeDelta::minutes(4);
    assert!((record.lease().until - until).abs() < TimeDelta::seconds(30));
    assert_eq!(app.get(HOUR).await.status(), 204);
    assert_eq!(app.post(HOUR).await.status(), 409);
    // The marker is the Go service's: it stays as it was.
    let markers = Markers::new(app.progress.clone());
    assert!(markers.load(hour().id()).await.unwrap().is_some());
}
