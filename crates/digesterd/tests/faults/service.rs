//! The service of one run: an API and a worker that polls the queue, both over stores with faults; a second worker
//! without any, which sweeps; and a client that asks until it is taken.

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Service as _;
use actix_web::http::StatusCode;
use actix_web::test;
use digest_queue::faults::FaultyQueue;
use digest_storage::{Digests, FlowLogs, Index, Manifests, Markers, Prefetch, Records, Store, Tables};
use digesterd_api::Api;
use digesterd_process::environment::{DigestSettings, Service, Timings};
use digesterd_process::guard::Guard;
use digesterd_process::health::Readiness;
use digesterd_process::metrics::Metrics;
use digesterd_process::server::assemble;
use digesterd_worker::build::BuildOptions;
use digesterd_worker::{Places, Sweeper, Terms, Worker, take_in};

use crate::buckets::{Buckets, HOUR};
use crate::scene::LEASE;
use crate::script::Script;

/// Pause after the first failed attempt.
pub(crate) const RETRY_PAUSE: Duration = Duration::from_millis(40);

/// The service.
#[derive(Debug)]
pub(crate) struct Running {
    api: Arc<Api>,
    pub(crate) queue: FaultyQueue,
    /// Meets the faults.
    pub(crate) worker: Worker,
    /// Meets them too, and has no part in the job before its end.
    pub(crate) bystander: Worker,
    /// Meets none.
    sweeping: Worker,
}

impl Running {
    /// Nothing of it runs yet but what is called.
    pub(crate) fn over(buckets: &Buckets, script: &Script, single_put: usize) -> Self {
        let storage = script.store("storage").over(&buckets.storage);
        let progress = script.store("progress").over(&buckets.progress);
        let logs = script.store("logs").over(&buckets.logs);
        let queue = script.queue();
        let timings = Timings {
            claim_timeout: LEASE,
            queue_timeout: LEASE * 3,
            progress_timeout: LEASE,
            ..Timings::default()
        };
        let sending = Arc::new(queue.clone());
        let api = Api::new(&storage, &progress, sending, timings, &DigestSettings::default());
        Self {
            api: Arc::new(api),
            queue,
            worker: worker(&logs, &storage, &progress, single_put),
            bystander: worker(&logs, &storage, &progress, single_put),
            sweeping: worker(&buckets.logs, &buckets.storage, &buckets.progress, single_put),
        }
    }

    /// Asks for the hour once.
    pub(crate) async fn post(&self, refresh: bool) -> StatusCode {
        let routes = digesterd_api::configure(Arc::clone(&self.api));
        let app = test::init_service(assemble(
            &Service::default(),
            &Guard::Open,
            Readiness::new(),
            &Metrics::new("digesterd"),
            routes,
        ))
        .await;
        let extra = if refresh { "&refresh=true" } else { "" };
        let request = test::TestRequest::post().uri(&format!("/?{HOUR}{extra}"));
        app.call(request.to_request()).await.unwrap().status()
    }

    /// Asks as a client does that was told to come again.
    pub(crate) async fn ask(&self, refresh: bool) -> StatusCode {
        loop {
            let status = self.post(refresh).await;
            if !status.is_server_error() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// From now on messages are taken.
    pub(crate) fn take_in(&self) {
        tokio::spawn(take_in(self.worker.clone(), Arc::new(self.queue.clone())));
    }

    /// From now on the second worker sweeps.
    pub(crate) fn sweep(&self) {
        let worker = self.sweeping.clone();
        tokio::spawn(async move { Sweeper::new(false).run(&worker).await });
    }

    /// Lets the first worker end what it is at.
    pub(crate) async fn end_first(&self) {
        self.worker.drain(Duration::from_secs(10)).await;
    }

    /// The end of the run.
    pub(crate) async fn end(&self) {
        self.sweeping.drain(Duration::from_millis(100)).await;
    }
}

fn worker(logs: &Store, storage: &Store, progress: &Store, single_put: usize) -> Worker {
    let places = Places {
        flow_logs: FlowLogs::new(logs.clone()),
        digests: Digests::new(storage.clone()),
        manifests: Manifests::new(storage.clone()),
        tables: Tables::new(storage.clone()),
        index: Index::new(storage.clone()),
        records: Records::new(progress.clone()),
        markers: Markers::new(progress.clone()),
    };
    let options = BuildOptions {
        threads: 1,
        ..BuildOptions::default()
    };
    let terms = Terms {
        progress_timeout: LEASE,
        queue_timeout: LEASE * 3,
        sweep_interval: Duration::from_millis(30),
        retry_pause: RETRY_PAUSE,
        patience: LEASE * 2,
        single_put,
        ..Terms::default()
    };
    Worker::new(places, Prefetch::new(1, 1 << 20), options, terms)
}
