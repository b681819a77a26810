//! The listing plan of a window: what is listed, what is not, and what is made of what is found.

use chrono::TimeDelta;
use digest_core::{Scope, Window};
use digest_storage::faults::{Fault, Faults, Operation};
use digest_storage::{ErrorKind, FlowLogs, Plan, Store};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use std::sync::{Arc, Mutex};

const LATE: TimeDelta = TimeDelta::minutes(30);

/// Key of a flow log object in the plain layout.
fn key(account: &str, region: &str, named: &str) -> String {
    let day = format!("{}/{}/{}", &named[..4], &named[4..6], &named[6..8]);
    format!(
        "AWSLogs/{account}/vpcflowlogs/{region}/{day}/{}",
        name(account, region, named)
    )
}

fn name(account: &str, region: &str, named: &str) -> String {
    format!("{account}_vpcflowlogs_{region}_fl-0a1b_{named}_h.log.gz")
}

async fn store(keys: impl IntoIterator<Item = String>) -> Store {
    let store = Store::memory();
    for key in keys {
        let path = Path::parse(&key).unwrap();
        store
            .object_store()
            .put(&path, key.into_bytes().into())
            .await
            .unwrap();
    }
    store
}

fn hour() -> Window {
    Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").unwrap()
}

async fn planned(flow_logs: &FlowLogs, scope: &Scope) -> Plan {
    flow_logs.plan(&hour(), scope, LATE).await.unwrap()
}

fn keys(plan: &Plan) -> Vec<&str> {
    plan.objects.iter().map(|object| object.key.as_str()).collect()
}

/// Counts a store's calls and keeps the prefixes that were listed, without their common beginning.
fn watched(store: &Store) -> (Store, Faults, Arc<Mutex<Vec<String>>>) {
    let prefixes = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&prefixes);
    let faults = Faults::new(move |call| {
        if matches!(call.operation, Operation::List | Operation::ListByDelimiter) {
            seen.lock().unwrap().push(call.key.to_owned());
        }
        Fault::None
    });
    (faults.over(store), faults, prefixes)
}

#[tokio::test]
async fn names_from_five_minutes_before_the_start_to_late_arrival_after_the_stop() {
    let named = |times: &[&str]| -> Vec<String> {
        times
            .iter()
            .map(|time| key("111111111111", "us-east-1", time))
            .collect()
    };
    let inside = named(&[
        "20181016T2355Z",
        "20181017T0000Z",
        "20181017T0055Z",
        "20181017T0130Z",
    ]);
    let outside = named(&[
        "20181016T2354Z",
        "20181016T2350Z",
        "20181017T0131Z",
        "20181017T1200Z",
    ]);
    let flow_logs = FlowLogs::new(store(inside.iter().chain(&outside).cloned()).await);
    let plan = planned(&flow_logs, &Scope::default()).await;
    assert_eq!(keys(&plan), inside);
    assert_eq!((plan.listed, plan.foreign, plan.empty), (8, 0, 0));
    let object = &plan.objects[0];
    assert_eq!(
        (object.account.as_str(), object.region.as_str()),
        ("111111111111", "us-east-1")
    );
    assert_eq!(
        (object.flow_log_id.as_str(), object.size),
        ("fl-0a1b", object.key.len() as u64)
    );
    assert!(object.etag.is_some());
}

#[tokio::test]
async fn only_the_days_that_can_hold_records_are_listed() {
    let all = store([
        key("111111111111", "us-east-1", "20181017T0000Z"),
        key("111111111111", "us-east-1", "20181015T0000Z"),
        key("111111111111", "us-east-1", "20181018T0000Z"),
    ]);
    let (store, faults, prefixes) = watched(&all.await);
    let plan = planned(&FlowLogs::new(store), &Scope::default()).await;
    assert_eq!(plan.objects.len(), 1);
    let mut listed = prefixes.lock().unwrap().clone();
    listed.sort();
    let base = "AWSLogs/111111111111/vpcflowlogs";
    assert_eq!(
        listed,
        [
            "AWSLogs".to_owned(),
            base.to_owned(),
            format!("{base}/us-east-1/2018/10/16"),
            format!("{base}/us-east-1/2018/10/17"),
        ]
    );
    assert_eq!(
        (
            faults.count(Operation::ListByDelimiter),
            faults.count(Operation::List)
        ),
        (2, 2)
    );
    assert_eq!((plan.discovery_calls, plan.list_calls), (2, 2));
}

