//! A running API over stores of a test's own, and the objects that others would have written.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use digest_core::manifest::{Manifest, ObjectCounts, RecordCounts, Sealed};
use digest_core::{Coverage, DigestId, Job, JobRecord, Scope, Window};
use digest_questions::RecordSource;
use digest_queue::{InProcessJobs, JobQueue, in_process};
use digest_storage::{
    Attributes, Created, Digests, Expect, FlowLogs, Manifests, Records, Store, StoreOptions,
};
use digesterd_api::{Api, configure};
use digesterd_process::environment::{DigestSettings, Limits, Service, Timings};
use digesterd_process::guard::Guard;
use digesterd_process::health::Readiness;
use digesterd_process::metrics::Metrics;
use digesterd_process::server;
use digesterd_process::shutdown::Shutdown;
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::{Client, Method, RequestBuilder, Response};
use sha2::{Digest as _, Sha256};

/// Query of the hour that most tests are about.
pub(crate) const HOUR: &str = "start=2018-10-17T00:00:00Z&stop=2018-10-17T01:00:00Z";
/// Its id.
pub(crate) const HOUR_ID: &str = "7869fe53-0b48-5a77-9358-32a82efe8858";
/// Lines of its digest.
pub(crate) const LINES: &str = "2 123456789010 eni-1 172.31.16.139 172.31.16.21 0 80 6 20 1000 1539734400 1539738000 ACCEPT OK\n\
2 123456789010 eni-1 172.31.16.139 172.31.16.21 0 80 6 5 250 1539734400 1539738000 REJECT OK\n";

/// An API that listens, with its stores in reach.
pub(crate) struct TestApp {
    pub(crate) storage: Store,
    pub(crate) progress: Store,
    pub(crate) jobs: Option<InProcessJobs>,
    pub(crate) address: SocketAddr,
    client: Client,
    shutdown: Shutdown,
}

impl TestApp {
    /// Over stores in memory, which keep attributes.
    pub(crate) fn start() -> Self {
        Self::over(Store::memory(), Store::memory())
    }

    /// Over two directories, which keep none.
    pub(crate) fn local(directory: &tempfile::TempDir) -> Self {
        let open = |name: &str| {
            let place = format!("file://{}", directory.path().join(name).display());
            digest_storage::open(&place.parse().unwrap(), &StoreOptions::default()).unwrap()
        };
        Self::over(open("storage"), open("progress"))
    }

    pub(crate) fn over(storage: Store, progress: Store) -> Self {
        Self::guarded(storage, progress, &Guard::Open)
    }

    /// One that lets in whom the guard knows, with a door beside it for those without a token.
    pub(crate) fn guarded(storage: Store, progress: Store, guard: &Guard) -> Self {
        let (queue, jobs) = in_process();
        let mut app = Self::made(storage, progress, Arc::new(queue), guard, Limits::default(), None);
        app.jobs = Some(jobs);
        app
    }

    /// One whose callers may take so much of it and no more.
    pub(crate) fn limited(storage: Store, progress: Store, limits: Limits) -> Self {
        let (queue, _) = in_process();
        Self::made(storage, progress, Arc::new(queue), &Guard::Open, limits, None)
    }

    pub(crate) fn with_queue(storage: Store, progress: Store, queue: Arc<dyn JobQueue>) -> Self {
        Self::made(storage, progress, queue, &Guard::Open, Limits::default(), None)
    }

    /// One that reads raw records from these flow logs.
    pub(crate) fn with_flow_logs(flow_logs: &Store) -> Self {
        let (queue, _) = in_process();
        let (storage, progress) = (Store::memory(), Store::memory());
        let flow_logs = Some(FlowLogs::new(flow_logs.clone()));
        Self::made(
            storage,
            progress,
            Arc::new(queue),
            &Guard::Open,
            Limits::default(),
            flow_logs,
        )
    }

