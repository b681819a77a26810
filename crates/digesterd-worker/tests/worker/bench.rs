//! A worker on the bench: its places, and a look at what it leaves in them.

use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use actix_web::dev::{Service as _, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::rt::task::JoinHandle;
use actix_web::test;
use chrono::{TimeDelta, Utc};
use digest_core::manifest::Sealed;
use digest_core::{DigestId, Job, JobRecord, Manifest, Scope, Window};
use digest_storage::{
    Created, Digests, FlowLogs, Index, Manifests, Markers, ObjectReader, Place, Prefetch, Records, Store,
    StoreOptions, Tables, open,
};
use digesterd_process::environment::Service;
use digesterd_process::guard::Guard;
use digesterd_process::health::Readiness;
use digesterd_process::metrics::Metrics;
use digesterd_process::server::assemble;
use digesterd_worker::build::BuildOptions;
use digesterd_worker::{Addresses, Places, Terms, Worker, configure};
use flate2::read::GzDecoder;
use tempfile::TempDir;
use uuid::Uuid;

use crate::logs;

/// Buckets in local directories, and what was put into the first of them.
pub(crate) struct Bench {
    directory: TempDir,
    pub(crate) objects: Vec<(String, Vec<u8>)>,
}

impl Bench {
    /// Empty buckets.
    pub(crate) fn empty() -> Self {
        let directory = tempfile::tempdir().unwrap();
        for bucket in ["logs", "storage", "progress"] {
            std::fs::create_dir(directory.path().join(bucket)).unwrap();
        }
        Self {
            directory,
            objects: Vec::new(),
        }
    }

    /// Buckets with three objects that hold records of the hour.
    pub(crate) fn with_an_hour() -> Self {
        let mut bench = Self::empty();
        for (number, minutes) in [0, 20, 55].into_iter().enumerate() {
            let from = logs::hour().start() + TimeDelta::minutes(minutes);
            let named = from + TimeDelta::minutes(5);
            bench.put_log(&logs::key(named, &number.to_string()), logs::object(from, 400));
        }
        bench
    }

    /// Puts an object among the flow logs.
    pub(crate) fn put_log(&mut self, key: &str, bytes: Vec<u8>) {
        self.write("logs", key, &bytes);
        self.objects.push((key.to_owned(), bytes));
    }

    /// Writes an object into one of the buckets.
    pub(crate) fn write(&self, bucket: &str, key: &str, bytes: &[u8]) {
        let path = self.path(bucket, key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// An object's file.
    pub(crate) fn path(&self, bucket: &str, key: &str) -> PathBuf {
        self.directory.path().join(bucket).join(key)
    }

    /// One of the buckets.
    pub(crate) fn store(&self, bucket: &str) -> Store {
        let place = Place::Local {
            directory: self.directory.path().join(bucket),
        };
        open(&place, &StoreOptions::default()).unwrap()
    }

    pub(crate) fn places(&self) -> Places {
        Places {
            flow_logs: FlowLogs::new(self.store("logs")),
            digests: Digests::new(self.store("storage")),
            manifests: Manifests::new(self.store("storage")),
            tables: Tables::new(self.store("storage")),
            index: Index::new(self.store("storage")),
            records: Records::new(self.store("progress")),
            markers: Markers::new(self.store("progress")),
        }
    }

    /// A worker over these buckets.
    pub(crate) fn worker(&self, terms: Terms) -> Worker {
        self.worker_with(terms, &Prefetch::new(4, 1024 * 1024))
    }

    fn worker_with(&self, terms: Terms, prefetch: &Prefetch) -> Worker {
        Worker::new(self.places(), prefetch.clone(), BuildOptions::default(), terms)
    }

    /// A worker whose builds list their objects and then stand still until the gate is dropped: it holds the
    /// only room for an object in flight.
    pub(crate) async fn gated_worker(&self, terms: Terms) -> (Worker, ObjectReader) {
        let prefetch = Prefetch::new(1, 1024 * 1024);
        let flow_logs = self.places().flow_logs;
        let plan = flow_logs.loose().await.unwrap();
        let gate = prefetch.open(&flow_logs, &plan.objects[0]).await.unwrap();
        (self.worker_with(terms, &prefetch), gate)
    }

    /// Names of the files in a bucket, but for those in folders.
    pub(crate) fn keys(&self, bucket: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.directory.path().join(bucket)).unwrap();
        let files = entries.map(Result::unwrap).filter(|entry| entry.path().is_file());
        let mut keys: Vec<_> = files
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        keys.sort();
        keys
    }

    /// What the oracle makes of the objects.
    pub(crate) fn expected(&self) -> Vec<u8> {
        logs::expected(logs::hour(), &self.objects)
    }

    /// The stored digest's text.
    pub(crate) fn text(&self, id: DigestId) -> Option<Vec<u8>> {
        let gzip = std::fs::read(self.path("storage", &format!("{id}.log.gz"))).ok()?;
        let mut text = Vec::new();
        GzDecoder::new(gzip.as_slice()).read_to_end(&mut text).unwrap();
        Some(text)
    }

    /// Size and hash of the stored digest.
    pub(crate) fn sealed(&self, id: DigestId) -> Sealed {
        use sha2::Digest as _;
        let gzip = std::fs::read(self.path("storage", &format!("{id}.log.gz"))).unwrap();
        let hash = sha2::Sha256::digest(&gzip);
        Sealed {
            bytes: gzip.len() as u64,
            sha256: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }

    pub(crate) async fn manifest(&self, id: DigestId) -> Option<Manifest> {
        self.places().manifests.load(id).await.unwrap()
    }

    pub(crate) async fn record(&self, id: DigestId) -> Option<JobRecord> {
        let loaded = self.places().records.load(id).await.unwrap();
        loaded.map(|(record, _)| record)
    }

    /// Waits until the record is as asked for.
    pub(crate) async fn until(&self, job: &Job, what: &str, is_so: impl Fn(&JobRecord) -> bool) -> JobRecord {
        for _ in 0..500 {
            if let Some(record) = self.record(job.id()).await.filter(&is_so) {
                return record;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the record never was {what}: {:?}", self.record(job.id()).await);
    }

    /// A record as the API leaves it: claimed and queued.
    pub(crate) async fn queue(&self, job: &Job) {
        let now = Utc::now();
        self.create(&claimed(job).queued(now, TimeDelta::hours(6)).unwrap())
            .await;
    }

    /// Creates a record.
    pub(crate) async fn create(&self, record: &JobRecord) {
        let created = self.places().records.create(record).await.unwrap();
        assert!(matches!(created, Created::Created(_)));
    }
}

/// A record as the API first writes it.
pub(crate) fn claimed(job: &Job) -> JobRecord {
    JobRecord::claim(
        job.clone(),
        "api",
        Uuid::new_v4(),
        Utc::now(),
        TimeDelta::minutes(1),
    )
}

/// A job of another window.
pub(crate) fn other_job() -> Job {
    let window = Window::parse("2018-10-17T00:00:00Z", "2018-10-17T00:30:00Z").unwrap();
    Job::new(window, Scope::default())
}

/// The job of the hour.
pub(crate) fn job() -> Job {
    Job::new(logs::hour(), Scope::default())
}

/// Short times, so that tests need not wait.
pub(crate) fn terms() -> Terms {
    Terms {
        progress_timeout: Duration::from_secs(2),
        patience: Duration::from_secs(20),
        retry_pause: Duration::from_millis(100),
        sweep_interval: Duration::from_millis(100),
        ..Terms::default()
    }
}

/// Delivers a body to a worker's real application.
pub(crate) async fn post(
    worker: &Worker,
    path: &str,
    body: impl Into<Vec<u8>>,
    prefer: Option<&str>,
) -> ServiceResponse {
    let routes = configure(worker.clone(), Addresses::Own, None);
    let app = test::init_service(assemble(
        &Service::default(),
        &Guard::Open,
        Readiness::new(),
        &Metrics::new("digesterd-worker"),
        routes,
    ))
    .await;
    let mut request = test::TestRequest::post().uri(path).set_payload(body.into());
    if let Some(prefer) = prefer {
        request = request.insert_header(("prefer", prefer));
    }
    app.call(request.to_request()).await.unwrap()
}

/// Delivers a job and says the answer's status.
pub(crate) async fn deliver(worker: &Worker, job: &Job) -> StatusCode {
    post(worker, "/topic/event", job.to_json(), None).await.status()
}

/// Delivers a job in a task of its own.
pub(crate) fn delivering(worker: &Worker, job: &Job) -> JoinHandle<StatusCode> {
    let (worker, job) = (worker.clone(), job.clone());
    actix_web::rt::spawn(async move { deliver(&worker, &job).await })
}
