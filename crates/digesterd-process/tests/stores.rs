//! Stores at the start of a process: probed, and never in the start's way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

use std::time::Duration;

use digest_storage::faults::{Fault, Faults, Operation};
use digest_storage::{Capabilities, ErrorKind, Store};
use digesterd_process::health::{Readiness, Status};
use digesterd_process::stores::{probe, register};
use tokio::time::{Instant, sleep};

#[tokio::test]
async fn a_store_that_keeps_to_preconditions_is_no_news() {
    let (readiness, store) = (Readiness::new(), Store::memory());
    probe(&readiness, "progress", &store).await;
    assert_eq!(readiness.report().await.warnings, [""; 0]);
    assert_eq!(store.capabilities(), Capabilities::ALL);
}

#[tokio::test]
async fn a_store_that_ignores_preconditions_is_a_warning_and_no_failure() {
    let careless = Faults::new(|call| match call.operation {
        Operation::Put => Fault::Unconditional,
        _ => Fault::None,
    });
    let (readiness, store) = (Readiness::new(), careless.over(&Store::memory()));
    register(&readiness, "progress", &store);
    let user = store.clone();
    probe(&readiness, "progress", &store).await;
    let report = readiness.report().await;
    assert_eq!(report.status, Status::Ready);
    assert_eq!(report.warnings.len(), 1, "{report:?}");
    let warning = &report.warnings[0];
    assert!(
        warning.contains("progress") && warning.contains("If-None-Match and If-Match"),
        "{warning}"
    );
    let found = user.capabilities();
    assert!(
        !found.atomic_create && !found.compare_and_swap,
        "writers look first: {found:?}"
    );
    assert!(found.attributes);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_asked_holds_up_nothing_and_is_asked_again() {
    let faults = Faults::new(|call| match (call.operation, call.number) {
        (Operation::Put, 1) => Fault::Fail(ErrorKind::Unavailable),
        (Operation::Put, 2) => Fault::Slow(Duration::from_secs(60)),
        (Operation::Put, _) => Fault::Unconditional,
        _ => Fault::None,
    });
    let (readiness, store) = (Readiness::new(), faults.over(&Store::memory()));
    let begun = Instant::now();
    probe(&readiness, "storage", &store).await;
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(store.capabilities().atomic_create, "nothing is known yet");
    sleep(Duration::from_secs(120)).await;
    assert!(!store.capabilities().atomic_create);
    assert_eq!(readiness.report().await.warnings.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_is_not_waited_for() {
    let silent = Faults::at(Operation::Put, 1, Fault::Slow(Duration::from_secs(3600)));
    let begun = Instant::now();
    probe(&Readiness::new(), "storage", &silent.over(&Store::memory())).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
