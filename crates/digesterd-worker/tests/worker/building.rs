//! Builds over what really lies in buckets: foreign keys, empty and late objects, bad rows, objects that move.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use chrono::TimeDelta;
use digest_core::manifest::Bound;
use digest_core::record::State;
use digest_core::{BadRows, Coverage, FoldError, Layout};
use digest_storage::Prefetch;
use digesterd_worker::build;
use digesterd_worker::build::{
    BuildError, BuildOptions, BuildRequest, ProgressCounters, Source, TemporaryRoom,
};

use crate::bench::{Bench, deliver, job, terms};
use crate::logs;

/// Builds the hour without a worker around it.
pub(crate) async fn build_hour(bench: &Bench, options: &BuildOptions) -> Result<build::Built, BuildError> {
    let request = BuildRequest::of_job(&job(), TimeDelta::minutes(30));
    let prefetch = Prefetch::new(2, 100_000);
    let progress = Arc::new(ProgressCounters::default());
    let built = build(&request, &bench.places().flow_logs, &prefetch, options, &progress).await;
    // Whatever came of it, nothing is held in the end.
    for _ in 0..100 {
        if prefetch.gauge().objects() == 0 && prefetch.gauge().bytes() == 0 {
            return built;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("permits were not given back: {:?}", prefetch.gauge());
}

pub(crate) fn text(built: &build::Built) -> Vec<u8> {
    let mut text = Vec::new();
    built.digest.write_text(&mut text).unwrap();
    text
}

#[actix_web::test]
async fn the_number_of_threads_changes_nothing() {
    let mut bench = Bench::with_an_hour();
    for number in 0..20 {
        let from = logs::hour().start() + TimeDelta::minutes(2 * number);
        bench.put_log(
            &logs::key(from, &format!("more-{number}")),
            logs::object(from, 50),
        );
    }
    for threads in [1, 2, 7] {
        let options = BuildOptions {
            threads,
            ..BuildOptions::default()
        };
        let built = build_hour(&bench, &options).await.unwrap();
        assert!(text(&built) == bench.expected(), "{threads} threads");
        assert!(matches!(built.report.bound, Some(Bound::Fetch | Bound::Cpu)));
        assert_eq!(
            (built.report.objects.read, built.report.object_list.len()),
            (23, 23)
        );
    }
}

#[actix_web::test]
async fn no_object_at_all_is_a_digest_without_lines_and_without_data() {
    let bench = Bench::empty();
    let worker = bench.worker(terms());
    assert_eq!(deliver(&worker, &job()).await, StatusCode::OK);
    assert_eq!(bench.text(job().id()).as_deref(), Some(&b""[..]));
    let manifest = bench.manifest(job().id()).await.unwrap();
    assert_eq!(
        (manifest.coverage, manifest.edges, manifest.bound),
        (Coverage::NoData, 0, None)
    );
}

#[actix_web::test]
async fn foreign_keys_and_empty_objects_are_counted_and_harm_nothing() {
    let mut bench = Bench::with_an_hour();
    let expected = bench.expected();
    let named = logs::hour().start();
    bench.put_log(&logs::key(named, "empty"), Vec::new());
    let folder = logs::key(named, "x");
    let folder = folder.rsplit_once('/').unwrap().0;
    bench.write("logs", &format!("{folder}/notes.txt"), b"not a flow log");
    let built = build_hour(&bench, &BuildOptions::default()).await.unwrap();
    assert!(text(&built) == expected);
    let objects = &built.report.objects;
    assert_eq!((objects.read, objects.foreign, objects.empty), (3, 1, 1));
    let worker = bench.worker(terms());
    assert_eq!(deliver(&worker, &job()).await, StatusCode::OK);
    assert_eq!(
        bench.manifest(job().id()).await.unwrap().coverage,
        Coverage::Complete
    );
}

#[actix_web::test]
async fn gzip_and_parquet_objects_side_by_side_are_one_digest() {
    let bench = Bench::with_an_hour();
    let expected = bench.expected();
    // The second object as Parquet, under a name that says nothing of it.
    let (key, gzip) = bench.objects[1].clone();
    let copy = logs::parquet(&gzip);
    bench.write("logs", &key, &copy);
    let worker = bench.worker(terms());
    assert_eq!(deliver(&worker, &job()).await, StatusCode::OK);
    assert_eq!(bench.text(job().id()), Some(expected));
    let manifest = bench.manifest(job().id()).await.unwrap();
    assert_eq!(manifest.coverage, Coverage::Complete, "{:?}", manifest.reasons);
    assert_eq!((manifest.objects.read, manifest.records.counted), (3, 1100));
}

#[actix_web::test]
async fn a_parquet_object_larger_than_all_that_may_be_in_flight_is_read_by_ranges() {
    let mut bench = Bench::empty();
    let named = logs::hour().start();
    let key = logs::key(named, "p").replace(".log.gz", ".log.parquet");
    let gzip = logs::object(named, 3000);
    let copy = logs::parquet(&gzip);
    let size = copy.len() as u64;
    bench.put_log(&key, copy);
    let prefetch = Prefetch::new(1, 5000);
    assert!(size > 20_000, "{size}");
    let request = BuildRequest::of_job(&job(), TimeDelta::zero());
    let progress = Arc::new(ProgressCounters::default());
    let built = build(
        &request,
        &bench.places().flow_logs,
        &prefetch,
        &BuildOptions::default(),
        &progress,
    )
    .await
    .unwrap();
    assert!(text(&built) == logs::expected(logs::hour(), &[(key, gzip)]));
    assert_eq!(built.report.records.counted, 3000);
    let gauge = prefetch.gauge();
    assert!(gauge.most_bytes() <= 5000, "{}", gauge.most_bytes());
    assert_eq!((gauge.bytes(), gauge.objects()), (0, 0));
    let done = progress.snapshot();
    assert!(done.bytes_done >= done.bytes_total, "{done:?}");
}

#[actix_web::test]
async fn runs_that_pass_their_room_end_the_build_and_leave_nothing() {
    let mut bench = Bench::empty();
    let mut rows = logs::HEADER.to_owned();
    for number in 0..60_000 {
        let (high, low) = (number / 250, number % 250);
        rows += &format!(
            "2 1 eni-1 10.1.{high}.{low} 10.0.0.2 40000 443 6 1 40 1539734400 1539734460 ACCEPT OK\n"
        );
    }
    bench.put_log(
        &logs::key(logs::hour().start(), "many"),
        logs::gzip(rows.as_bytes()),
    );
    let whole = build_hour(&bench, &BuildOptions::default()).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let files = || std::fs::read_dir(directory.path()).unwrap().count();
    let within = |most| BuildOptions {
        max_memory: Some(1),
        temp_dir: directory.path().to_owned(),
        room: Arc::new(TemporaryRoom::new(most)),
        ..BuildOptions::default()
    };
    let spilled = build_hour(&bench, &within(u64::MAX)).await.unwrap();
    assert!(spilled.report.threads.spilled > 0 && text(&spilled) == text(&whole));
    drop(spilled);
    assert_eq!(files(), 0);
    let options = within(10_000);
    for _ in 0..3 {
        let error = build_hour(&bench, &options).await.err().unwrap();
        assert!(error.told().contains("DIGEST_MAX_TEMP"), "{error}");
        assert_eq!(files(), 0);
    }
}

#[actix_web::test]
async fn a_corrupt_parquet_object_fails_the_job_for_good_and_names_it() {
    let mut bench = Bench::with_an_hour();
    let key = logs::key(logs::hour().start(), "p").replace(".log.gz", ".log.parquet");
    bench.put_log(&key, b"PAR1, and nothing else".to_vec());
    let worker = bench.worker(terms());
    assert_eq!(deliver(&worker, &job()).await, StatusCode::OK);
    assert_eq!(bench.text(job().id()), None, "nothing is stored");
    let record = bench.record(job().id()).await.unwrap();
    let failure = record.failure().unwrap();
    assert_eq!((record.state(), failure.transient), (State::Failed, false));
    assert!(
        failure.reason.contains(&key) && failure.reason.contains("the Parquet file is corrupt or cut"),
        "{}",
        failure.reason
    );
}

#[actix_web::test]
async fn a_bad_row_fails_the_job_for_good_and_names_object_and_line() {
    let mut bench = Bench::with_an_hour();
    let key = logs::key(logs::hour().start(), "bad");
    let rows = format!(
        "{}2 1 eni-1 10.0.0.1 10.0.0.2 65543 443 6 1 40 1539734400 1539734460 ACCEPT OK\n",
        logs::HEADER
    );
    bench.put_log(&key, logs::gzip(rows.as_bytes()));
    let worker = bench.worker(terms());
    assert_eq!(deliver(&worker, &job()).await, StatusCode::OK);
    assert_eq!(bench.text(job().id()), None, "nothing is stored");
    let record = bench.record(job().id()).await.unwrap();
    let failure = record.failure().unwrap();
    assert_eq!((record.state(), failure.transient), (State::Failed, false));
    assert!(
        failure.reason.contains(&key) && failure.reason.contains("line 2"),
        "{}",
        failure.reason
    );
    assert_eq!(bench.keys("storage"), Vec::<String>::new());
    assert_eq!(bench.keys("progress").len(), 1, "the marker is gone");
}

#[actix_web::test]
async fn bad_rows_and_corrupt_objects_are_skipped_on_request_and_make_the_digest_partial() {
    let mut bench = Bench::with_an_hour();
    let expected = bench.expected();
    let rows = format!("{}too short\n", logs::HEADER);
    bench.put_log(
        &logs::key(logs::hour().start(), "bad"),
        logs::gzip(rows.as_bytes()),
    );
    let mut cut = logs::object(logs::hour().start(), 300);
    cut.truncate(cut.len() / 2);
    let cut_key = logs::key(logs::hour().start(), "cut");
    bench.put_log(&cut_key, cut);
    let strict = build_hour(&bench, &BuildOptions::default()).await.unwrap_err();
    assert!(!strict.is_retryable(), "{strict}");
    let options = BuildOptions {
        bad_rows: BadRows::Skip,
        ..BuildOptions::default()
    };
    let built = build_hour(&bench, &options).await.unwrap();
    assert!(text(&built) == expected);
    assert_eq!(built.report.records.bad, 1);
    assert_eq!(built.report.objects.unread.values().sum::<u64>(), 1);
    let skipped: Vec<_> = built
        .report
        .object_list
        .iter()
        .filter(|entry| entry.skipped.is_some())
        .collect();
    assert_eq!(skipped[0].key, cut_key);
    assert_eq!(built.report.faults.len(), 2);
}

#[actix_web::test]
async fn an_object_cut_in_the_middle_is_named() {
    let mut bench = Bench::empty();
    let mut cut = logs::object(logs::hour().start(), 300);
    cut.truncate(cut.len() / 2);
    let key = logs::key(logs::hour().start(), "cut");
    bench.put_log(&key, cut);
    let error = build_hour(&bench, &BuildOptions::default()).await.unwrap_err();
    assert!(
        matches!(&error, BuildError::Fold(FoldError::Corrupt { key: named, .. }) if *named == key),
        "{error}"
    );
}

#[actix_web::test]
async fn late_objects_and_covered_minutes_are_reported() {
    let mut bench = Bench::empty();
    let stop = logs::hour().stop();
    let from = stop - TimeDelta::minutes(10);
    bench.put_log(&logs::key(stop, "in-time"), logs::object(from, 60));
    bench.put_log(
        &logs::key(stop + TimeDelta::minutes(20), "late"),
        logs::object(from, 5),
    );
    bench.put_log(
        &logs::key(stop + TimeDelta::minutes(40), "too-late"),
        logs::object(from, 5),
    );
    let built = build_hour(&bench, &BuildOptions::default()).await.unwrap();
    let late: Vec<_> = built
        .report
        .look_ahead
        .iter()
        .map(|step| (step.minutes_past_stop, step.records))
        .collect();
    assert_eq!(late, [(0, 60), (20, 5)]);
    let minutes = &built.report.minutes;
    assert_eq!(
        (minutes.len(), minutes[0].account.as_str(), minutes[0].of),
        (1, "123456789010", 60)
    );
    assert_eq!(minutes[0].minutes, 2);
}

#[actix_web::test]
async fn a_format_without_account_is_covered_by_the_account_and_region_of_its_key() {
    let mut bench = Bench::empty();
    let from = logs::hour().start();
    let row = |second: i64| {
        let start = from.timestamp() + second;
        format!("10.0.0.1 10.0.1.9 40000 443 6 1 40 {start} {} x\n", start + 20)
    };
    let columns = "srcaddr dstaddr srcport dstport protocol packets bytes start end";
    bench.put_log(
        &logs::key(from, "headed"),
        logs::gzip(format!("{columns} next-years-field\n{}", row(60)).as_bytes()),
    );
    bench.put_log(&logs::key(from, "bare"), logs::gzip(row(180).as_bytes()));
    let shown: Vec<String> = columns.split(' ').map(|name| format!("${{{name}}}")).collect();
    let format = format!("{} ${{x-1}}", shown.join(" "));
    let options = BuildOptions {
        layout: Layout::of_format(&format).unwrap(),
        ..BuildOptions::default()
    };
    let built = build_hour(&bench, &options).await.unwrap();
    let (start, end) = (from.timestamp() + 60, from.timestamp() + 200);
    assert_eq!(
        String::from_utf8(text(&built)).unwrap(),
        format!("2 - - 10.0.0.1 10.0.1.9 0 443 6 2 80 {start} {end} - OK\n")
    );
    let covered: Vec<_> = built
        .report
        .minutes
        .iter()
        .map(|covered| (covered.account.as_str(), covered.region.as_str(), covered.minutes))
        .collect();
    assert_eq!(covered, [("123456789010", "us-east-1", 2)]);
    assert_eq!(built.report.settings["VPC_FLOW_LOGS_FORMAT"], format);
    let unknown = [("next-years-field".to_owned(), 1), ("x-1".to_owned(), 1)];
    assert_eq!(built.report.unknown_columns, unknown.into());
    assert_eq!(built.report.verdict(None).0, Coverage::Complete);
}

#[actix_web::test]
async fn loose_objects_need_no_names_and_no_window() {
    let mut bench = Bench::empty();
    bench.put_log(
        "a.txt",
        format!(
            "{}2 1 eni-1 10.0.0.1 10.0.0.2 40000 443 6 1 40 1 2 ACCEPT OK\n",
            logs::HEADER
        )
        .into_bytes(),
    );
    bench.put_log("b.gz", logs::object(logs::hour().start(), 10));
    let request = BuildRequest {
        window: None,
        source: Source::Loose,
        ..BuildRequest::of_job(&job(), TimeDelta::zero())
    };
    let prefetch = Prefetch::new(1, 1);
    let progress = Arc::new(ProgressCounters::default());
    let build_of = async |request: &BuildRequest| {
        build(
            request,
            &bench.places().flow_logs,
            &prefetch,
            &BuildOptions::default(),
            &progress,
        )
        .await
    };
    let all = build_of(&request).await.unwrap();
    assert_eq!(
        (all.report.records.counted, progress.snapshot().objects_done),
        (11, 2)
    );
    let one = BuildRequest {
        source: Source::One("a.txt".to_owned()),
        ..request
    };
    assert_eq!(build_of(&one).await.unwrap().report.records.counted, 1);
    let none = BuildRequest {
        source: Source::One("c.txt".to_owned()),
        ..one
    };
    assert!(build_of(&none).await.is_err());
}
