//! What an attempt writes under its nonce: the temporary digest, the manifest before it has its name, the probe.

use bytes::Bytes;
use chrono::{TimeDelta, Utc};
use digest_core::manifest::{MANIFEST_FORMAT, ObjectCounts, RecordCounts, Sealed};
use digest_core::{Coverage, Manifest};
use futures::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::{Subject, job, now};
use crate::digests::{Digests, Expect};
use crate::error::ErrorKind;
use crate::faults::{Fault, Faults, Operation};
use crate::manifests::Manifests;

const MIB: usize = 1024 * 1024;

/// Pieces of uneven length, more than one part of an upload.
fn pieces(byte: u8) -> Vec<Bytes> {
    [3 * MIB, 1, 6 * MIB, 100]
        .map(|length| Bytes::from(vec![byte; length]))
        .to_vec()
}

/// Uploaded in parts, then copied to its name under a condition or after a look.
pub async fn a_large_digest_comes_from_its_temporary_object(subject: Subject) {
    let digests = Digests::new(subject.store.clone());
    let (id, first, second) = (job().id(), Uuid::new_v4(), Uuid::new_v4());
    for (nonce, byte) in [(first, b'1'), (second, b'2')] {
        digests
            .write_temporary(id, nonce, stream::iter(pieces(byte)))
            .await
            .unwrap();
    }
    assert_eq!(digests.head(id).await.unwrap(), None);
    digests.promote(id, first, &Expect::Absent).await.unwrap();
    let refused = digests.promote(id, second, &Expect::Absent).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists, "{refused}");
    let key = format!("{id}.log.gz");
    assert!(subject.get(&key).await.unwrap() == pieces(b'1').concat());
    let other = Expect::ETag("\"another\"".to_owned());
    let refused = digests.promote(id, second, &other).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Precondition, "{refused}");
    let present = digests.head(id).await.unwrap().unwrap().etag;
    digests.promote(id, second, &Expect::ETag(present)).await.unwrap();
    assert!(subject.get(&key).await.unwrap() == pieces(b'2').concat());
    for nonce in [first, second, second] {
        digests.remove_temporary(id, nonce).await.unwrap();
    }
    assert_eq!(
        subject.store.list(None, None).count().await,
        1,
        "the digest alone is left"
    );
}

/// Written under the nonce, copied to its name; a copy that comes twice is none.
pub async fn a_manifest_gets_its_name_from_its_attempt(subject: Subject) {
    let manifests = Manifests::new(subject.store.clone());
    let (id, nonce) = (job().id(), Uuid::new_v4());
    assert_eq!(manifests.load(id).await.unwrap(), None);
    assert_eq!(manifests.load_of_attempt(id, nonce).await.unwrap(), None);
    let manifest = manifest();
    manifests.write_of_attempt(id, nonce, &manifest).await.unwrap();
    assert_eq!(manifests.load(id).await.unwrap(), None);
    assert_eq!(
        manifests.load_of_attempt(id, nonce).await.unwrap().as_ref(),
        Some(&manifest)
    );
    manifests.promote(id, nonce).await.unwrap();
    assert_eq!(manifests.load(id).await.unwrap().as_ref(), Some(&manifest));
    manifests.remove_of_attempt(id, nonce).await.unwrap();
    manifests.promote(id, nonce).await.unwrap();
    assert_eq!(manifests.load(id).await.unwrap(), Some(manifest));
    subject.put(&format!("{id}.manifest.json"), "{}").await;
    assert_eq!(manifests.load(id).await.unwrap_err().kind(), ErrorKind::Corrupt);
}

fn manifest() -> Manifest {
    let sealed = Sealed {
        bytes: 1,
        sha256: "00".to_owned(),
    };
    Manifest {
        format: MANIFEST_FORMAT,
        program: "contract".to_owned(),
        job: job(),
        coverage: Coverage::Complete,
        reasons: Vec::new(),
        skipdata: false,
        begun_at: now(),
        finished_at: now(),
        late_arrival_seconds: 1800,
        settings: [("edges".to_owned(), "on".to_owned())].into(),
        gzip: sealed.clone(),
        text: sealed,
        edges: 0,
        objects: ObjectCounts::default(),
        records: RecordCounts::default(),
        look_ahead: Vec::new(),
        minutes: Vec::new(),
        unknown_columns: std::collections::BTreeMap::new(),
        overlap: None,
        bound: None,
        object_list: None,
        object_list_key: None,
        edges_table: None,
        interfaces_table: None,
    }
}

/// Old ones of every kind, and nothing else.
pub async fn what_attempts_leave_is_found_and_removed(subject: Subject) {
    let digests = Digests::new(subject.store.clone());
    let (id, nonce) = (job().id(), Uuid::new_v4());
    let left = [
        format!("{id}.{nonce}.tmp"),
        format!("{id}_objects_{nonce}.json"),
        format!("{id}.{nonce}.manifest.json"),
    ];
    let kept = [
        format!("{id}.log.gz"),
        format!("{id}.manifest.json"),
        format!("{id}_objects_.json"),
        format!("{nonce}.tmp"),
        "README.md".to_owned(),
    ];
    for key in left.iter().chain(&kept) {
        subject.put(key, "x").await;
    }
    let older_than = async |age: TimeDelta, now| {
        let found: Vec<_> = digests.leftovers(age, now).try_collect().await.unwrap();
        found
    };
    assert_eq!(older_than(TimeDelta::hours(1), Utc::now()).await, []);
    let mut found = older_than(TimeDelta::hours(1), Utc::now() + TimeDelta::hours(2)).await;
    found.sort_by_key(|(_, _, key)| key.as_ref().len());
    let expected = left.map(|key| (id, nonce, super::path(&key)));
    assert_eq!(found, expected);
    for (_, _, key) in &found {
        digests.remove_leftover(key).await.unwrap();
    }
    for key in &kept {
        digests.remove_leftover(&super::path(key)).await.unwrap();
    }
    assert_eq!(subject.store.list(None, None).count().await, kept.len());
}

/// Also of a store that ignores all preconditions.
pub async fn a_probe_finds_what_the_store_does_and_leaves_nothing(subject: Subject) {
    let declared = subject.store.capabilities();
    let found = subject.store.probe().await.unwrap();
    // A race is not probed: a store that checks and then writes looks as if it did both in one.
    assert!(found.atomic_create >= declared.atomic_create, "{found:?}");
    assert!(found.compare_and_swap >= declared.compare_and_swap, "{found:?}");
    assert_eq!(
        subject.store.capabilities(),
        declared,
        "a probe promises nothing that was not declared"
    );

    let faults = Faults::new(|call| match call.operation {
        Operation::Put => Fault::Unconditional,
        _ => Fault::None,
    });
    let careless = faults.over(&subject.store);
    let found = careless.probe().await.unwrap();
    assert!(!found.atomic_create && !found.compare_and_swap, "{found:?}");
    assert_eq!(subject.store.list(None, None).count().await, 0);
}
