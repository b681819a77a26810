//! A worker on the bench: its places, and a look at what it leaves in them.

use std::io::Read as _;
use std::time::Duration;

use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::{App, test};
use chrono::{TimeDelta, Utc};
use digest_core::manifest::Sealed;
use digest_core::{DigestId, Job, JobRecord, Manifest, Scope};
use digest_storage::{Created, Digests, FlowLogs, Manifests, Markers, Prefetch, Records, Store};
use digesterd_worker::build::BuildOptions;
use digesterd_worker::{Addresses, Places, Terms, Worker, configure};
use flate2::read::GzDecoder;
use uuid::Uuid;

use crate::logs;

/// Buckets, and what was put into the first of them.
pub struct Bench {
    pub logs: Store,
    pub storage: Store,
    pub progress: Store,
    pub objects: Vec<(String, Vec<u8>)>,
}

impl Bench {
    /// Empty buckets in memory.
    pub fn empty() -> Self {
        Self {
            logs: Store::default(),
            storage: Store::default(),
            progress: Store::default(),
            objects: Vec::new(),
        }
    }

    /// Buckets with three objects that hold records of the hour.
    pub async fn with_an_hour() -> Self {
        let mut bench = Self::empty();
        for (number, minutes) in [0, 20, 55].into_iter().enumerate() {
            let from = logs::hour().start() + TimeDelta::minutes(minutes);
            let named = from + TimeDelta::minutes(5);
            bench
                .put_log(&logs::key(named, &number.to_string()), logs::object(from, 400))
                .await;
        }
        bench
    }

    /// Puts an object among the flow logs.
    pub async fn put_log(&mut self, key: &str, bytes: Vec<u8>) {
        self.logs.set(key, bytes.clone().into());
        self.objects.push((key.to_owned(), bytes));
    }

    pub fn places(&self) -> Places {
        Places {
            flow_logs: FlowLogs(self.logs.clone()),
            digests: Digests(self.storage.clone()),
            manifests: Manifests(self.storage.clone()),
            records: Records(self.progress.clone()),
            markers: Markers(self.progress.clone()),
        }
    }

    /// A worker over these buckets.
    pub fn worker(&self, terms: Terms) -> Worker {
        Worker::new(self.places(), Prefetch, BuildOptions::default(), terms)
    }

    /// The same buckets for another process, which dies at a write: from then on none of its writes succeeds.
    ///
    /// `key` is part of the written object's key; `after` says that this write still takes effect.
    pub fn dying_at(&self, key: &str, after: bool) -> Self {
        let deathly = |store: &Store, dead: &std::sync::Arc<_>| {
            Store(
                store.0.clone(),
                std::sync::Arc::default(),
                std::sync::Arc::clone(dead),
                std::sync::Arc::new(std::sync::Mutex::new(Some((key.to_owned(), after)))),
            )
        };
        let dead = std::sync::Arc::default();
        Self {
            logs: self.logs.clone(),
            storage: deathly(&self.storage, &dead),
            progress: deathly(&self.progress, &dead),
            objects: self.objects.clone(),
        }
    }

    /// Keys in the storage and the progress bucket.
    pub async fn keys(&self) -> Vec<String> {
        let keys = |store: &Store| store.0.lock().unwrap().keys().cloned().collect::<Vec<_>>();
        [keys(&self.storage), keys(&self.progress)].concat()
    }

    /// What the oracle makes of the objects.
    pub fn expected(&self) -> Vec<u8> {
        logs::expected(logs::hour(), &self.objects)
    }

    /// The stored digest's text.
    pub async fn text(&self, id: DigestId) -> Option<Vec<u8>> {
        let (_, gzip) = self.storage.get(&format!("{id}.log.gz"))?;
        let mut text = Vec::new();
        GzDecoder::new(gzip.as_ref()).read_to_end(&mut text).unwrap();
        Some(text)
    }

    /// Size and hash of the stored digest.
    pub async fn sealed(&self, id: DigestId) -> Sealed {
        use sha2::Digest as _;
        let (_, gzip) = self.storage.get(&format!("{id}.log.gz")).unwrap();
        let hash = sha2::Sha256::digest(&gzip);
        Sealed {
            bytes: gzip.len() as u64,
            sha256: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }

    pub async fn manifest(&self, id: DigestId) -> Option<Manifest> {
        self.places().manifests.load(id).await.unwrap()
    }

    pub async fn record(&self, id: DigestId) -> Option<JobRecord> {
        let loaded = self.places().records.load(id).await.unwrap();
        loaded.map(|(record, _)| record)
    }

    /// A record as the API leaves it: claimed and queued.
    pub async fn queue(&self, job: &Job) {
        let now = Utc::now();
        let record = JobRecord::claim(job.clone(), "api", Uuid::new_v4(), now, TimeDelta::minutes(1))
            .queued(now, TimeDelta::hours(6))
            .unwrap();
        let created = self.places().records.create(&record).await.unwrap();
        assert!(matches!(created, Created::Created(_)));
    }
}

/// The job of the hour.
pub fn job() -> Job {
    Job::new(logs::hour(), Scope::default())
}

/// Short times, so that tests need not wait.
pub fn terms() -> Terms {
    Terms {
        progress_timeout: Duration::from_secs(2),
        patience: Duration::from_secs(20),
        retry_pause: Duration::from_millis(100),
        sweep_interval: Duration::from_millis(100),
        ..Terms::default()
    }
}

/// Delivers a body to a worker's real router.
pub async fn post(worker: &Worker, path: &str, body: impl Into<Vec<u8>>, prefer: Option<&str>) -> ServiceResponse {
    let app = test::init_service(App::new().configure(configure(worker.clone(), Addresses::Own))).await;
    let mut request = test::TestRequest::post().uri(path).set_payload(body.into());
    if let Some(prefer) = prefer {
        request = request.insert_header(("prefer", prefer));
    }
    app.call(request.to_request()).await.unwrap()
}

/// Delivers a job and says the answer's status.
pub async fn deliver(worker: &Worker, job: &Job) -> StatusCode {
    post(worker, "/topic/event", job.to_json(), None).await.status()
}
