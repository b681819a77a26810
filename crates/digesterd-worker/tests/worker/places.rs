//! Builds over several places, and over several flow logs of one interface.

use std::io::Read as _;
use std::sync::Arc;

use actix_web::http::StatusCode;
use chrono::TimeDelta;
use digest_core::{BadRows, Coverage};
use digest_storage::{FlowLogs, Prefetch};
use digesterd_worker::build;
use digesterd_worker::build::{BuildOptions, BuildRequest, ProgressCounters, WhichCount};
use flate2::read::GzDecoder;

use crate::bench::{Bench, deliver, job, terms};
use crate::building::{build_hour, text};
use crate::logs;

#[actix_web::test]
async fn objects_of_the_same_key_in_two_places_are_two_objects() {
    let bench = Bench::with_an_hour();
    let key = logs::key(logs::hour().start() + TimeDelta::minutes(5), "0");
    let other = logs::object(logs::hour().start() + TimeDelta::minutes(3), 70);
    bench.write("more-logs", &key, &other);
    let flow_logs = FlowLogs::of([bench.store("logs"), bench.store("more-logs")]);
    let request = BuildRequest::of_job(&job(), TimeDelta::minutes(30));
    let progress = Arc::new(ProgressCounters::default());
    let prefetch = Prefetch::new(2, 100_000);
    let built = build(
        &request,
        &flow_logs,
        &prefetch,
        &BuildOptions::default(),
        &progress,
    )
    .await;
    let built = built.unwrap();
    let mut objects = bench.objects.clone();
    objects.push(("other".to_owned(), other));
    assert!(text(&built) == logs::expected(logs::hour(), &objects));
    let listed = built.report.object_list.iter();
    let same: Vec<_> = listed.filter(|object| object.key == key).collect();
    let places: Vec<_> = same.iter().map(|object| object.place.clone().unwrap()).collect();
    let urls = ["logs", "more-logs"].map(|bucket| bench.store(bucket).place().to_string());
    assert_eq!(places, urls);

    // What cannot be read is named with its place.
    bench.write("more-logs", &key, b"\x1f\x8bnothing");
    let failed = build(
        &request,
        &flow_logs,
        &prefetch,
        &BuildOptions::default(),
        &progress,
    )
    .await;
    let told = failed.unwrap_err().to_string();
    assert!(told.contains(&format!("{}/{key}", urls[1])), "{told}");
    let skipping = BuildOptions {
        bad_rows: BadRows::Skip,
        ..BuildOptions::default()
    };
    let built = build(&request, &flow_logs, &prefetch, &skipping, &progress)
        .await
        .unwrap();
    let refused = built
        .report
        .object_list
        .iter()
        .filter(|object| object.skipped.is_some());
    assert_eq!(
        refused
            .map(|object| object.place.clone().unwrap())
            .collect::<Vec<_>>(),
        urls[1..]
    );
}

#[actix_web::test]
async fn interfaces_of_several_flow_logs_are_told() {
    let mut bench = Bench::with_an_hour();
    let worker = bench.worker(terms());
    assert_eq!(deliver(&worker, &job()).await, StatusCode::OK);
    assert_eq!(bench.manifest(job().id()).await.unwrap().overlap, None);

    // A second flow log delivers the records of one object once more.
    let (key, bytes) = bench.objects[1].clone();
    let (before, after) = key.split_once("_fl-").unwrap();
    let (first, rest) = after.split_once('_').unwrap();
    let other = format!("{before}_fl-other_{rest}");
    bench.put_log(&other, bytes);
    for bad_rows in [BadRows::Fail, BadRows::Skip] {
        let options = BuildOptions {
            bad_rows,
            ..BuildOptions::default()
        };
        let built = build_hour(&bench, &options).await.unwrap();
        assert!(text(&built) == bench.expected(), "both count");
        let overlap = built.report.overlap.unwrap();
        assert!(overlap.interfaces > 0 && overlap.flow_logs == 2, "{overlap:?}");
        let mut flow_logs = [format!("fl-{first}"), "fl-other".to_owned()];
        flow_logs.sort();
        assert!(
            overlap
                .examples
                .iter()
                .all(|example| example.flow_logs == flow_logs),
            "{overlap:?}"
        );
    }
}

/// A gzip object's log with one more column.
fn with_flags(object: &[u8]) -> Vec<u8> {
    let mut text = String::new();
    GzDecoder::new(object).read_to_string(&mut text).unwrap();
    let mut ends = [" tcp-flags\n"].into_iter().chain(std::iter::repeat(" 2\n"));
    let lines = text.lines().flat_map(|line| [line, ends.next().unwrap()]);
    logs::gzip(lines.collect::<String>().as_bytes())
}

#[actix_web::test]
async fn of_several_flow_logs_the_newest_counts_alone() {
    let mut bench = Bench::with_an_hour();
    let expected = bench.expected();
    // A second flow log delivers all of it once more, in a newer format, some of it as Parquet.
    let older = bench.objects.clone();
    for (at, (key, bytes)) in older.iter().enumerate() {
        let newer = with_flags(bytes);
        let newer = if at % 2 == 0 { newer } else { logs::parquet(&newer) };
        bench.put_log(&key.replace("_fl-1_", "_fl-0_"), newer);
    }
    let newest = BuildOptions {
        overlap: WhichCount::Newest,
        ..BuildOptions::default()
    };
    for (threads, bad_rows, edges) in [
        (1, BadRows::Fail, true),
        (3, BadRows::Skip, true),
        (2, BadRows::Fail, false),
    ] {
        let options = BuildOptions {
            threads,
            bad_rows,
            edges,
            ..newest.clone()
        };
        let built = build_hour(&bench, &options).await.unwrap();
        assert!(text(&built) == expected, "each record counts once");
        let (records, overlap) = (&built.report.records, built.report.overlap.as_ref().unwrap());
        assert_eq!(records.superseded, records.counted);
        assert!(overlap.newest_counts && overlap.flow_logs == 2, "{overlap:?}");
        assert_eq!(built.report.settings["DIGEST_OVERLAP"], "prefer-newest");
        let (coverage, reasons) = built.report.verdict(Some(&logs::hour()));
        assert_eq!(coverage, Coverage::Complete, "{reasons:?}");
    }
    let built = build_hour(&bench, &BuildOptions::default()).await.unwrap();
    assert_eq!(built.report.records.superseded, 0);
    assert!(text(&built) != expected, "both count");

    // What the older one alone has, counts.
    let (key, bytes) = bench.objects[1].clone();
    let mut own = String::new();
    GzDecoder::new(bytes.as_slice()).read_to_string(&mut own).unwrap();
    let own = logs::gzip(own.replace("ACCEPT", "REJECT").as_bytes());
    bench.put_log(&key.replace(".log.gz", "x.log.gz"), own.clone());
    let built = build_hour(&bench, &newest).await.unwrap();
    let alone: Vec<_> = older.into_iter().chain([("own".to_owned(), own)]).collect();
    assert!(text(&built) == logs::expected(logs::hour(), &alone));
}
