//! Job records: the lock of a digest's making, and what becomes of answers that get lost.

use object_store::{Attributes, PutMode};

use super::{Subject, claim, job, queued};
use crate::error::ErrorKind;
use crate::faults::{Fault, Faults, Operation};
use crate::records::{Created, Records, Swap};
use crate::version::Version;

async fn created(records: &Records, record: &digest_core::JobRecord) -> Version {
    match records.create(record).await.unwrap() {
        Created::Created(version) => version,
        Created::Exists(_) => panic!("a record is there"),
    }
}

/// From nothing to nothing.
pub async fn a_record_is_created_swapped_and_removed(subject: Subject) {
    use futures::TryStreamExt;
    let records = Records::new(subject.store.clone());
    let id = job().id();
    assert_eq!(records.load(id).await.unwrap(), None);
    let first = claim();
    let version = created(&records, &first).await;
    let found = Some(Box::new((first.clone(), version.clone())));
    assert_eq!(records.create(&claim()).await.unwrap(), Created::Exists(found));
    assert_eq!(
        records.load(id).await.unwrap(),
        Some((first.clone(), version.clone()))
    );
    let next = queued(&first);
    let Swap::Swapped(version) = records.swap(&version, &next).await.unwrap() else {
        panic!("nobody else was there");
    };
    assert_eq!(records.load(id).await.unwrap(), Some((next, version)));
    subject.put("not-a-record.job.json", "{}").await;
    subject.put(&format!("{id}_in_progress"), "").await;
    let listed: Vec<_> = records.list().try_collect().await.unwrap();
    assert_eq!(listed, [id]);
    records.remove(id).await.unwrap();
    assert_eq!(records.load(id).await.unwrap(), None);
    records.remove(id).await.unwrap();
}

/// Neither over a newer record nor over none.
pub async fn a_stale_version_swaps_nothing(subject: Subject) {
    let records = Records::new(subject.store.clone());
    let first = claim();
    let stale = created(&records, &first).await;
    let second = queued(&first);
    let Swap::Swapped(version) = records.swap(&stale, &second).await.unwrap() else {
        panic!("nobody else was there");
    };
    assert_eq!(records.swap(&stale, &queued(&claim())).await.unwrap(), Swap::Lost);
    assert_eq!(records.load(job().id()).await.unwrap().unwrap().0, second);
    records.remove(job().id()).await.unwrap();
    assert_eq!(records.swap(&version, &second).await.unwrap(), Swap::Lost);
    assert_eq!(records.load(job().id()).await.unwrap(), None);
}

/// The records of a store whose nth put meets this fault.
fn with_put(subject: &Subject, number: u64, fault: Fault) -> Records {
    let faults = Faults::at(Operation::Put, number, fault);
    Records::new(faults.over(&subject.store))
}

/// Ours, and somebody else's.
pub async fn a_create_whose_answer_was_lost_is_settled_by_reading_back(subject: Subject) {
    let lost = Fault::Misreport(ErrorKind::Timeout);
    let records = with_put(&subject, 1, lost);
    let ours = claim();
    let version = created(&records, &ours).await;
    assert_eq!(records.load(job().id()).await.unwrap(), Some((ours, version)));
    // The connection broke before the store saw the request, and somebody else was there.
    let theirs = with_put(&subject, 1, Fault::Fail(ErrorKind::Unavailable));
    assert!(matches!(
        theirs.create(&claim()).await.unwrap(),
        Created::Exists(Some(_))
    ));
}

/// Ours, somebody else's, and one that never arrived.
pub async fn a_swap_whose_answer_was_lost_is_settled_by_reading_back(subject: Subject) {
    let records = with_put(&subject, 2, Fault::Misreport(ErrorKind::Timeout));
    let first = claim();
    let version = created(&records, &first).await;
    let second = queued(&first);
    let Swap::Swapped(newer) = records.swap(&version, &second).await.unwrap() else {
        panic!("the swap took effect");
    };
    assert_eq!(
        records.load(job().id()).await.unwrap(),
        Some((second.clone(), newer.clone()))
    );
    let unheard = with_put(&subject, 1, Fault::Fail(ErrorKind::Unavailable));
    let theirs = queued(&claim());
    assert_eq!(
        unheard.swap(&version, &theirs).await.unwrap(),
        Swap::Lost,
        "it was swapped since"
    );
    let unheard = with_put(&subject, 1, Fault::Fail(ErrorKind::Unavailable));
    let failed = unheard.swap(&newer, &theirs).await.unwrap_err();
    assert_eq!(
        failed.kind(),
        ErrorKind::Unavailable,
        "whoever is told may try again"
    );
    assert_eq!(records.load(job().id()).await.unwrap().unwrap().0, second);
}

/// What is not there was not written.
pub async fn a_create_that_never_arrived_is_told_as_a_failure(subject: Subject) {
    for kind in [
        ErrorKind::Unavailable,
        ErrorKind::Throttled,
        ErrorKind::AccessDenied,
    ] {
        let records = with_put(&subject, 1, Fault::Fail(kind));
        assert_eq!(records.create(&claim()).await.unwrap_err().kind(), kind);
        assert_eq!(records.load(job().id()).await.unwrap(), None);
    }
    let faults = Faults::new(|call| match call.operation {
        Operation::Put => Fault::Misreport(ErrorKind::Timeout),
        Operation::Get if call.number > 1 => Fault::Fail(ErrorKind::Unavailable),
        _ => Fault::None,
    });
    let records = Records::new(faults.over(&subject.store));
    let _ = records.load(job().id()).await;
    let told = records.create(&claim()).await.unwrap_err();
    assert!(
        told.is_retryable(),
        "neither written nor refused is known: {told}"
    );
}

/// A client that tries again by itself meets its own first try.
pub async fn a_refusal_of_ones_own_write_is_no_refusal(subject: Subject) {
    let records = with_put(&subject, 1, Fault::Misreport(ErrorKind::AlreadyExists));
    let first = claim();
    let version = created(&records, &first).await;
    let records = with_put(&subject, 1, Fault::Misreport(ErrorKind::Precondition));
    let swapped = records.swap(&version, &queued(&first)).await.unwrap();
    assert!(matches!(swapped, Swap::Swapped(_)));
}

/// Somebody's garbage, and another job's record.
pub async fn a_record_that_cannot_be_read_is_corrupt(subject: Subject) {
    let records = Records::new(subject.store.clone());
    let key = Records::key(job().id());
    let mut other = serde_json::to_value(claim()).unwrap();
    other["job"]["stop"] = "2018-10-17T02:00:00Z".into();
    for body in ["", "{}", "no json", &other.to_string()] {
        let put = subject
            .store
            .put(&key, body.to_owned(), PutMode::Overwrite, Attributes::new());
        put.await.unwrap();
        let error = records.load(job().id()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{body}: {error}");
        assert_eq!(error.key(), key.as_ref());
    }
}
