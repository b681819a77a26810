//! What the environment makes of variables, right and wrong.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

use serde::de::{self, Deserialize, Visitor};

use super::*;

mod places;

/// Settings of an API over S3, as the Go service had them.
const SEED: &[(&str, &str)] = &[
    ("PORT", "9090"),
    ("VPC_FLOW_LOGS_BUCKET", "vpc-flow-logs"),
    ("VPC_MAX_BYTES_PREFETCH", "150000000"),
    ("VPC_MAX_CONCURRENT_PREFETCH", "2"),
    ("DIGEST_STORAGE_BUCKET", "vpc-flow-digests"),
    ("DIGEST_PROGRESS_BUCKET", "vpc-flow-digests-progress"),
    ("STREAM_APPLIANCE_ENDPOINT", "http://ec2-sqsd.example.com"),
    ("STREAM_APPLIANCE_TOPIC", "digest-queue"),
    ("REGION", "us-west-2"),
    ("USE_IAM", "true"),
];

fn with(changes: &[(&'static str, &'static str)]) -> Environment {
    let seed = SEED.iter().copied().chain(changes.iter().copied());
    Environment::from_pairs(seed)
}

fn names(error: &EnvironmentError) -> Vec<&'static str> {
    error.problems.iter().map(|problem| problem.name).collect()
}

#[test]
fn reads_the_go_services_variables() {
    let environment = with(&[]);
    let reader = environment.reader();
    let service = Service::read(&reader).unwrap();
    let storage = BucketSettings::read(&reader, Bucket::Storage).unwrap();
    let prefetch = PrefetchSettings::read(&reader).unwrap();
    let queue = QueueSettings::read(&reader).unwrap();
    let aws = AwsSettings::read(&reader).unwrap();
    aws.demand_credentials(&reader);
    reader.finish(Some(())).unwrap();
    assert_eq!(service.port, 9090);
    assert_eq!(storage.region.as_deref(), Some("us-west-2"));
    assert_eq!(
        prefetch,
        PrefetchSettings {
            objects: 2,
            bytes: 150_000_000
        }
    );
    assert!(
        matches!(queue, QueueSettings::Appliance(queue) if queue.topic.as_deref() == Some("digest-queue"))
    );
    assert!(aws.use_iam);
}

#[test]
fn one_error_names_every_variable_that_is_missing_or_wrong() {
    let environment = Environment::from_pairs([
        ("PORT", "80a"),
        ("DIGEST_STORAGE_BUCKET", "digests"),
        ("DIGEST_PROGRESS_BUCKET", ""),
        ("DIGEST_CLAIM_TIMEOUT", "soon"),
        ("AWS_SECRET_ACCESS_KEY", "hush"),
        ("STREAM_APPLIANCE_ENDPOINT", "hush://user:hush@q"),
    ]);
    let reader = environment.reader();
    let _ = (
        Service::read(&reader),
        BucketSettings::read(&reader, Bucket::Storage),
        BucketSettings::read(&reader, Bucket::Progress),
        QueueSettings::read(&reader),
        Timings::read(&reader),
        AwsSettings::read(&reader),
    );
    let error = reader.finish(Some(())).unwrap_err();
    assert_eq!(
        names(&error),
        [
            "AWS_ACCESS_KEY_ID",
            "DIGEST_CLAIM_TIMEOUT",
            "DIGEST_PROGRESS_BUCKET",
            "PORT",
            "REGION",
            "STREAM_APPLIANCE_ENDPOINT",
        ]
    );
    let message = error.to_string();
    assert!(
        message.contains("PORT is \"80a\", which is not a port"),
        "{message}"
    );
    assert!(!message.contains("hush"), "{message}");
}

#[test]
fn a_value_that_is_no_utf8_is_named() {
    let port = (OsString::from("PORT"), OsString::from_vec(vec![0xff]));
    let foreign = (OsString::from("OTHER"), OsString::from_vec(vec![0xff]));
    let environment = Environment::from_pairs([port, foreign]);
    let error = environment.reader().finish(Some(())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the settings cannot be used:\n  PORT is not valid UTF-8"
    );
}

