//! What the API needs to be told: its own two buckets and the queue; of the flow logs it may be told, for raw records.

use digesterd_process::environment::{
    AccessSettings, AwsSettings, Bucket, BucketSettings, DigestSettings, Environment, EnvironmentError,
    InsideSettings, QueueSettings, Service, Timings,
};

/// Settings of the `digesterd-api` binary.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen, limits, grace.
    pub service: Service,
    /// Who may come in.
    pub access: AccessSettings,
    /// Where digests and manifests are.
    pub storage: BucketSettings,
    /// Where job records and markers are.
    pub progress: BucketSettings,
    /// How S3 is reached.
    pub aws: AwsSettings,
    /// Where jobs are sent.
    pub queue: QueueSettings,
    /// Lifetimes of a job's states.
    pub timings: Timings,
    /// Longest window.
    pub digests: DigestSettings,
    /// Which networks are inside.
    pub inside: InsideSettings,
    /// The places of the flow logs, where raw records are read from them.
    pub flow_logs: Option<Vec<BucketSettings>>,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// [`EnvironmentError`] naming every variable that is missing or wrong.
    pub fn read(environment: &Environment) -> Result<Self, EnvironmentError> {
        let reader = environment.reader();
        let service = Service::read(&reader);
        let access = AccessSettings::read(&reader);
        let storage = BucketSettings::read(&reader, Bucket::Storage);
        let progress = BucketSettings::read(&reader, Bucket::Progress);
        let aws = AwsSettings::read(&reader);
        let queue = QueueSettings::read(&reader);
        let timings = Timings::read(&reader);
        let digests = DigestSettings::read(&reader);
        let inside = InsideSettings::read(&reader);
        let flow_logs = BucketSettings::read_flow_logs_if_set(&reader);
        let all = flow_logs.iter().flatten().flatten();
        let in_s3 = all
            .chain([&storage, &progress].into_iter().flatten())
            .any(BucketSettings::is_in_s3);
        let in_sqs = queue.as_ref().is_some_and(QueueSettings::is_in_sqs);
        if let Some(aws) = aws.as_ref().filter(|_| in_s3 || in_sqs) {
            aws.demand_credentials(&reader);
        }
        let settings = (|| {
            Some(Self {
                service: service?,
                access: access?,
                storage: storage?,
                progress: progress?,
                aws: aws?,
                queue: queue?,
                timings: timings?,
                digests: digests?,
                inside,
                flow_logs: flow_logs?,
            })
        })();
        reader.finish(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_directories_and_a_queue_are_enough() {
        let environment = Environment::from_pairs([
            ("DIGEST_STORAGE_BUCKET", "file:///tmp/digests"),
            ("DIGEST_PROGRESS_BUCKET", "file:///tmp/progress"),
            ("STREAM_APPLIANCE_ENDPOINT", "http://127.0.0.1:8081"),
        ]);
        let settings = Settings::read(&environment).unwrap();
        assert_eq!(settings.service.port, 8080);
        assert!(matches!(settings.queue, QueueSettings::Appliance(queue) if queue.topic.is_none()));
        assert!(settings.flow_logs.is_none());
    }

    #[test]
    fn flow_logs_need_not_be_named_but_have_to_be_right() {
        let with = |flow_logs: &'static str| {
            let environment = Environment::from_pairs([
                ("DIGEST_STORAGE_BUCKET", "file:///tmp/digests"),
                ("DIGEST_PROGRESS_BUCKET", "file:///tmp/progress"),
                ("STREAM_APPLIANCE_ENDPOINT", "http://127.0.0.1:8081"),
                ("VPC_FLOW_LOGS_BUCKET", flow_logs),
            ]);
            Settings::read(&environment)
        };
        assert_eq!(with("file:///a,file:///b").unwrap().flow_logs.unwrap().len(), 2);
        let error = with("file:///a,").unwrap_err();
        assert_eq!(error.problems[0].name, "VPC_FLOW_LOGS_BUCKET");
    }

    #[test]
    fn without_any_variable_every_needed_one_is_named_and_no_other() {
        let error = Settings::read(&Environment::default()).unwrap_err();
        let names: Vec<&str> = error.problems.iter().map(|problem| problem.name).collect();
        assert_eq!(
            names,
            [
                "DIGEST_PROGRESS_BUCKET",
                "DIGEST_STORAGE_BUCKET",
                "STREAM_APPLIANCE_ENDPOINT"
            ]
        );
    }

    #[test]
    fn buckets_in_s3_need_a_region_and_credentials() {
        let environment = Environment::from_pairs([
            ("DIGEST_STORAGE_BUCKET", "digests"),
            ("DIGEST_PROGRESS_BUCKET", "file:///tmp/progress"),
            ("STREAM_APPLIANCE_ENDPOINT", "http://127.0.0.1:8081"),
        ]);
        let error = Settings::read(&environment).unwrap_err();
        let names: Vec<&str> = error.problems.iter().map(|problem| problem.name).collect();
        assert_eq!(names, ["REGION", "USE_IAM"]);
    }
}
