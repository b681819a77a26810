//! Listing: prefixes, offsets, folders, pages, and the place inside its bucket.

use futures::TryStreamExt;
use futures::stream::{self, StreamExt};
use object_store::path::Path;

use super::{Subject, path, put};
use crate::store::Store;

async fn keys(store: &Store, prefix: Option<&str>, offset: Option<&str>) -> Vec<String> {
    let (prefix, offset) = (prefix.map(path), offset.map(path));
    let listed = store.list(prefix.as_ref(), offset.as_ref());
    let mut keys: Vec<String> = listed
        .map_ok(|meta| meta.location.to_string())
        .try_collect()
        .await
        .unwrap();
    keys.sort();
    keys
}

/// `a/b` lists `a/b/c`, and neither `a/bc` nor an object `a/b`.
pub async fn a_prefix_is_made_of_whole_segments(subject: Subject) {
    for key in ["a/b/c", "a/b/d/e", "a/bc", "b", "a.b"] {
        subject.put(key, key.to_owned()).await;
    }
    assert_eq!(
        keys(&subject.store, Some("a/b"), None).await,
        ["a/b/c", "a/b/d/e"]
    );
    assert_eq!(
        keys(&subject.store, Some("a"), None).await,
        ["a/b/c", "a/b/d/e", "a/bc"]
    );
    assert_eq!(
        keys(&subject.store, None, None).await,
        ["a.b", "a/b/c", "a/b/d/e", "a/bc", "b"]
    );
    assert_eq!(keys(&subject.store, Some("c"), None).await, [""; 0]);
}

/// Strictly after it, whether an object of that key exists or not.
pub async fn a_listing_begins_after_its_offset(subject: Subject) {
    for key in ["day/a", "day/b", "day/c=1", "other"] {
        subject.put(key, key.to_owned()).await;
    }
    let after = async |offset| keys(&subject.store, Some("day"), Some(offset)).await;
    assert_eq!(after("day/a").await, ["day/b", "day/c=1"]);
    assert_eq!(after("day/aa").await, ["day/b", "day/c=1"]);
    assert_eq!(after("day/c=1").await, [""; 0]);
    assert_eq!(
        keys(&subject.store, None, Some("day/b")).await,
        ["day/c=1", "other"]
    );
}

/// One level: folders, and the objects beside them.
pub async fn folders_are_found_by_delimiter(subject: Subject) {
    for key in [
        "top/one/deep/x",
        "top/one/y",
        "top/two=2/z",
        "top/object",
        "topless/x",
    ] {
        subject.put(key, key.to_owned()).await;
    }
    let found = subject.store.children(&path("top")).await.unwrap();
    let mut folders = found.common_prefixes;
    folders.sort();
    assert_eq!(folders, [path("top/one"), path("top/two=2")]);
    let objects: Vec<Path> = found.objects.into_iter().map(|meta| meta.location).collect();
    assert_eq!(objects, [path("top/object")]);
    let none = subject.store.children(&path("absent")).await.unwrap();
    assert!(none.common_prefixes.is_empty() && none.objects.is_empty());
}

/// S3 gives 1,000 keys at a time.
pub async fn more_than_one_page_comes_whole(subject: Subject) {
    const OBJECTS: usize = 1_100;
    let store = &subject.store;
    let name = |number: usize| format!("many/{number:05}/object");
    let puts = stream::iter(0..OBJECTS).for_each_concurrent(16, |number| async move {
        put(store, &name(number), "x").await;
    });
    puts.await;
    let expected: Vec<String> = (0..OBJECTS).map(name).collect();
    assert_eq!(keys(store, Some("many"), None).await, expected);
    let offset = name(49);
    assert_eq!(keys(store, Some("many"), Some(&offset)).await, expected[50..]);
    let folders = store.children(&path("many")).await.unwrap().common_prefixes;
    assert_eq!(folders.len(), OBJECTS);
    // A listing may be left before its end.
    let some: Vec<_> = store.list(Some(&path("many")), None).take(3).collect().await;
    assert_eq!(some.len(), 3);
}

/// Nothing beside the prefix is seen from inside, and what is written inside is found there from around it.
pub async fn a_place_is_its_prefix_and_nothing_else(subject: Subject) {
    let (around, prefix) = (&subject.around, subject.prefix.as_str());
    // A place that is a whole bucket has nothing beside it.
    if !prefix.is_empty() {
        put(around, &format!("{prefix}-sibling/object"), "beside").await;
        put(around, "outside", "around").await;
    }
    subject.put("folder/object", "inside").await;
    assert_eq!(keys(&subject.store, None, None).await, ["folder/object"]);
    let top = subject.store.children(&Path::default()).await.unwrap();
    assert_eq!(top.common_prefixes, [path("folder")]);
    assert!(top.objects.is_empty());
    let inside = path(format!("{prefix}/folder/object").trim_start_matches('/'));
    let found = around.bytes(&inside).await.unwrap();
    assert_eq!(found.unwrap().0, "inside");
    assert!(keys(around, None, None).await.contains(&inside.to_string()));
}