#[test]
fn a_region_is_needed_for_s3_only_and_may_be_the_buckets() {
    for (place, region, fine) in [
        ("digests", "", false),
        ("s3://digests/prefix", "", false),
        ("digests", "eu-west-1", true),
        ("file:///tmp/digests", "", true),
    ] {
        let environment = Environment::from_pairs([
            ("DIGEST_STORAGE_BUCKET", place),
            ("DIGEST_STORAGE_BUCKET_REGION", region),
        ]);
        let reader = environment.reader();
        let bucket = BucketSettings::read(&reader, Bucket::Storage);
        assert_eq!(reader.finish(bucket).is_ok(), fine, "{place} {region}");
    }
}

#[test]
fn a_format_is_read_as_aws_shows_it_or_refused_with_what_it_lacks() {
    let read = |format| {
        let environment = Environment::from_pairs([("VPC_FLOW_LOGS_FORMAT", format)]);
        let reader = environment.reader();
        let settings = DigestSettings::read(&reader);
        reader.finish(settings).map(|settings| settings.layout)
    };
    let format = "${srcaddr} ${dstaddr} ${protocol} ${packets} ${bytes} ${start}";
    assert_eq!(read(format).unwrap().format(), Some(format));
    assert_eq!(read("").unwrap(), digest_core::Layout::default());
    let refused = read("${srcaddr} ${dstport}").unwrap_err().to_string();
    let expected = "VPC_FLOW_LOGS_FORMAT is \"${srcaddr} ${dstport}\", which cannot be digested: \
                    it lacks dstaddr, protocol, packets, bytes, start, end";
    assert!(refused.contains(expected), "{refused}");
}

#[test]
fn every_bucket_has_a_role_and_an_external_id_of_its_own() {
    let environment = with(&[
        ("VPC_FLOW_LOGS_BUCKET_ROLE", "arn:aws:iam::1:role/logs"),
        ("VPC_FLOW_LOGS_BUCKET_ROLE_EXTERNAL_ID", "hush"),
        ("DIGEST_STORAGE_BUCKET_REGION", "eu-west-1"),
    ]);
    let reader = environment.reader();
    let logs = BucketSettings::read(&reader, Bucket::FlowLogs).unwrap();
    let storage = BucketSettings::read(&reader, Bucket::Storage).unwrap();
    let role = logs.role.as_ref().unwrap();
    assert_eq!(role.arn, "arn:aws:iam::1:role/logs");
    assert_eq!(role.external_id.as_ref().unwrap().expose(), "hush");
    assert_eq!(logs.region.as_deref(), Some("us-west-2"));
    assert_eq!(storage.region.as_deref(), Some("eu-west-1"));
    assert!(storage.role.is_none());
    assert!(!format!("{logs:?}").contains("hush"));
}

#[test]
fn a_key_is_the_storage_buckets_alone_and_only_in_s3() {
    let key = ("DIGEST_STORAGE_SSE_KMS_KEY_ID", "alias/digests");
    let environment = with(&[key]);
    let reader = environment.reader();
    let of = |bucket| BucketSettings::read(&reader, bucket).unwrap().kms_key;
    assert_eq!(of(Bucket::Storage).as_deref(), Some("alias/digests"));
    assert_eq!(of(Bucket::Progress), None);
    assert_eq!(of(Bucket::FlowLogs), None);

    let environment = Environment::from_pairs([("DIGEST_STORAGE_BUCKET", "file:///tmp/digests"), key]);
    let reader = environment.reader();
    let bucket = BucketSettings::read(&reader, Bucket::Storage);
    let refused = reader.finish(bucket).unwrap_err().to_string();
    assert!(
        refused.contains("DIGEST_STORAGE_SSE_KMS_KEY_ID is set"),
        "{refused}"
    );
}