    fn made(
        storage: Store,
        progress: Store,
        queue: Arc<dyn JobQueue>,
        guard: &Guard,
        limits: Limits,
        flow_logs: Option<FlowLogs>,
    ) -> Self {
        let service = Service {
            limits,
            port: 0,
            listen_address: [127, 0, 0, 1].into(),
            ..Service::default()
        };
        let api = Api::new(
            &storage,
            &progress,
            queue,
            Timings::default(),
            &DigestSettings::default(),
        );
        let api = Arc::new(match flow_logs {
            Some(flow_logs) => api.with_records(RecordSource::new(flow_logs)),
            None => api,
        });
        let listening = server::listen(
            &service,
            guard,
            &Readiness::new(),
            &Metrics::new("digesterd-api"),
            move |config| {
                configure(Arc::clone(&api))(config);
            },
        )
        .unwrap();
        let address = listening.address();
        let shutdown = Shutdown::new();
        let stop = shutdown.clone();
        tokio::spawn(async move { listening.run(&stop).await });
        Self {
            storage,
            progress,
            jobs: None,
            address,
            client: Client::builder().no_proxy().build().unwrap(),
            shutdown,
        }
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.address))
    }

    pub(crate) async fn get(&self, query: &str) -> Response {
        self.call(Method::GET, &format!("/?{query}"))
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn post(&self, query: &str) -> Response {
        self.call(Method::POST, &format!("/?{query}"))
            .send()
            .await
            .unwrap()
    }

    /// GET with one more header.
    pub(crate) async fn get_with(&self, query: &str, name: &str, value: &str) -> Response {
        let request = self.call(Method::GET, &format!("/?{query}"));
        request.header(name, value).send().await.unwrap()
    }

    /// The jobs that were queued so far.
    pub(crate) async fn queued(&mut self) -> Vec<Job> {
        let jobs = self.jobs.as_mut().unwrap();
        let mut queued = Vec::new();
        while let Ok(Some(next)) = tokio::time::timeout(Duration::from_millis(50), jobs.next()).await {
            queued.push(next.job);
        }
        queued
    }

    /// Stores a digest as the worker does, and its manifest; `None` stores it as the Go service did.
    pub(crate) async fn store_digest(&self, job: &Job, text: &str, manifest: Option<&Manifest>) -> Bytes {
        let bytes = gzip(text);
        match manifest {
            Some(manifest) => {
                let attributes = Attributes {
                    sha256: manifest.gzip.sha256.clone(),
                    coverage: manifest.coverage,
                };
                let digests = Digests::new(self.storage.clone());
                digests
                    .publish(job.id(), bytes.clone(), &Expect::Absent, &attributes)
                    .await
                    .unwrap();
                self.store_manifest(manifest).await;
            }
            None => {
                self.put(&self.storage, &format!("{}.log.gz", job.id()), bytes.clone())
                    .await
            }
        }
        bytes
    }

    pub(crate) async fn store_manifest(&self, manifest: &Manifest) {
        let key = Manifests::key(manifest.job.id());
        self.put(
            &self.storage,
            key.as_ref(),
            serde_json::to_vec(manifest).unwrap().into(),
        )
        .await;
    }

    /// Stores a record as it stands.
    pub(crate) async fn store_record(&self, record: &JobRecord) {
        let records = Records::new(self.progress.clone());
        let created = records.create(record).await.unwrap();
        assert!(matches!(created, Created::Created(_)));
    }

    pub(crate) async fn record(&self, id: DigestId) -> Option<JobRecord> {
        let records = Records::new(self.progress.clone());
        records.load(id).await.unwrap().map(|(record, _)| record)
    }

    /// Writes a marker by hand, byte for byte.
    pub(crate) async fn mark(&self, id: &str, body: &str) {
        let body = Bytes::from(body.to_owned());
        self.put(&self.progress, &format!("{id}_in_progress"), body).await;
    }

    pub(crate) async fn put(&self, store: &Store, key: &str, body: Bytes) {
        use object_store::ObjectStoreExt;
        let key = object_store::path::Path::from(key);
        store.object_store().put(&key, body.into()).await.unwrap();
    }

    /// The keys of a store, sorted.
    pub(crate) async fn keys(store: &Store) -> Vec<String> {
        use futures::TryStreamExt;
        let listed = store.object_store().list(None);
        let mut keys: Vec<String> = listed
            .map_ok(|meta| meta.location.to_string())
            .try_collect()
            .await
            .unwrap();
        keys.sort();
        keys
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shutdown.request();
    }
}

pub(crate) fn job(query: &[(&str, &str)]) -> Job {
    let find = |name: &str| {
        query
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
    };
    let window = Window::parse(find("start").unwrap(), find("stop").unwrap()).unwrap();
    Job::new(window, Scope::parse(find("account"), find("region")).unwrap())
}

pub(crate) fn hour() -> Job {
    job(&[
        ("start", "2018-10-17T00:00:00Z"),
        ("stop", "2018-10-17T01:00:00Z"),
    ])
}

pub(crate) fn gzip(text: &str) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap().into()
}

pub(crate) fn sealed(bytes: &[u8]) -> Sealed {
    Sealed {
        bytes: bytes.len() as u64,
        sha256: Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    }
}

/// The manifest of a digest with this text, begun then.
pub(crate) fn manifest(job: &Job, text: &str, coverage: Coverage, begun_at: DateTime<Utc>) -> Manifest {
    Manifest {
        format: digest_core::manifest::MANIFEST_FORMAT,
        program: "digesterd 0.0.0".to_owned(),
        job: job.clone(),
        coverage,
        reasons: Vec::new(),
        skipdata: false,
        begun_at,
        finished_at: begun_at,
        late_arrival_seconds: 1800,
        settings: BTreeMap::new(),
        gzip: sealed(&gzip(text)),
        text: sealed(text.as_bytes()),
        edges: 2,
        objects: ObjectCounts::default(),
        records: RecordCounts::default(),
        look_ahead: Vec::new(),
        minutes: Vec::new(),
        unknown_columns: BTreeMap::new(),
        overlap: None,
        bound: None,
        object_list: None,
        object_list_key: None,
        edges_table: None,
        interfaces_table: None,
    }
}

/// A manifest of the hour, begun late enough.
pub(crate) fn complete() -> Manifest {
    let job = hour();
    let begun = job.window().stop() + TimeDelta::hours(1);
    manifest(&job, LINES, Coverage::Complete, begun)
}
