//! Local directories.

use digest_storage::contract::Subject;
use digest_storage::{Place, Store, StoreOptions, contract_tests};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt, PutMode, UpdateVersion};

async fn open() -> Subject {
    let directory = tempfile::tempdir().unwrap();
    let opened = |path: &str| -> Store {
        let place = Place::Local {
            directory: directory.path().join(path),
        };
        digest_storage::open(&place, &StoreOptions::default()).unwrap()
    };
    Subject::new(opened("around/a/place"), opened("around"), "a/place", directory)
}

contract_tests!(open);

#[tokio::test]
async fn versions_of_a_key_are_a_clock_tick_apart() {
    let subject = open().await;
    let store = subject.store.object_store();
    let key = Path::from("object");
    let mut last: Option<ObjectMeta> = None;
    for round in 0..6 {
        let mode = match (&last, round % 2) {
            (Some(meta), 0) => PutMode::Update(UpdateVersion {
                e_tag: meta.e_tag.clone(),
                version: None,
            }),
            _ => PutMode::Overwrite,
        };
        store
            .put_opts(&key, "same size".into(), mode.into())
            .await
            .unwrap();
        let meta = store.head(&key).await.unwrap();
        if let Some(last) = last {
            let apart = meta.last_modified - last.last_modified;
            // Both stamps lag behind the clock by a tick of the kernel's at most, or by more where the machine has other work.
            assert!(apart > chrono::TimeDelta::zero(), "{apart}");
            assert_ne!(meta.e_tag, last.e_tag);
        }
        last = Some(meta);
    }
}

#[tokio::test]
async fn locks_are_seen_by_no_listing() {
    use futures::TryStreamExt;
    let subject = open().await;
    let store = subject.store.object_store();
    store
        .put(&Path::from("folder/object"), "body".into())
        .await
        .unwrap();
    let all: Vec<ObjectMeta> = store.list(None).try_collect().await.unwrap();
    assert_eq!(all.len(), 1);
    let level = store.list_with_delimiter(None).await.unwrap();
    assert_eq!(level.common_prefixes, [Path::from("folder")]);
}
