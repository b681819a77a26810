//! Builds over several places, and over several flow logs of one interface.

use std::sync::Arc;

use actix_web::http::StatusCode;
use chrono::TimeDelta;
use digest_core::BadRows;
use digest_storage::{FlowLogs, Prefetch};
use digesterd_worker::build;
use digesterd_worker::build::{BuildOptions, BuildRequest, ProgressCounters};

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
