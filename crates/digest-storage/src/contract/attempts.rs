//! What an attempt writes under its nonce: the temporary digest, the manifest before it has its name, the probe.

use bytes::Bytes;
use chrono::{TimeDelta, Utc};
use digest_core::manifest::{MANIFEST_FORMAT, ObjectCounts, ObjectEntry, RecordCounts, Sealed};
use digest_core::{Coverage, Job, Manifest, Scope, Window};
use futures::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::{Subject, job, now};
use crate::digests::{Digests, Expect};
use crate::error::ErrorKind;
use crate::faults::{Fault, Faults, Operation};
use crate::manifests::Manifests;
use crate::tables::{TableKind, Tables};

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

/// Inside the manifest, beside it under the attempt's nonce, or gone.
pub async fn a_list_of_objects_is_read_wherever_it_is(subject: Subject) {
    let manifests = Manifests::new(subject.store.clone());
    let (id, nonce) = (job().id(), Uuid::new_v4());
    let list: Vec<ObjectEntry> = serde_json::from_str(
        r#"[{"key": "a/b.log.gz", "size": 3, "etag": "\"1\""}, {"key": "a/c.log.gz", "size": 0, "etag": null}]"#,
    )
    .unwrap();
    let told = |inside, key| Manifest {
        object_list: inside,
        object_list_key: key,
        ..manifest()
    };
    let read = async |manifest| manifests.objects(&manifest).await.unwrap();
    let key = manifests.object_list_key(id, nonce);
    assert_eq!(read(told(None, Some(key.clone()))).await, None, "it is gone");
    manifests.write_object_list(id, nonce, &list).await.unwrap();
    assert_eq!(read(told(None, Some(key))).await.as_ref(), Some(&list));
    assert_eq!(read(told(Some(list.clone()), None)).await, Some(list));
    assert_eq!(read(told(None, None)).await, Some(Vec::new()));
}

/// By ranges, until it is another one.
pub async fn a_table_is_read_only_as_it_was_found(subject: Subject) {
    let tables = Tables::new(subject.store.clone());
    let key = Tables::key(TableKind::Edges, &job(), Uuid::new_v4());
    assert!(Tables::is_table(&key) && !Tables::is_table("edges/v1/notes.parquet"));
    assert_eq!(tables.find(&key).await.unwrap(), None);
    subject.put(&key, "PAR1 rows PAR1").await;
    let found = tables.find(&key).await.unwrap().unwrap();
    assert_eq!(found.size, 14);
    assert_eq!(tables.read(&found, 5..9).await.unwrap(), "rows");
    subject.put(&key, "PAR1 ROWS PAR1").await;
    let refused = tables.read(&found, 5..9).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Changed, "{refused}");
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

/// Not those of a digest whose id is next to it, nor what was stored later.
pub async fn what_attempts_at_one_digest_leave_is_found_by_itself(subject: Subject) {
    let digests = Digests::new(subject.store.clone());
    let (id, nonces) = (job().id(), [Uuid::new_v4(), Uuid::new_v4()]);
    let others = (1..24).map(|hour| {
        let window = Window::hour_from(now().timestamp() + hour * 3600);
        Job::new(window, Scope::default()).id()
    });
    let left = nonces.map(|nonce| format!("{id}.{nonce}.tmp"));
    for key in others
        .map(|other| format!("{other}.{}.tmp", nonces[0]))
        .chain(left.clone())
    {
        subject.put(&key, "x").await;
    }
    subject.put(&format!("{id}.log.gz"), "x").await;
    let until = async |time| {
        let found: Vec<(Uuid, _)> = digests.of_attempts(id, time).try_collect().await.unwrap();
        let mut found: Vec<_> = found.into_iter().map(|(nonce, key)| (key, nonce)).collect();
        found.sort();
        found
    };
    let mut expected: Vec<_> = left.iter().map(|key| super::path(key)).zip(nonces).collect();
    expected.sort();
    assert_eq!(until(Utc::now() + TimeDelta::hours(1)).await, expected);
    assert_eq!(until(Utc::now() - TimeDelta::hours(1)).await, []);
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
