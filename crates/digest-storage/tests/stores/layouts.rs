//! Every layout in which flow logs lie in S3, one folder of `tests/fixtures/listings` each: `keys` is what the bucket
//! holds, `prefix` the place's prefix inside it, `planned` what is read for the hour from ten with its account, region and
//! flow log.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::TimeDelta;
use digest_core::{Scope, Window};
use digest_storage::{Capabilities, FlowLogs, Place, Store, StoreOptions};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use object_store::prefix::PrefixStore;

/// A folder of the fixtures.
struct Listing {
    name: String,
    keys: Vec<String>,
    prefix: String,
    planned: Vec<String>,
}

fn listings() -> Vec<Listing> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/listings");
    let lines = |text: String| -> Vec<String> { text.lines().map(str::to_owned).collect() };
    let mut listings: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            Listing {
                name: path.file_name().unwrap().to_str().unwrap().to_owned(),
                keys: lines(fs::read_to_string(path.join("keys")).unwrap()),
                prefix: fs::read_to_string(path.join("prefix"))
                    .map_or_else(|_| String::new(), |text| text.trim().to_owned()),
                planned: lines(fs::read_to_string(path.join("planned")).unwrap()),
            }
        })
        .collect();
    listings.sort_by(|left, right| left.name.cmp(&right.name));
    assert!(listings.len() >= 12);
    listings
}

fn hour() -> Window {
    Window::parse("2018-10-17T10:00:00Z", "2018-10-17T11:00:00Z").unwrap()
}

async fn fill(store: &Store, keys: &[String]) {
    for key in keys {
        let path = Path::parse(key).unwrap();
        store.object_store().put(&path, "x".into()).await.unwrap();
    }
}

async fn planned(flow_logs: &FlowLogs, scope: &Scope) -> Vec<String> {
    let plan = flow_logs
        .plan(&hour(), scope, TimeDelta::minutes(30))
        .await
        .unwrap();
    let objects = plan.objects.iter();
    objects
        .map(|object| {
            let name = object.name();
            format!(
                "{name} {} {} {}",
                object.account, object.region, object.flow_log_id
            )
        })
        .collect()
}

/// The listing's place in a bucket in memory.
async fn in_memory(listing: &Listing, bucket: &str) -> Store {
    let all = Store::memory();
    fill(&all, &listing.keys).await;
    let place = Place::S3 {
        bucket: bucket.to_owned(),
        prefix: listing.prefix.clone(),
    };
    let inner = Arc::clone(all.object_store());
    Store::new(
        Arc::new(PrefixStore::new(inner, listing.prefix.as_str())),
        place,
        Capabilities::ALL,
    )
}

/// The same in a directory.
async fn on_disk(listing: &Listing, folder: &std::path::Path) -> Store {
    let open = |directory: PathBuf| {
        digest_storage::open(&Place::Local { directory }, &StoreOptions::default()).unwrap()
    };
    fill(&open(folder.to_owned()), &listing.keys).await;
    open(folder.join(&listing.prefix))
}

#[tokio::test]
async fn every_layout_is_planned_as_its_fixture_says() {
    for listing in listings() {
        let folder = tempfile::tempdir().unwrap();
        for store in [
            in_memory(&listing, "logs").await,
            on_disk(&listing, folder.path()).await,
        ] {
            let shown = format!("{} in {store}", listing.name);
            let found = planned(&FlowLogs::new(store), &Scope::default()).await;
            assert_eq!(found, listing.planned, "{shown}");
        }
    }
}

#[tokio::test]
async fn a_scope_narrows_every_layout_by_its_keys() {
    for listing in listings() {
        let store = in_memory(&listing, "logs").await;
        for (accounts, regions) in [
            (vec!["111111111111"], vec![]),
            (vec!["222222222222", "333333333333"], vec![]),
            (vec![], vec!["eu-west-1"]),
            (vec!["111111111111"], vec!["us-east-1"]),
            (vec!["999999999998"], vec!["us-east-1"]),
        ] {
            let scope = Scope::new(&accounts, &regions).unwrap();
            let expected = listing.planned.iter().filter(|line| {
                let words: Vec<_> = line.split(' ').collect();
                scope.admits(words[1], words[2])
            });
            let asked = planned(&FlowLogs::new(store.clone()), &scope).await;
            assert_eq!(
                asked.iter().collect::<Vec<_>>(),
                expected.collect::<Vec<_>>(),
                "{}: {scope:?}",
                listing.name
            );
            // Configured is as good as asked for, and all pairs of it.
            let configured = FlowLogs::new(store.clone()).scanning(scope);
            assert_eq!(
                planned(&configured, &Scope::default()).await,
                asked,
                "{}",
                listing.name
            );
        }
    }
}

#[tokio::test]
async fn several_places_are_one_plan_whose_objects_name_their_place() {
    let listings = listings();
    for pair in listings.windows(2) {
        let (one, other) = (&pair[0], &pair[1]);
        let flow_logs = FlowLogs::of([in_memory(one, "logs").await, in_memory(other, "more-logs").await]);
        for scope in [
            Scope::default(),
            Scope::new(["111111111111"], ["us-east-1"]).unwrap(),
        ] {
            let lines = |listing: &Listing, bucket: &str| -> Vec<String> {
                let slash = if listing.prefix.is_empty() { "" } else { "/" };
                let admitted = listing.planned.iter().filter(|line| {
                    let words: Vec<_> = line.split(' ').collect();
                    scope.admits(words[1], words[2])
                });
                admitted
                    .map(|line| format!("s3://{bucket}{slash}{}/{line}", listing.prefix))
                    .collect()
            };
            let mut expected = lines(one, "logs");
            expected.extend(lines(other, "more-logs"));
            expected.sort();
            assert_eq!(
                planned(&flow_logs, &scope).await,
                expected,
                "{} and {}",
                one.name,
                other.name
            );
        }
        let plan = flow_logs
            .plan(&hour(), &Scope::default(), TimeDelta::minutes(30))
            .await
            .unwrap();
        for object in &plan.objects {
            let store = flow_logs.store_of(object).unwrap();
            assert_eq!(Some(store.place().to_string().as_str()), object.place.as_deref());
        }
    }
}
