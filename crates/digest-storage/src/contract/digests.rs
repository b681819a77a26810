//! Stored digests: published under a condition, read as they were found.

use bytes::Bytes;
use digest_core::Coverage;
use futures::TryStreamExt;

use super::{Subject, job};
use crate::digests::{Attributes, DigestObject, DigestRead, Digests, Expect};
use crate::error::{ErrorKind, StoreError};

fn attributes() -> Attributes {
    Attributes {
        sha256: "ab".repeat(32),
        coverage: Coverage::Partial,
    }
}

async fn publish(digests: &Digests, body: &'static str, expect: &Expect) -> Result<(), StoreError> {
    digests
        .publish(
            job().id(),
            Bytes::from_static(body.as_bytes()),
            expect,
            &attributes(),
        )
        .await
}

async fn found(digests: &Digests) -> DigestObject {
    digests.head(job().id()).await.unwrap().unwrap()
}

async fn text(read: DigestRead) -> String {
    let pieces: Vec<Bytes> = read.bytes.try_collect().await.unwrap();
    String::from_utf8(pieces.concat()).unwrap()
}

/// In one request, or after a look where the store cannot.
pub async fn a_first_publish_needs_an_absent_digest(subject: Subject) {
    let digests = Digests::new(subject.store.clone());
    assert_eq!(digests.head(job().id()).await.unwrap(), None);
    publish(&digests, "first", &Expect::Absent).await.unwrap();
    let refused = publish(&digests, "second", &Expect::Absent).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists, "{refused}");
    let key = format!("{}.log.gz", job().id());
    assert_eq!(subject.get(&key).await.unwrap(), "first");
}

/// Likewise.
pub async fn a_refresh_replaces_only_the_digest_that_it_names(subject: Subject) {
    let digests = Digests::new(subject.store.clone());
    publish(&digests, "first", &Expect::Absent).await.unwrap();
    let first = Expect::ETag(found(&digests).await.etag);
    publish(&digests, "second", &first).await.unwrap();
    let refused = publish(&digests, "third", &first).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Precondition, "{refused}");
    let read = digests.read(job().id(), None, None).await.unwrap();
    assert_eq!(text(read).await, "second");
}

/// Hash and coverage.
pub async fn what_stands_beside_a_digest_is_kept_where_declared(subject: Subject) {
    let digests = Digests::new(subject.store.clone());
    publish(&digests, "body", &Expect::Absent).await.unwrap();
    let object = found(&digests).await;
    assert_eq!(object.size, 4);
    let kept = subject.store.capabilities().attributes.then(attributes);
    assert_eq!(object.sha256, kept.as_ref().map(|kept| kept.sha256.clone()));
    assert_eq!(object.coverage, kept.map(|kept| kept.coverage));
    let body = "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5";
    assert_eq!(digests.sha256(job().id(), &object).await.unwrap(), body);
}

/// A reader never gets pieces of two digests.
pub async fn a_digest_is_read_in_ranges_and_only_as_it_was_found(subject: Subject) {
    let digests = Digests::new(subject.store.clone());
    let absent = digests.read(job().id(), None, None).await.unwrap_err();
    assert_eq!(absent.kind(), ErrorKind::NotFound);
    publish(&digests, "0123456789", &Expect::Absent).await.unwrap();
    let object = found(&digests).await;
    let etag = Some(object.etag.as_str());
    let whole = digests.read(job().id(), None, etag).await.unwrap();
    assert_eq!((&whole.object, whole.range.clone()), (&object, 0..10));
    assert_eq!(text(whole).await, "0123456789");
    let part = digests.read(job().id(), Some(8..99), etag).await.unwrap();
    assert_eq!((part.object.size, part.range.clone()), (10, 8..10));
    assert_eq!(text(part).await, "89");
    publish(&digests, "9876543210", &Expect::ETag(object.etag.clone()))
        .await
        .unwrap();
    let changed = digests.read(job().id(), Some(8..9), etag).await.unwrap_err();
    assert_eq!(changed.kind(), ErrorKind::Changed, "{changed}");
    let changed = digests.sha256(job().id(), &object).await.unwrap_err();
    assert_eq!(changed.kind(), ErrorKind::Changed, "{changed}");
}

/// Bytes under the name, and nothing beside them.
pub async fn a_digest_of_the_go_service_is_found(subject: Subject) {
    subject
        .put("7869fe53-0b48-5a77-9358-32a82efe8858.log.gz", "go")
        .await;
    let digests = Digests::new(subject.store.clone());
    let object = found(&digests).await;
    assert_eq!(
        (object.size, object.sha256.as_deref(), object.coverage),
        (2, None, None)
    );
    let read = digests.read(job().id(), None, Some(&object.etag)).await.unwrap();
    assert_eq!(text(read).await, "go");
}

/// In one answer; the hash is of the bytes, whatever is told beside them.
pub async fn a_small_digest_is_read_as_a_whole_with_its_hash(subject: Subject) {
    let digests = Digests::new(subject.store.clone());
    assert!(digests.open(job().id()).await.unwrap().is_none());
    publish(&digests, "abc", &Expect::Absent).await.unwrap();
    let opened = digests.open(job().id()).await.unwrap().unwrap();
    assert_eq!(opened.range, 0..3);
    let (object, bytes) = opened.hashed().await.unwrap();
    assert_eq!(bytes, "abc");
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(object.sha256.as_deref(), Some(sha256));
    assert_eq!(digests.sha256(job().id(), &object).await.unwrap(), sha256);
}
