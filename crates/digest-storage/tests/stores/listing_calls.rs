//! How many requests a plan takes, over buckets of millions of keys.

use std::time::Duration;

use chrono::TimeDelta;
use digest_core::{Scope, Window};
use digest_storage::{FlowLogs, Plan, Store};
use object_store::ObjectStoreExt;
use object_store::path::Path;

use crate::vast::{Shape, Vast};

const DAY: &str = "2018-10-17";
const ACCOUNT: &str = "123456789012";

fn window(start: &str, stop: &str) -> Window {
    Window::parse(&format!("2018-10-{start}:00Z"), &format!("2018-10-{stop}:00Z")).unwrap()
}

/// Plans, and holds the requests against the bound and the plan's own count.
async fn planned(vast: &Vast, shape: Shape, window: &Window, late: i64) -> Plan {
    let flow_logs = FlowLogs::new(vast.store());
    vast.take_requests();
    let plan = flow_logs
        .plan(window, &Scope::default(), TimeDelta::minutes(late))
        .await
        .unwrap();
    let requests = vast.take_requests();
    assert_eq!(
        requests,
        plan.list_calls + plan.discovery_calls,
        "{shape:?} {window:?}"
    );
    // A day that the names of planned objects may bear is listed, though there be nothing in it.
    let (first, last) = (
        window.start() - TimeDelta::minutes(5),
        window.stop() + TimeDelta::minutes(late),
    );
    let mut bound = 0;
    let mut day = first.date_naive();
    while day <= last.date_naive() {
        let is_filled = day.to_string() == DAY;
        let flow_logs = if is_filled { shape.flow_logs } else { 0 };
        let objects = if is_filled { plan.objects.len() } else { 0 };
        bound += 1 + 2 * flow_logs + objects.div_ceil(1000);
        day = day.succ_opt().unwrap();
    }
    assert!(
        plan.list_calls <= bound as u64,
        "{} of {bound}: {shape:?} {window:?}",
        plan.list_calls
    );
    plan
}

/// How many objects a span of names has, which begins and ends at times of the grid.
fn expected(shape: Shape, window: &Window, late: i64) -> usize {
    let day = window_of_day();
    let first = (window.start() - TimeDelta::minutes(5)).max(day.start());
    let last = (window.stop() + TimeDelta::minutes(late)).min(day.stop() - TimeDelta::minutes(5));
    let slots = ((last - first).num_minutes() / 5 + 1).max(0);
    slots as usize * shape.flow_logs * shape.each
}

fn window_of_day() -> Window {
    window("17T00:00", "18T00:00")
}

fn shape(hive: bool, hours: bool, flow_logs: usize, each: usize) -> Shape {
    Shape {
        hive,
        hours,
        flow_logs,
        each,
    }
}

#[tokio::test]
async fn a_plan_over_five_million_keys_asks_no_more_than_its_bound() {
    for (hive, hours) in [(false, false), (false, true), (true, false), (true, true)] {
        for (flow_logs, each) in [(1, 17_400), (40, 435)] {
            let shape = shape(hive, hours, flow_logs, each);
            let vast = Vast::new(&[ACCOUNT], &[DAY], shape);
            assert!(vast.len() > 5_000_000, "{}", vast.len());
            for (start, stop) in [("17T10:00", "17T10:01"), ("17T23:59", "18T00:00")] {
                let window = window(start, stop);
                let plan = planned(&vast, shape, &window, 0).await;
                // From 09:55 to 10:00, or from 23:55 to the day's end.
                let slots = plan.objects.len() / flow_logs / each;
                assert_eq!(
                    slots,
                    if start == "17T10:00" { 2 } else { 1 },
                    "{shape:?} {start}"
                );
                assert_eq!(plan.foreign, 0);
                // Accounts and regions, and the hours around the window.
                let hours_outside = if hours { 2 } else { 0 };
                assert!(
                    plan.discovery_calls <= 2 + hours_outside,
                    "{shape:?} {}",
                    plan.discovery_calls
                );
            }
        }
    }
}

