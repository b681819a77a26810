//! What to do about a job record, as a pure function of what is known of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use digest_core::JobRecord;
use digest_core::record::State;

/// Why a process looks at a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// A delivery named the job: its queue has handed it over.
    Delivery,
    /// The sweeper came by.
    Sweep,
    /// The process that held the queue has just started again: what was queued has no other way.
    Adoption,
}

/// What to do about a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The job has ended; nothing is left to do.
    Ended,
    /// Nobody else is at it: take it.
    Take,
    /// Its builder is gone: take it over.
    TakeOver,
    /// Builders were lost too often: give it up.
    GiveUp,
    /// Somebody is at it, or it pauses: look again after at most this time.
    Wait(Duration),
}

/// What is known of a record beside itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances {
    /// Why the record is looked at.
    pub(crate) occasion: Occasion,
    /// The wall clock.
    pub(crate) now: DateTime<Utc>,
    /// For how long this process has seen the record unchanged, by its own clock.
    pub(crate) unchanged_for: Duration,
    /// A building job's lease: also the most that a waiting job is watched before it is taken.
    pub(crate) progress_timeout: Duration,
    /// Lost leases before a job is given up.
    pub(crate) max_lost_leases: u32,
}

/// Decides. Taking is still a compare-and-swap: of several who decide to, one succeeds.
///
/// Taking a job that only waits can do no harm, so that the wall clock and a short watch are enough
/// there. Taking one over that is being built asks for a whole lease of this process's own watching.
pub(crate) fn decide(record: &JobRecord, known: &Circumstances) -> Decision {
    let lease = record.lease().length().to_std().unwrap_or_default();
    let left = lease.saturating_sub(known.unchanged_for);
    match record.state() {
        State::Stored | State::Failed => Decision::Ended,
        State::Building if !left.is_zero() => Decision::Wait(left),
        // The lease that has just run out is lost as well; the record does not count it yet.
        State::Building if record.lost_leases().saturating_add(1) >= known.max_lost_leases => {
            Decision::GiveUp
        }
        State::Building => Decision::TakeOver,
        // Handed back by a worker: its lease is the pause until the next try.
        State::Queued if record.begun_at().is_some() => {
            if left.is_zero() || record.lease_is_over(known.now) {
                Decision::Take
            } else {
                Decision::Wait(left)
            }
        }
        State::Claimed | State::Queued => match known.occasion {
            Occasion::Delivery | Occasion::Adoption => Decision::Take,
            Occasion::Sweep => {
                let watch = lease.min(known.progress_timeout);
                if record.lease_is_over(known.now) && known.unchanged_for >= watch {
                    Decision::Take
                } else {
                    Decision::Wait(watch)
                }
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use digest_core::record::Failure;
    use digest_core::{Job, Scope, Window};
    use uuid::Uuid;

    use super::*;

    const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_800_000_000_000_000_000);
    const LEASE: TimeDelta = TimeDelta::minutes(5);
    const WHOLE: Duration = Duration::from_secs(300);

    fn claimed() -> JobRecord {
        let window = Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").unwrap();
        JobRecord::claim(Job::new(window, Scope::default()), "api", Uuid::nil(), NOW, LEASE)
    }

    fn building() -> JobRecord {
        claimed().take("w", Uuid::nil(), NOW, LEASE).unwrap()
    }

    fn known(occasion: Occasion, now: DateTime<Utc>, unchanged_for: Duration) -> Circumstances {
        Circumstances {
            occasion,
            now,
            unchanged_for,
            progress_timeout: WHOLE,
            max_lost_leases: 2,
        }
    }

    #[test]
    fn a_delivery_takes_what_waits_and_the_sweeper_only_what_waited_too_long() {
        let later = NOW + LEASE;
        for record in [claimed(), claimed().queued(NOW, LEASE).unwrap()] {
            for occasion in [Occasion::Delivery, Occasion::Adoption] {
                assert_eq!(
                    decide(&record, &known(occasion, NOW, Duration::ZERO)),
                    Decision::Take
                );
            }
            let sweep = |now, unchanged| decide(&record, &known(Occasion::Sweep, now, unchanged));
            assert!(matches!(sweep(NOW, WHOLE), Decision::Wait(_)));
            assert!(matches!(sweep(later, Duration::ZERO), Decision::Wait(_)));
            assert_eq!(sweep(later, WHOLE), Decision::Take);
        }
    }

    #[test]
    fn a_builder_is_gone_once_its_record_stood_still_for_a_lease_whatever_the_clocks_say() {
        let years = NOW + TimeDelta::days(3650);
        for occasion in [Occasion::Delivery, Occasion::Sweep, Occasion::Adoption] {
            let early = known(occasion, years, WHOLE - Duration::from_secs(1));
            assert_eq!(
                decide(&building(), &early),
                Decision::Wait(Duration::from_secs(1))
            );
            let late = known(occasion, NOW - TimeDelta::days(3650), WHOLE);
            assert_eq!(decide(&building(), &late), Decision::TakeOver);
        }
    }

    #[test]
    fn a_job_whose_builders_keep_dying_is_given_up() {
        let decided = |record: &JobRecord| decide(record, &known(Occasion::Sweep, NOW, WHOLE));
        assert_eq!(decided(&building()), Decision::TakeOver, "one of two leases lost");
        let second = building().take("w2", Uuid::nil(), NOW, LEASE).unwrap();
        assert_eq!(decided(&second), Decision::GiveUp, "two of two");
    }

    #[test]
    fn a_job_handed_back_pauses_for_everybody() {
        let failure = Failure {
            reason: "throttled".to_owned(),
            transient: true,
        };
        let pause = TimeDelta::seconds(10);
        let back = building().handed_back(NOW, pause, Some(failure)).unwrap();
        for occasion in [Occasion::Delivery, Occasion::Sweep, Occasion::Adoption] {
            let at_once = decide(&back, &known(occasion, NOW, Duration::ZERO));
            assert_eq!(at_once, Decision::Wait(Duration::from_secs(10)));
            let after = decide(&back, &known(occasion, NOW + pause, Duration::ZERO));
            assert_eq!(after, Decision::Take);
            let watched = decide(&back, &known(occasion, NOW, Duration::from_secs(10)));
            assert_eq!(watched, Decision::Take);
        }
    }

    #[test]
    fn an_ended_job_is_left_alone() {
        let stored = building().stored(NOW, LEASE).unwrap();
        let late = known(Occasion::Delivery, NOW + TimeDelta::days(30), WHOLE * 1000);
        assert_eq!(decide(&stored, &late), Decision::Ended);
    }
}