#[tokio::test]
async fn what_is_configured_is_not_looked_for() {
    let mut keys = Vec::new();
    for account in ["111111111111", "222222222222", "333333333333"] {
        for region in ["us-east-1", "eu-west-1"] {
            keys.push(key(account, region, "20181017T0030Z"));
        }
    }
    let all = store(keys).await;
    let scan = |accounts: &[&str], regions: &[&str]| Scope::new(accounts, regions).unwrap();
    for (scan, scope, by_delimiter, days, objects) in [
        // The top, and each of three accounts.
        (Scope::default(), Scope::default(), 4, 12, 6),
        // One account: the others' regions are not looked for.
        (scan(&["222222222222"], &[]), Scope::default(), 2, 4, 2),
        // Regions: only the top is looked at, for the layout.
        (scan(&[], &["eu-west-1"]), Scope::default(), 1, 6, 3),
        (scan(&["111111111111"], &["eu-west-1"]), Scope::default(), 1, 2, 1),
        // A job's scope narrows what is found or configured.
        (Scope::default(), scan(&["111111111111"], &["us-east-1"]), 2, 2, 1),
        (scan(&[], &["eu-west-1"]), scan(&[], &["us-east-1"]), 1, 0, 0),
        (scan(&["999999999999"], &["eu-west-1"]), Scope::default(), 1, 0, 0),
    ] {
        let (store, faults, _) = watched(&all);
        let plan = planned(&FlowLogs::new(store).scanning(scan.clone()), &scope).await;
        assert_eq!(
            (
                faults.count(Operation::ListByDelimiter),
                faults.count(Operation::List),
                plan.objects.len()
            ),
            (by_delimiter, days, objects),
            "{scan:?} {scope:?}"
        );
        assert_eq!((plan.discovery_calls, plan.list_calls), (by_delimiter, days));
        assert_eq!(faults.count(Operation::Head) + faults.count(Operation::Get), 0);
    }
}

#[tokio::test]
async fn every_layout_that_aws_writes_is_found() {
    let (account, region, time) = ("111111111111", "us-east-1", "20181017T0030Z");
    let name = name(account, region, time);
    let hive = format!("aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}");
    let mut expected = vec![
        key(account, region, time),
        format!("AWSLogs/222222222222/vpcflowlogs/{region}/2018/10/17/00/{name}"),
        format!("AWSLogs/o-abc123/333333333333/vpcflowlogs/{region}/2018/10/17/{name}"),
        format!("AWSLogs/{hive}/year=2018/month=10/day=17/{name}"),
        format!("AWSLogs/{hive}/year=2018/month=10/day=17/hour=00/{name}"),
    ];
    let others = [
        format!("AWSLogs/{account}/CloudTrail/{region}/2018/10/17/x.json.gz"),
        format!("elsewhere/{account}/vpcflowlogs/{region}/2018/10/17/{name}"),
        format!("AWSLogs/{name}"),
    ];
    let all = store(expected.iter().chain(&others).cloned()).await;
    let plan = planned(&FlowLogs::new(all), &Scope::default()).await;
    expected.sort();
    assert_eq!(keys(&plan), expected);
    let accounts: Vec<&str> = plan
        .objects
        .iter()
        .map(|object| object.account.as_str())
        .collect();
    assert_eq!(
        accounts,
        [
            "111111111111",
            "222222222222",
            "111111111111",
            "111111111111",
            "333333333333"
        ]
    );
}

#[tokio::test]
async fn foreign_keys_and_empty_objects_are_skipped_and_counted() {
    let good = key("111111111111", "us-east-1", "20181017T0030Z");
    let folder = good.rsplit_once('/').unwrap().0.to_owned();
    let all = store([
        good.clone(),
        format!("{folder}/notes.txt"),
        format!("{folder}/00/deep/README"),
    ])
    .await;
    let empty = Path::parse(good.replace("_h.", "_empty.")).unwrap();
    all.object_store().put(&empty, Vec::new().into()).await.unwrap();
    let plan = planned(&FlowLogs::new(all), &Scope::default()).await;
    assert_eq!(keys(&plan), [good]);
    assert_eq!((plan.listed, plan.foreign, plan.empty), (4, 2, 1));
    assert_eq!(plan.foreign_names.len(), 2);
}

#[tokio::test]
async fn one_failed_listing_fails_the_plan() {
    let all = store([key("111111111111", "us-east-1", "20181017T0030Z")]).await;
    for operation in [Operation::List, Operation::ListByDelimiter] {
        for number in [1, 2] {
            let faults = Faults::at(operation, number, Fault::Fail(ErrorKind::Throttled));
            let flow_logs = FlowLogs::new(faults.over(&all));
            let planned = flow_logs.plan(&hour(), &Scope::default(), LATE).await;
            let error = planned.unwrap_err();
            assert_eq!(
                error.kind(),
                ErrorKind::Throttled,
                "{operation:?} {number}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn a_bucket_without_flow_logs_is_an_empty_plan() {
    let plan = planned(&FlowLogs::new(store([]).await), &Scope::default()).await;
    assert_eq!(
        plan,
        Plan {
            discovery_calls: 1,
            ..Plan::default()
        }
    );
}

/// A page of keys of another time sends the listing behind them, whatever stands in their names: it has an end.
#[tokio::test]
async fn a_listing_has_an_end_whatever_stands_behind_the_times_or_before_them() {
    let good = key("111111111111", "us-east-1", "20181017T0030Z");
    let (folder, _) = good.rsplit_once('/').unwrap();
    for (before, behind) in [("", ".log._x_y"), ("\u{3000}", ".log.gz")] {
        let others = (0..1000).map(|at| {
            format!("{folder}/111111111111_vpcflowlogs_us-east-1_fl-1_{before}20181017T0900Z_{at:04}{behind}")
        });
        let store = store(others.chain([good.clone()])).await;
        let plan = planned(&FlowLogs::new(store), &Scope::default()).await;
        assert_eq!(keys(&plan), [good.as_str()]);
    }
}