#[test]
fn credentials_must_come_from_somewhere_but_are_never_printed() {
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIA"),
        ("AWS_SECRET_ACCESS_KEY", "hush"),
        ("AWS_SESSION_TOKEN", "hush"),
        ("HTTPS_PROXY", "http://me:hush@proxy:3128"),
        ("AWS_ENDPOINT_URL", "http://me:hush@s3"),
    ];
    let environment = Environment::from_pairs(keys);
    let reader = environment.reader();
    let aws = AwsSettings::read(&reader).unwrap();
    aws.demand_credentials(&reader);
    assert!(!format!("{aws:#?} {environment:?} {reader:?}").contains("hush"));
    assert_eq!(aws.s3_endpoint, aws.sts_endpoint);
    reader.finish(Some(())).unwrap();

    let nothing = Environment::from_pairs([("USE_IAM", "F")]);
    let reader = nothing.reader();
    AwsSettings::read(&reader).unwrap().demand_credentials(&reader);
    assert_eq!(names(&reader.finish(Some(())).unwrap_err()), ["USE_IAM"]);
}

#[test]
fn the_home_directory_stands_for_a_tilde() {
    let environment = Environment::from_pairs([("HOME", "/home/a"), ("AWS_CREDENTIALS_FILE", "~/.aws/c")]);
    let aws = AwsSettings::read(&environment.reader()).unwrap();
    assert_eq!(aws.credentials_file, Some("/home/a/.aws/c".into()));
}

#[test]
fn without_variables_the_defaults_are_those_of_the_table() {
    let environment = Environment::default();
    let reader = environment.reader();
    let default = |name: &str| {
        let variable = variables::VARIABLES.iter().find(|variable| variable.name == name);
        variable.unwrap().default
    };
    let duration = |name: &str| values::duration(default(name)).unwrap();
    let timings = Timings::read(&reader).unwrap();
    assert_eq!(timings, Timings::default());
    assert_eq!(timings.claim_timeout, duration("DIGEST_CLAIM_TIMEOUT"));
    assert_eq!(timings.queue_timeout, duration("DIGEST_QUEUE_TIMEOUT"));
    assert_eq!(
        Ok(timings.progress_timeout),
        values::milliseconds(default("DIGEST_PROGRESS_TIMEOUT"))
    );
    assert_eq!(timings.sweep_interval, duration("DIGEST_SWEEP_INTERVAL"));
    assert_eq!(timings.record_retention, duration("DIGEST_RECORD_RETENTION"));
    assert_eq!(timings.sqsd_patience, duration("SQSD_PATIENCE"));
    assert_eq!(timings.max_attempts.to_string(), default("DIGEST_MAX_ATTEMPTS"));
    assert_eq!(
        timings.max_lost_leases.to_string(),
        default("DIGEST_MAX_LOST_LEASES")
    );
    let digests = DigestSettings::read(&reader).unwrap();
    assert_eq!(digests, DigestSettings::default());
    assert_eq!(digests.max_window, duration("DIGEST_MAX_WINDOW"));
    assert_eq!(digests.late_arrival, duration("VPC_FLOW_LOGS_LATE_ARRIVAL"));
    assert_eq!(
        Ok(digests.max_row as u64),
        values::size(default("DIGEST_MAX_ROW"))
    );
    let service = Service::read(&reader).unwrap();
    assert_eq!(service, Service::default());
    assert_eq!(service.port.to_string(), default("PORT"));
    assert_eq!(service.listen_address.to_string(), default("LISTEN_ADDRESS"));
    assert_eq!(service.shutdown_grace, duration("DIGEST_SHUTDOWN_GRACE"));
    assert_eq!(
        Ok(service.limits.body as u64),
        values::size(default("DIGEST_MAX_BODY"))
    );
    assert_eq!(WorkerSettings::read(&reader).unwrap(), WorkerSettings::default());
    assert_eq!(
        PrefetchSettings::read_or_default(&reader).unwrap(),
        PrefetchSettings::default()
    );
    let scan = FlowLogsSettings::read(&reader).unwrap();
    assert_eq!(scan, FlowLogsSettings::default());
    assert_eq!(scan.cache, duration("VPC_FLOW_LOGS_SCAN_CACHE"));
    reader.finish(Some(())).unwrap();
}