#[tokio::test]
async fn the_bound_holds_for_windows_and_folders_of_every_shape() {
    for (hive, hours) in [(false, false), (false, true), (true, false), (true, true)] {
        for (flow_logs, each) in [(1, 1), (2, 500), (7, 40), (1, 100), (90, 1), (2, 83)] {
            let shape = shape(hive, hours, flow_logs, each);
            // Folders of hours and objects beside them are sorted by their first digits.
            let accounts = ["123456789012", "000000000001", "987654321098"];
            for account in accounts.into_iter().take(if hours && !hive { 3 } else { 1 }) {
                let vast = Vast::new(&[account], &[DAY], shape);
                for (start, stop, late) in [
                    ("17T00:00", "17T00:05", 0),
                    ("17T00:00", "17T01:00", 30),
                    ("17T09:00", "17T10:00", 30),
                    ("17T12:30", "17T13:25", 0),
                    ("17T22:00", "17T23:00", 30),
                    ("17T23:30", "18T00:30", 30),
                ] {
                    let window = window(start, stop);
                    let plan = planned(&vast, shape, &window, late).await;
                    assert_eq!(
                        plan.objects.len(),
                        expected(shape, &window, late),
                        "{shape:?} {start}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn the_rest_of_a_page_is_read_and_not_asked_for_again() {
    let shape = shape(false, false, 3, 1);
    let vast = Vast::new(&[ACCOUNT], &[DAY], shape);
    let plan = planned(&vast, shape, &window("17T10:00", "17T11:00"), 30).await;
    assert_eq!((plan.list_calls, plan.listed), (1, 864));
}

/// Keys that no flow log has: among those of its times, whichever page ends on one; in folders of hours; and by themselves.
#[tokio::test]
async fn keys_that_are_no_flow_logs_count_only_where_they_lie_by_themselves() {
    let folder = format!("AWSLogs/{ACCOUNT}/vpcflowlogs/us-east-1/2018/10/17");
    let (flow_logs, each) = (3, 10);
    let flow_logs_keys = |hours: bool| {
        let slots = (0..flow_logs)
            .flat_map(|flow_log| (0..288).map(move |slot| (flow_log, slot / 12, slot % 12 * 5)));
        let folder = &folder;
        slots.flat_map(move |(flow_log, hour, minute)| {
            let below = if hours { format!("{hour:02}/") } else { String::new() };
            (0..each).map(move |number| {
                format!("{folder}/{below}{ACCOUNT}_vpcflowlogs_us-east-1_fl-{flow_log}_20181017T{hour:02}{minute:02}Z_{number}.log.gz")
            })
        })
    };
    for hours in [false, true] {
        // One behind each of a flow log's, so that every page ends on one.
        let among = flow_logs_keys(hours).map(|key| format!("{key}.part").replace(".log", "_log"));
        let alone = (0..2500).map(|number| format!("{folder}/notes-{number:04}"));
        for (foreign, apart) in [(among.collect::<Vec<_>>(), 0), (alone.collect(), 2500)] {
            let store = Store::memory();
            for key in flow_logs_keys(hours).chain(foreign) {
                let path = Path::parse(key).unwrap();
                store.object_store().put(&path, "k".into()).await.unwrap();
            }
            let plan = FlowLogs::new(store)
                .plan(
                    &window("17T10:00", "17T10:25"),
                    &Scope::default(),
                    TimeDelta::zero(),
                )
                .await
                .unwrap();
            // From 09:55 to 10:25, and as many that are no flow log's among them.
            let planned = 7 * flow_logs * each;
            assert_eq!(plan.objects.len(), planned);
            let bound = 1 + 2 * flow_logs + (2 * planned + apart).div_ceil(1000);
            let keys = 2 * flow_logs * each * 288;
            assert!(
                keys.div_ceil(1000) > bound || apart > 0,
                "{keys} in pages are no more"
            );
            assert!(
                plan.list_calls <= bound as u64,
                "{} of {bound}, {hours} {apart}",
                plan.list_calls
            );
            // Behind the last hour's folder that counts there is nothing to look for.
            let seen = if hours { 0 } else { apart };
            assert!(plan.foreign >= seen as u64, "{} of {seen}", plan.foreign);
        }
    }
}

#[tokio::test]
async fn accounts_and_regions_are_remembered_for_windows_that_were_settled() {
    let shape = shape(false, false, 1, 1);
    let vast = Vast::new(&["111111111111", "222222222222"], &[DAY], shape);
    let late = TimeDelta::minutes(30);
    let (old, all) = (window("17T10:00", "17T11:00"), Scope::default());
    let flow_logs = FlowLogs::new(vast.store()).remembering(Duration::from_secs(60));
    let discovery = async |flow_logs: &FlowLogs, window: &Window| {
        let plan = flow_logs.plan(window, &all, late).await.unwrap();
        plan.discovery_calls
    };
    assert_eq!(discovery(&flow_logs, &old).await, 3);
    assert_eq!(discovery(&flow_logs, &old).await, 0);
    assert_eq!(
        discovery(&flow_logs.clone(), &window("17T11:00", "17T12:00")).await,
        0
    );
    // What is not settled yet may have an account that nobody has seen.
    let now = chrono::Utc::now().timestamp() / 60 * 60;
    let fresh = Window::from_unix(now - 3600, now).unwrap();
    assert_eq!(discovery(&flow_logs, &fresh).await, 3);
    assert_eq!(discovery(&flow_logs, &fresh).await, 3);
    // And nothing is remembered for longer than was said, or at all where nothing was said.
    let forgetful = FlowLogs::new(vast.store());
    assert_eq!(discovery(&forgetful, &old).await, 3);
    assert_eq!(discovery(&forgetful, &old).await, 3);
    let brief = FlowLogs::new(vast.store()).remembering(Duration::from_millis(1));
    assert_eq!(discovery(&brief, &old).await, 3);
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(discovery(&brief, &old).await, 3);
}
