//! Steps of the job record: which are allowed, and what each leaves behind.

use super::*;
use crate::scope::Scope;
use crate::window::Window;

const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_800_000_000_000_000_000);
const LEASE: TimeDelta = TimeDelta::minutes(5);

fn claimed() -> JobRecord {
    let window = Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").unwrap();
    JobRecord::claim(
        Job::new(window, Scope::default()),
        "api-1",
        Uuid::from_u128(1),
        NOW,
        LEASE,
    )
}

fn in_state(state: State) -> JobRecord {
    let building = || {
        claimed()
            .take("worker-1", Uuid::from_u128(2), NOW, LEASE)
            .unwrap()
    };
    match state {
        State::Claimed => claimed(),
        State::Queued => claimed().queued(NOW, LEASE).unwrap(),
        State::Building => building(),
        State::Stored => building().stored(NOW, LEASE).unwrap(),
        State::Failed => building().failed(NOW, LEASE, failure(false)).unwrap(),
    }
}

fn failure(transient: bool) -> Failure {
    Failure {
        reason: "because".to_owned(),
        transient,
    }
}

/// Every state against every step: the module's picture as a table.
#[test]
fn allows_exactly_the_steps_of_the_picture() {
    use State::{Building, Claimed, Failed, Queued, Stored};
    type Step = fn(&JobRecord) -> Result<JobRecord, StepError>;
    let steps: [(&str, Step, &[State], State); 7] = [
        (
            "reclaim",
            |r| r.reclaim("api-2", Uuid::from_u128(3), NOW, LEASE),
            &[Stored, Failed],
            Claimed,
        ),
        ("queued", |r| r.queued(NOW, LEASE), &[Claimed], Queued),
        (
            "take",
            |r| r.take("worker-2", Uuid::from_u128(4), NOW, LEASE),
            &[Claimed, Queued, Building],
            Building,
        ),
        ("renewed", |r| r.renewed(NOW, LEASE, None), &[Building], Building),
        ("stored", |r| r.stored(NOW, LEASE), &[Building], Stored),
        (
            "handed back",
            |r| r.handed_back(NOW, LEASE, None),
            &[Building],
            Queued,
        ),
        (
            "failed",
            |r| r.failed(NOW, LEASE, failure(true)),
            &[Claimed, Queued, Building],
            Failed,
        ),
    ];
    for (name, step, from, to) in steps {
        for state in [Claimed, Queued, Building, Stored, Failed] {
            let before = in_state(state);
            match step(&before) {
                Ok(after) => {
                    assert!(from.contains(&state), "{name} from {state:?}");
                    assert_eq!(after.state(), to, "{name} from {state:?}");
                    assert!(after.revision() > before.revision(), "{name} from {state:?}");
                    assert!(after.epoch() >= before.epoch(), "{name} from {state:?}");
                }
                Err(refused) => {
                    assert!(!from.contains(&state), "{name} from {state:?}: {refused}");
                    assert_eq!(refused.from, state);
                }
            }
        }
    }
}

#[test]
fn a_takeover_has_an_epoch_and_a_nonce_of_its_own_and_counts_the_lost_lease() {
    let first = in_state(State::Building);
    let second = first.take("worker-2", Uuid::from_u128(9), NOW, LEASE).unwrap();
    assert_eq!(
        (second.epoch(), second.lost_leases(), second.attempts()),
        (first.epoch() + 1, 1, 0)
    );
    assert_ne!(second.nonce(), first.nonce());
}

#[test]
fn only_a_failure_counts_as_an_attempt() {
    let building = in_state(State::Building);
    let shut_down = building.handed_back(NOW, LEASE, None).unwrap();
    assert_eq!((shut_down.attempts(), shut_down.failure()), (0, None));
    let failed_once = building.handed_back(NOW, LEASE, Some(failure(true))).unwrap();
    assert_eq!(
        (failed_once.attempts(), failed_once.failure()),
        (1, Some(&failure(true)))
    );
    let again = failed_once
        .take("worker-1", Uuid::from_u128(5), NOW, LEASE)
        .unwrap();
    assert_eq!(again.attempts(), 1);
    assert_eq!(again.stored(NOW, LEASE).unwrap().failure(), None);
}

#[test]
fn a_new_claim_starts_to_count_again() {
    let failed = in_state(State::Failed);
    assert_eq!(failed.attempts(), 1);
    let anew = failed
        .reclaim("api-2", Uuid::from_u128(6), NOW, LEASE)
        .unwrap()
        .replacing(Some("\"e\"".into()));
    assert_eq!(
        (anew.attempts(), anew.failure(), anew.begun_at()),
        (0, None, None)
    );
    assert_eq!(anew.refresh_of(), Some("\"e\""));
}

#[test]
fn reads_what_it_writes() {
    for state in [
        State::Claimed,
        State::Queued,
        State::Building,
        State::Stored,
        State::Failed,
    ] {
        let record = in_state(state);
        let json = serde_json::to_vec(&record).unwrap();
        assert_eq!(serde_json::from_slice::<JobRecord>(&json).unwrap(), record);
    }
}

#[test]
fn a_lease_says_its_end_and_its_length() {
    let lease = Lease::new(NOW, LEASE);
    assert_eq!((lease.until, lease.length()), (NOW + LEASE, LEASE));
    let record = claimed();
    assert!(!record.lease_is_over(NOW + LEASE - TimeDelta::milliseconds(1)));
    assert!(record.lease_is_over(NOW + LEASE));
    assert_eq!(Lease::new(NOW, TimeDelta::MAX).until, DateTime::<Utc>::MAX_UTC);
}
