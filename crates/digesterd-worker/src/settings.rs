//! The settings of a worker process, read from its environment in one go.

use std::sync::Arc;

use digest_core::BadRows;
use digesterd_process::environment::{
    AccessSettings, AwsSettings, Bucket, BucketSettings, DigestSettings, Environment, EnvironmentError,
    FlowLogsSettings, PrefetchSettings, Reader, Service, SqsSettings, Timings, WorkerSettings,
};

use crate::build::{BuildOptions, TemporaryRoom, WhichCount};
use crate::terms::Terms;

/// Everything a worker process is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens.
    pub service: Service,
    /// Who may come in.
    pub access: AccessSettings,
    /// How S3 is reached.
    pub aws: AwsSettings,
    /// The places of the flow logs.
    pub flow_logs: Vec<BucketSettings>,
    /// The bucket of the digests.
    pub storage: BucketSettings,
    /// The bucket of records and markers.
    pub progress: BucketSettings,
    /// Which accounts and regions are looked for.
    pub scan: FlowLogsSettings,
    /// What may be in flight.
    pub prefetch: PrefetchSettings,
    /// What a digest may be, and how its rows are read.
    pub digests: DigestSettings,
    /// How long states last.
    pub timings: Timings,
    /// How much is built at once.
    pub worker: WorkerSettings,
    /// The queue that is polled, if there is one.
    pub queue: Option<SqsSettings>,
}

impl Settings {
    /// What to know of a worker to which anybody may post jobs who reaches it; nothing where that is nobody else.
    #[must_use]
    pub fn open_intake(&self) -> Option<&'static str> {
        let is_open = self.access.intake_secret.is_none() && !self.service.listen_address.is_loopback();
        is_open.then_some(
            "whoever reaches this worker's address can have digests built: DIGEST_INTAKE_SECRET or \
             LISTEN_ADDRESS=127.0.0.1 closes it",
        )
    }

    /// Reads them all.
    ///
    /// # Errors
    /// [`EnvironmentError`] that lists every problem by its variable.
    pub fn read(environment: &Environment) -> Result<Self, EnvironmentError> {
        Self::read_with(environment, PrefetchSettings::read, SqsSettings::read)
    }

    /// The same where API and worker share a process: what may be in flight has the command line's default, and no
    /// queue lies between the two.
    ///
    /// # Errors
    /// As [`Settings::read`].
    pub fn read_standalone(environment: &Environment) -> Result<Self, EnvironmentError> {
        Self::read_with(environment, PrefetchSettings::read_or_default, |_| Some(None))
    }

    fn read_with(
        environment: &Environment,
        prefetch: fn(&Reader<'_>) -> Option<PrefetchSettings>,
        queue: fn(&Reader<'_>) -> Option<Option<SqsSettings>>,
    ) -> Result<Self, EnvironmentError> {
        let reader = environment.reader();
        let service = Service::read(&reader);
        let access = AccessSettings::read(&reader);
        let aws = AwsSettings::read(&reader);
        let flow_logs = BucketSettings::read_flow_logs(&reader);
        let buckets = [Bucket::Storage, Bucket::Progress].map(|bucket| BucketSettings::read(&reader, bucket));
        let scan = FlowLogsSettings::read(&reader);
        let prefetch = prefetch(&reader);
        let digests = DigestSettings::read(&reader);
        let timings = Timings::read(&reader);
        let worker = WorkerSettings::read(&reader);
        let queue = queue(&reader);
        let all = flow_logs.iter().flatten().chain(buckets.iter().flatten());
        let in_s3 = all.into_iter().any(BucketSettings::is_in_s3);
        let in_sqs = queue.as_ref().is_some_and(Option::is_some);
        if let Some(aws) = aws.as_ref().filter(|_| in_s3 || in_sqs) {
            aws.demand_credentials(&reader);
        }
        let [storage, progress] = buckets;
        let settings = (|| {
            Some(Self {
                service: service?,
                access: access?,
                aws: aws?,
                flow_logs: flow_logs?,
                storage: storage?,
                progress: progress?,
                scan: scan?,
                prefetch: prefetch?,
                digests: digests?,
                timings: timings?,
                worker: worker?,
                queue: queue?,
            })
        })();
        reader.finish(settings)
    }

    /// The terms that a worker of these settings keeps.
    #[must_use]
    pub fn terms(&self) -> Terms {
        Terms {
            concurrency: self.worker.concurrency,
            max_window_minutes: self.digests.max_window_minutes(),
            queue_timeout: self.timings.queue_timeout,
            progress_timeout: self.timings.progress_timeout,
            sweep_interval: self.timings.sweep_interval,
            record_retention: self.timings.record_retention,
            patience: self.timings.sqsd_patience,
            late_arrival: self.digests.late_arrival,
            max_edges: self.worker.max_edges,
            max_output: self.worker.max_output,
            max_attempts: self.timings.max_attempts,
            max_lost_leases: self.timings.max_lost_leases,
            ..Terms::default()
        }
    }

    /// How its builds work.
    #[must_use]
    pub fn build_options(&self) -> BuildOptions {
        BuildOptions {
            bad_rows: if self.digests.skip_bad_rows {
                BadRows::Skip
            } else {
                BadRows::Fail
            },
            max_row: self.digests.max_row,
            max_columns: self.digests.max_columns,
            max_ratio: self.digests.max_ratio,
            // A worker stores them with every digest.
            edges: self.digests.edges.unwrap_or(true),
            overlap: WhichCount::of(self.digests.prefer_newest),
            layout: self.digests.layout.clone(),
            max_memory: Some(self.worker.memory_of_a_build()),
            temp_dir: self.worker.temporary_directory(),
            room: Arc::new(TemporaryRoom::new(self.worker.max_temp)),
            ..BuildOptions::default()
        }
    }
}
