//! Reading: bytes, sizes, versions, ranges.

use object_store::{GetOptions, GetRange};

use super::{Subject, path};
use crate::error::ErrorKind;

/// Any bytes, none at all included.
pub async fn bytes_come_back_as_they_were_put(subject: Subject) {
    for size in [0, 1, 100_000] {
        let body: Vec<u8> = (0..size).map(|number: u32| number as u8).collect();
        subject.put("folder/object", body.clone()).await;
        assert_eq!(subject.get("folder/object").await.unwrap(), body, "{size} bytes");
    }
}

/// Told apart from every other failure.
pub async fn an_absent_object_is_not_found(subject: Subject) {
    subject.put("folder/object", "here").await;
    for key in ["object", "folder/other", "fold"] {
        let error = subject
            .store
            .get(&path(key), GetOptions::default())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{key}: {error}");
        assert!(subject.store.head(&path(key)).await.unwrap().is_none(), "{key}");
        assert_eq!(subject.get(key).await, None, "{key}");
    }
}

/// Size, ETag and (to the second) time of last modification.
pub async fn get_head_and_listing_tell_the_same(subject: Subject) {
    use futures::TryStreamExt;
    subject.put("folder/object", "eight by").await;
    let key = path("folder/object");
    let got = subject.store.get(&key, GetOptions::default()).await.unwrap().meta;
    let (head, _) = subject.store.head(&key).await.unwrap().unwrap();
    let listed: Vec<_> = subject
        .store
        .list(Some(&path("folder")), None)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
    for meta in [&got, &head, &listed[0]] {
        assert_eq!((&meta.location, meta.size), (&key, 8));
        assert_eq!(meta.last_modified.timestamp(), got.last_modified.timestamp());
        let age = chrono::Utc::now() - meta.last_modified;
        assert!(age.num_seconds().abs() < 60, "{age}");
    }
    assert!(got.e_tag.as_deref().is_some_and(|etag| !etag.is_empty()));
    assert_eq!(head.e_tag, got.e_tag);
    assert_eq!(listed[0].e_tag, got.e_tag.filter(|_| subject.lists_etags));
}

/// From, to and the last so many bytes.
pub async fn ranges_are_cut_to_the_object(subject: Subject) {
    subject.put("object", "0123456789").await;
    for (range, expected, span) in [
        (GetRange::Bounded(0..4), "0123", 0..4),
        (GetRange::Bounded(4..100), "456789", 4..10),
        (GetRange::Offset(7), "789", 7..10),
        (GetRange::Suffix(2), "89", 8..10),
    ] {
        let options = GetOptions {
            range: Some(range.clone()),
            ..GetOptions::default()
        };
        let found = subject.store.get(&path("object"), options).await.unwrap();
        assert_eq!((found.meta.size, found.range.clone()), (10, span), "{range:?}");
        assert_eq!(found.bytes().await.unwrap(), expected, "{range:?}");
    }
    let beyond = subject.store.range(&path("object"), Some(10..12), None).await;
    assert!(beyond.is_err(), "a range behind the end");
}

/// `If-Match` on the ETag that was seen.
pub async fn a_read_of_a_changed_object_fails(subject: Subject) {
    subject.put("object", "as it was listed").await;
    let key = path("object");
    let (seen, _) = subject.store.head(&key).await.unwrap().unwrap();
    let etag = seen.e_tag.as_deref();
    let same = subject.store.range(&key, Some(0..2), etag).await.unwrap();
    assert_eq!(same.bytes().await.unwrap(), "as");
    subject.put("object", "as it is now").await;
    for range in [None, Some(0..2)] {
        let changed = subject.store.range(&key, range, etag).await.unwrap_err();
        assert_eq!(changed.kind(), ErrorKind::Changed, "{changed}");
    }
    subject.store.delete(&key).await.unwrap();
    let gone = subject.store.range(&key, None, etag).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound, "{gone}");
}
