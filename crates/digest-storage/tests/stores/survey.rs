//! What is there, without listing it: accounts, regions and days of any layout, and the folders below a place that holds none.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;
use digest_core::Scope;
use digest_storage::{Capabilities, ErrorKind, FlowLogs, FoundLogs, Place, Store};
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;

async fn filled(keys: &[&str]) -> Store {
    let store = Store::memory();
    for key in keys {
        let path = Path::parse(key).unwrap();
        store.object_store().put(&path, "x".into()).await.unwrap();
    }
    store
}

/// An empty bucket in memory.
fn bucket_named(bucket: &str) -> Store {
    let place = Place::S3 {
        bucket: bucket.to_owned(),
        prefix: String::new(),
    };
    Store::new(Arc::new(InMemory::new()), place, Capabilities::ALL)
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// An account and region without a place, as where there is one.
fn found(folder: &str, account: &str, days: Option<(&str, &str)>) -> FoundLogs {
    FoundLogs {
        place: None,
        account: account.to_owned(),
        region: "us-east-1".to_owned(),
        folder: folder.to_owned(),
        hive: folder.contains('='),
        days: days.map(|(first, last)| (date(first), date(last))),
    }
}

const PLAIN: &str = "AWSLogs/111111111111/vpcflowlogs/us-east-1";
const HIVE: &str = "AWSLogs/aws-account-id=222222222222/aws-service=vpcflowlogs/aws-region=us-east-1";
const UNDATED: &str = "AWSLogs/333333333333/vpcflowlogs/us-east-1";

/// Ten years of the plain layout, one day of Hive's, and folders that are no days.
fn keys() -> [String; 6] {
    [
        format!("{PLAIN}/2016/12/31/x.log.gz"),
        format!("{PLAIN}/2017/01/02/x.log.gz"),
        format!("{PLAIN}/2026/02/28/x.log.gz"),
        format!("{PLAIN}/notes/x"),
        format!("{HIVE}/year=2018/month=10/day=07/hour=00/x.log.gz"),
        format!("{UNDATED}/readme/x"),
    ]
}

async fn bucket() -> Store {
    filled(&keys().each_ref().map(String::as_str)).await
}

#[tokio::test]
async fn first_and_last_day_of_every_account_are_found_in_any_layout() {
    let survey = FlowLogs::new(bucket().await)
        .survey(&Scope::default(), 10)
        .await
        .unwrap();
    let expected = [
        found(PLAIN, "111111111111", Some(("2016-12-31", "2026-02-28"))),
        found(UNDATED, "333333333333", None),
        found(HIVE, "222222222222", Some(("2018-10-07", "2018-10-07"))),
    ];
    assert_eq!(survey.found, expected);
    assert_eq!(survey.undated, 0);
    // Year, month and day from both ends.
    assert!(survey.calls >= 14, "{}", survey.calls);
}

#[tokio::test]
async fn days_beyond_the_bound_are_not_looked_for_and_are_counted() {
    let flow_logs = FlowLogs::new(bucket().await);
    let survey = flow_logs.survey(&Scope::default(), 1).await.unwrap();
    assert_eq!((survey.found.len(), survey.undated), (3, 2));
    assert_eq!(survey.found.iter().filter(|logs| logs.days.is_some()).count(), 1);
    let none = flow_logs.survey(&Scope::default(), 0).await.unwrap();
    assert!(none.undated == 3 && none.calls < survey.calls);
}

#[tokio::test]
async fn several_places_are_told_apart() {
    let other = bucket_named("other");
    let path = Path::parse(format!("{PLAIN}/2020/05/06/x.log.gz")).unwrap();
    other.object_store().put(&path, "x".into()).await.unwrap();
    let flow_logs = FlowLogs::of([bucket().await, other]);
    let survey = flow_logs.survey(&Scope::default(), 10).await.unwrap();
    assert_eq!(survey.found.len(), 4);
    let places: BTreeSet<_> = survey.found.iter().map(|logs| &logs.place).collect();
    assert_eq!(places.len(), 2, "{places:?}");
}

#[tokio::test]
async fn flow_logs_below_a_place_are_found_some_levels_deep() {
    let deep = format!("logs/network/prod/{PLAIN}/2020/05/06/x.log.gz");
    let too_deep = format!("1/2/3/4/5/6/{PLAIN}/2020/05/06/x.log.gz");
    let store = filled(&[&deep, &too_deep, "logs/other/x", "x"]).await;
    let flow_logs = FlowLogs::new(store.clone());
    assert!(!flow_logs.is_laid_out().await.unwrap());
    assert!(flow_logs.is_anything_there().await.unwrap());
    let below = flow_logs.look_below(100).await.unwrap();
    assert_eq!(below, [format!("{store}/logs/network/prod")]);
    assert_eq!(flow_logs.look_below(2).await.unwrap(), [""; 0]);
    // At the place's own top.
    let own = FlowLogs::new(bucket().await);
    assert!(own.is_laid_out().await.unwrap());
    assert_eq!(own.look_below(100).await.unwrap().len(), 1);
    assert!(!FlowLogs::new(Store::memory()).is_anything_there().await.unwrap());
}

#[tokio::test]
async fn one_object_is_taken_whatever_its_name_and_of_its_own_place_alone() {
    let key = "exports/111111111111_vpcflowlogs_us-east-1_fl-0a1b_20200506T0000Z_h.log.gz";
    let store = filled(&[key, "exports/x.txt"]).await;
    let flow_logs = FlowLogs::new(store);
    let plan = flow_logs.one(key).await.unwrap();
    let [object] = plan.objects.as_slice() else {
        panic!("one object: {plan:?}");
    };
    assert_eq!(
        (&*object.account, &*object.region, &*object.flow_log_id),
        ("111111111111", "us-east-1", "fl-0a1b")
    );
    assert!(flow_logs.store_of(object).is_ok());
    let loose = flow_logs.one("exports/x.txt").await.unwrap();
    assert_eq!(loose.objects[0].account, "-");
    let absent = flow_logs.one("exports/y.txt").await.unwrap_err();
    assert_eq!(absent.kind(), ErrorKind::NotFound);

    let elsewhere = FlowLogs::of([Store::memory(), bucket_named("other")]);
    assert!(elsewhere.store_of(object).is_err());
    assert!(elsewhere.to_string().contains(", "));
}
