//! Writing: replacing, creating, swapping, deleting; attributes and keys.

use futures::TryStreamExt;
use object_store::{Attribute, Attributes, GetOptions, ObjectStoreExt, PutMode};

use super::{Subject, path, put};
use crate::error::{ErrorKind, StoreError};
use crate::version::Version;

/// Without conditions the last one wins.
pub async fn a_second_put_replaces_the_first(subject: Subject) {
    subject.put("object", "first").await;
    subject.put("object", "second, and longer").await;
    assert_eq!(subject.get("object").await.unwrap(), "second, and longer");
    subject.put("object", "").await;
    assert_eq!(subject.get("object").await.unwrap(), "");
}

/// What was to go is gone.
pub async fn a_delete_of_an_absent_object_is_no_failure(subject: Subject) {
    let key = path("folder/object");
    subject.store.delete(&key).await.unwrap();
    subject.put("folder/object", "here").await;
    subject.store.delete(&key).await.unwrap();
    assert_eq!(subject.get("folder/object").await, None);
    subject.store.delete(&key).await.unwrap();
}

/// Creating, one after the other.
pub async fn a_create_refuses_what_exists(subject: Subject) {
    if !subject.store.capabilities().atomic_create {
        return super::digests::a_first_publish_needs_an_absent_digest(subject).await;
    }
    let (store, key) = (&subject.store, path("object"));
    let create = |body: &'static str| store.put(&key, body, PutMode::Create, Attributes::new());
    create("first").await.unwrap();
    let refused = create("second").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists, "{refused}");
    assert_eq!(subject.get("object").await.unwrap(), "first");
    store.delete(&key).await.unwrap();
    create("third").await.unwrap();
    assert_eq!(subject.get("object").await.unwrap(), "third");
}

/// Swapping, one after the other.
pub async fn a_swap_replaces_only_the_version_that_it_names(subject: Subject) {
    if !subject.store.capabilities().compare_and_swap {
        return super::records::a_stale_version_swaps_nothing(subject).await;
    }
    let (store, key) = (&subject.store, path("object"));
    let swap = async |version: &Version, body: &'static str| {
        let mode = PutMode::Update(version.for_update());
        let put = store.put(&key, body, mode, Attributes::new()).await;
        put.map(|put| Version::from(&put))
    };
    let refused = |answer: Result<Version, StoreError>| {
        let kind = answer.unwrap_err().kind();
        assert!(
            matches!(kind, ErrorKind::Precondition | ErrorKind::NotFound),
            "{kind:?}"
        );
    };
    let first = store
        .put(&key, "first", PutMode::Overwrite, Attributes::new())
        .await
        .unwrap();
    let first = Version::from(&first);
    let second = swap(&first, "secnd").await.unwrap();
    refused(swap(&first, "third").await);
    assert_eq!(subject.get("object").await.unwrap(), "secnd");
    let (seen, _) = store.head(&key).await.unwrap().unwrap();
    assert_eq!(
        Version::from(&seen).etag(),
        second.etag(),
        "put and head tell one version"
    );
    swap(&second, "third").await.unwrap();
    store.delete(&key).await.unwrap();
    refused(swap(&second, "ghost").await);
    assert_eq!(subject.get("object").await, None, "a swap makes no object");
}

/// Content type and metadata, or nothing.
pub async fn attributes_are_kept_where_declared(subject: Subject) {
    let mut attributes = Attributes::new();
    attributes.insert(Attribute::ContentType, "application/octet-stream".into());
    attributes.insert(Attribute::Metadata("digest-coverage".into()), "complete".into());
    let (store, key) = (&subject.store, path("object"));
    for mode in [PutMode::Overwrite, PutMode::Create] {
        store.delete(&key).await.unwrap();
        store.put(&key, "body", mode, attributes.clone()).await.unwrap();
        let head = store.head(&key).await.unwrap().unwrap().1;
        let got = store.get(&key, GetOptions::default()).await.unwrap().attributes;
        for found in [head, got] {
            for (name, value) in attributes.iter() {
                let expected = store.capabilities().attributes.then_some(value);
                assert_eq!(found.get(name), expected, "{name:?}");
            }
        }
    }
}

/// Whatever S3 allows in a key and this crate can address: written, read, listed, deleted, and never confused.
pub async fn odd_keys_are_keys(subject: Subject) {
    let keys = [
        "year=2018/month=10/day=17",
        "sp ace/in the middle",
        "plus+plus",
        "percent%20and%2Bplus",
        "percent and+plus",
        "ümläut/日本語",
        "a&b;c,d@e$f",
        "(a)!b*c'd",
        "colon:and~tilde",
        "dot.dot..",
    ];
    let store = &subject.store;
    for key in keys {
        put(store, &format!("odd/{key}"), key.as_bytes().to_vec()).await;
    }
    let mut listed: Vec<String> = store
        .list(Some(&path("odd")), None)
        .map_ok(|meta| meta.location.to_string())
        .try_collect()
        .await
        .unwrap();
    listed.sort();
    let mut expected = keys.map(|key| format!("odd/{key}"));
    expected.sort();
    assert_eq!(listed, expected);
    for key in keys {
        let name = format!("odd/{key}");
        assert_eq!(subject.get(&name).await.unwrap(), key, "{key}");
        store
            .object_store()
            .copy(&path(&name), &path("copied"))
            .await
            .unwrap();
        assert_eq!(subject.get("copied").await.unwrap(), key, "a copy of {key}");
        store.delete(&path(&name)).await.unwrap();
        assert_eq!(subject.get(&name).await, None, "{key}");
    }
}