#[test]
fn the_progress_timeout_takes_bare_milliseconds() {
    let environment = with(&[("DIGEST_PROGRESS_TIMEOUT", "1500")]);
    let timings = Timings::read(&environment.reader()).unwrap();
    assert_eq!(timings.progress_timeout, Duration::from_millis(1500));
}

#[test]
fn the_structs_read_exactly_what_the_table_lists() {
    let mut read = BTreeSet::from(["RUST_LOG".to_owned()]);
    for (prefix, fields) in [
        ("", fields_of::<service::Raw>()),
        ("", fields_of::<limits::Raw>()),
        ("", fields_of::<access::Raw>()),
        ("", fields_of::<access::RawTls>()),
        ("", fields_of::<timings::Raw>()),
        ("", fields_of::<traces::Raw>()),
        ("", fields_of::<digests::Raw>()),
        ("", fields_of::<worker::Raw>()),
        ("", fields_of::<queue::Raw>()),
        ("", fields_of::<queue::RawSqs>()),
        ("", fields_of::<flow_logs::RawScan>()),
        ("", fields_of::<flow_logs::RawPrefetch>()),
        ("", fields_of::<aws::Raw>()),
        ("", fields_of::<client::Raw>()),
        ("", fields_of::<client::RawInside>()),
        ("", fields_of::<buckets::RawKey>()),
        ("", fields_of::<buckets::RawRegion>()),
        ("vpc_flow_logs_bucket", fields_of::<buckets::Raw>()),
        ("digest_storage_bucket", fields_of::<buckets::Raw>()),
        ("digest_progress_bucket", fields_of::<buckets::Raw>()),
    ] {
        read.extend(
            fields
                .iter()
                .map(|field| format!("{prefix}{field}").to_uppercase()),
        );
    }
    let listed: BTreeSet<String> = variables::VARIABLES
        .iter()
        .map(|variable| variable.name.to_owned())
        .collect();
    assert_eq!(read, listed);
}

#[test]
fn the_documentation_lists_the_same_variables_with_the_same_defaults() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let page = std::fs::read_to_string(page).unwrap();
    let cell = |text: &str| text.trim().trim_matches('`').to_owned();
    let documented: Vec<(String, String)> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').collect();
            (cell(cells[1]), cell(cells[2]))
        })
        .collect();
    let table: Vec<(String, String)> = variables::VARIABLES
        .iter()
        .map(|variable| (variable.name.to_owned(), variable.default.to_owned()))
        .collect();
    assert_eq!(documented, table);
}

/// The field names that a struct asks its deserializer for.
fn fields_of<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    struct Asked(&'static [&'static str]);
    struct Fields<'a>(&'a mut Option<Asked>);
    impl<'de> de::Deserializer<'de> for Fields<'_> {
        type Error = de::value::Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(de::Error::custom("a struct was expected"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Self::Error> {
            *self.0 = Some(Asked(fields));
            Err(de::Error::custom("only the names are wanted"))
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
            unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }
    let mut asked = None;
    assert!(T::deserialize(Fields(&mut asked)).is_err());
    asked.unwrap().0
}

#[test]
fn a_flag_takes_the_place_of_a_variable_even_of_an_unreadable_one() {
    let broken = OsString::from_vec(vec![0xff]);
    let environment = Environment::from_pairs([(OsString::from("PORT"), broken)]);
    assert!(!environment.has("PORT"));
    let environment = environment.with("PORT", "9090").with("NO_VARIABLE", "x");
    assert!(environment.has("PORT") && !environment.has("NO_VARIABLE"));
    let reader = environment.reader();
    let service = Service::read(&reader);
    assert_eq!(reader.finish(service).unwrap().port, 9090);
}
