//! The sweeper: abandoned jobs, jobs without a queue, ended jobs, old records.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use digest_core::JobRecord;
use digest_core::record::{Failure, State};
use digest_storage::faults::{Fault, Faults, Operation};
use digest_storage::{Markers, Prefetch, Records, Swap};
use digesterd_process::metrics::Metrics;
use digesterd_worker::build::BuildOptions;
use digesterd_worker::{Accepted, Mode, Places, Sweeper, Swept, Terms, Worker};
use tokio::runtime::Runtime;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::bench::{Bench, claimed, job, other_job, terms};

/// A job that somebody was building, with a lease of this length.
fn abandoned(lease: TimeDelta) -> JobRecord {
    claimed(&job())
        .take("gone", Uuid::new_v4(), Utc::now(), lease)
        .unwrap()
}

#[actix_web::test]
async fn an_abandoned_job_is_finished_after_a_whole_lease_of_watching() {
    let bench = Bench::with_an_hour();
    // By its own clock the lease ended an hour ago: that alone proves nothing.
    let hour_ago = Utc::now() - TimeDelta::hours(1);
    let record = claimed(&job())
        .take("gone", Uuid::new_v4(), hour_ago, TimeDelta::milliseconds(500))
        .unwrap();
    bench.create(&record).await;
    let worker = bench.worker(terms());
    let mut sweeper = Sweeper::new(false);
    let begun = Instant::now();
    while sweeper.round(&worker).await.unwrap().begun == 0 {
        assert!(begun.elapsed() < Duration::from_secs(5));
        sleep(Duration::from_millis(20)).await;
    }
    assert!(
        begun.elapsed() >= Duration::from_millis(500),
        "{:?}",
        begun.elapsed()
    );
    let record = bench
        .until(&job(), "stored", |record| record.state() == State::Stored)
        .await;
    assert_eq!(record.lost_leases(), 1);
    assert_eq!(bench.text(job().id()), Some(bench.expected()));
}

#[actix_web::test]
async fn a_job_whose_builders_keep_vanishing_is_given_up_with_the_reason() {
    let bench = Bench::with_an_hour();
    bench.create(&abandoned(TimeDelta::milliseconds(50))).await;
    let worker = bench.worker(Terms {
        max_lost_leases: 1,
        ..terms()
    });
    let mut sweeper = Sweeper::new(false);
    let failed = loop {
        sweeper.round(&worker).await.unwrap();
        let record = bench.record(job().id()).await.unwrap();
        if record.has_ended() {
            break record;
        }
        sleep(Duration::from_millis(20)).await;
    };
    let failure = failed.failure().unwrap();
    assert!(
        failure.transient && failure.reason.contains("vanished"),
        "{}",
        failure.reason
    );
}

#[actix_web::test]
async fn a_sweep_tells_how_many_jobs_are_on_their_way_and_how_old_the_oldest_is_that_waits() {
    let bench = Bench::with_an_hour();
    let (lease, hour_ago) = (TimeDelta::hours(6), Utc::now() - TimeDelta::hours(1));
    let waiting = JobRecord::claim(job(), "t", Uuid::new_v4(), hour_ago, lease);
    bench.create(&waiting.queued(hour_ago, lease).unwrap()).await;
    let older = hour_ago - TimeDelta::hours(1);
    let building = JobRecord::claim(other_job(), "t", Uuid::new_v4(), older, lease)
        .take("t", Uuid::new_v4(), older, lease)
        .unwrap();
    bench.create(&building).await;
    let worker = bench.worker(terms());
    let metrics = Metrics::new("tested");
    metrics.register_jobs(worker.metrics(), 1, None);
    Sweeper::new(false).round(&worker).await.unwrap();
    let text = metrics.text();
    for line in [
        "digesterd_jobs{state=\"claimed\"} 0",
        "digesterd_jobs{state=\"queued\"} 1",
        "digesterd_jobs{state=\"building\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    let age = text
        .lines()
        .find_map(|line| line.strip_prefix("digesterd_queue_age_seconds "));
    let age: f64 = age.unwrap().parse().unwrap();
    // What is built waits no more, however old it is.
    assert!((3600.0..3700.0).contains(&age), "{age}");
}

#[actix_web::test]
async fn what_waits_in_a_queue_is_left_to_it_unless_the_queue_is_gone() {
    let bench = Bench::with_an_hour();
    bench.queue(&job()).await;
    let worker = bench.worker(terms());
    assert_eq!(Sweeper::new(false).round(&worker).await.unwrap().begun, 0);
    assert_eq!(Sweeper::new(true).round(&worker).await.unwrap().begun, 1);
    bench
        .until(&job(), "stored", |record| record.state() == State::Stored)
        .await;
}

#[actix_web::test]
async fn only_as_many_jobs_are_taken_as_there_are_slots() {
    let bench = Bench::with_an_hour();
    for job in [job(), other_job()] {
        let record = claimed(&job)
            .take("gone", Uuid::new_v4(), Utc::now(), TimeDelta::minutes(5))
            .and_then(|taken| taken.handed_back(Utc::now(), TimeDelta::zero(), None))
            .unwrap();
        bench.create(&record).await;
    }
    let (worker, gate) = bench.gated_worker(terms()).await;
    assert_eq!(Sweeper::new(false).round(&worker).await.unwrap().begun, 1);
    drop(gate);
}

#[actix_web::test]
async fn all_that_waited_in_a_queue_that_is_gone_is_adopted_and_waits_for_slots() {
    let bench = Bench::with_an_hour();
    bench.queue(&job()).await;
    bench.queue(&other_job()).await;
    let worker = bench.worker(Terms {
        concurrency: 1,
        ..terms()
    });
    assert_eq!(Sweeper::new(true).round(&worker).await.unwrap().begun, 2);
    for job in [job(), other_job()] {
        bench
            .until(&job, "stored", |record| record.state() == State::Stored)
            .await;
    }
}

#[actix_web::test]
async fn a_record_whose_queue_lost_it_is_taken_in_the_end() {
    let bench = Bench::with_an_hour();
    let long_ago = Utc::now() - TimeDelta::hours(7);
    let record = claimed(&job()).queued(long_ago, TimeDelta::hours(6)).unwrap();
    bench.create(&record).await;
    let worker = bench.worker(Terms {
        progress_timeout: Duration::from_millis(200),
        ..terms()
    });
    let mut sweeper = Sweeper::new(false);
    while sweeper.round(&worker).await.unwrap().begun == 0 {
        sleep(Duration::from_millis(20)).await;
    }
    bench
        .until(&job(), "stored", |record| record.state() == State::Stored)
        .await;
}

#[actix_web::test]
async fn an_ended_record_goes_with_its_retention_and_a_marker_at_once() {
    let bench = Bench::with_an_hour();
    let failure = Failure {
        reason: "because".to_owned(),
        transient: false,
    };
    let kept = claimed(&job())
        .failed(Utc::now(), TimeDelta::days(7), failure.clone())
        .unwrap();
    let old = claimed(&other_job())
        .failed(Utc::now(), TimeDelta::zero(), failure)
        .unwrap();
    bench.create(&kept).await;
    bench.create(&old).await;
    bench
        .places()
        .markers
        .write(job().id(), Utc::now())
        .await
        .unwrap();
    let worker = bench.worker(terms());
    let swept = Sweeper::new(false).round(&worker).await.unwrap();
    let expected = Swept {
        records: 2,
        begun: 0,
        removed: 1,
    };
    assert_eq!(swept, expected);
    assert_eq!(bench.keys("progress"), [format!("{}.job.json", job().id())]);
}

/// An ended job that a sweeper has put in order, with a marker that came later.
async fn marked_late(bench: &Bench, worker: &Worker, sweeper: &mut Sweeper) -> JobRecord {
    let failure = Failure {
        reason: "because".to_owned(),
        transient: true,
    };
    let ended = claimed(&job())
        .failed(Utc::now(), TimeDelta::days(7), failure)
        .unwrap();
    bench.create(&ended).await;
    sweeper.round(worker).await.unwrap();
    let late = bench.places().markers.write(job().id(), Utc::now()).await;
    late.unwrap();
    ended
}

#[actix_web::test]
async fn a_marker_that_is_written_behind_the_jobs_end_goes_with_the_next_sweep() {
    let bench = Bench::with_an_hour();
    let (worker, mut sweeper) = (bench.worker(terms()), Sweeper::new(false));
    marked_late(&bench, &worker, &mut sweeper).await;
    sweeper.round(&worker).await.unwrap();
    assert_eq!(bench.keys("progress"), [format!("{}.job.json", job().id())]);
}

#[actix_web::test]
async fn a_job_that_is_claimed_while_its_late_marker_is_removed_has_one_again() {
    let bench = Bench::with_an_hour();
    let records = Records::new(bench.store("progress"));
    // A request claims the window just before the marker goes.
    let claim = async move || {
        let (record, version) = records.load(job().id()).await.unwrap().unwrap();
        let claim = record.reclaim("api", Uuid::new_v4(), Utc::now(), TimeDelta::minutes(5));
        records.swap(&version, &claim.unwrap()).await.unwrap()
    };
    let claims = Faults::new(move |call| {
        if call.operation == Operation::Delete {
            let swapped = std::thread::scope(|scope| {
                let claimed = scope.spawn(|| Runtime::new().unwrap().block_on(claim()));
                claimed.join().unwrap()
            });
            assert!(matches!(swapped, Swap::Swapped(_)));
        }
        Fault::None
    });
    let places = Places {
        markers: Markers::new(claims.over(&bench.store("progress"))),
        ..bench.places()
    };
    let options = BuildOptions::default();
    let worker = Worker::new(places, Prefetch::new(4, 1024 * 1024), options, terms());
    let mut sweeper = Sweeper::new(false);
    marked_late(&bench, &worker, &mut sweeper).await;
    sweeper.round(&worker).await.unwrap();
    let marker = bench.places().markers.load(job().id()).await.unwrap();
    let until = bench.record(job().id()).await.unwrap().lease().until;
    let shown = marker.unwrap().until(
        TimeDelta::from_std(terms().progress_timeout).unwrap(),
        TimeDelta::zero(),
    );
    assert!(
        (shown.unwrap() - until).abs() < TimeDelta::seconds(1),
        "{shown:?} {until}"
    );
}

#[actix_web::test]
async fn what_this_worker_stored_and_left_in_order_is_not_read_by_its_sweeper() {
    let bench = Bench::with_an_hour();
    let counted = Faults::none();
    let places = Places {
        records: Records::new(counted.over(&bench.store("progress"))),
        ..bench.places()
    };
    let options = BuildOptions::default();
    let worker = Worker::new(places, Prefetch::new(4, 1024 * 1024), options, terms());
    assert_eq!(worker.accept(job(), Mode::Wait).await, Accepted::Stored);
    let read = counted.count(Operation::Get);
    assert_eq!(Sweeper::new(false).round(&worker).await.unwrap().records, 1);
    assert_eq!(counted.count(Operation::Get), read);
    // Another one, which did not see it end, looks once.
    let other = bench.worker(terms());
    assert_eq!(Sweeper::new(false).round(&other).await.unwrap().records, 1);
    assert_eq!(bench.text(job().id()), Some(bench.expected()));
}

#[actix_web::test]
async fn what_was_taken_over_is_looked_at_once_more_by_the_sweeper_of_whoever_stored_it() {
    let bench = Bench::with_an_hour();
    bench.create(&abandoned(TimeDelta::milliseconds(50))).await;
    let counted = Faults::none();
    let places = Places {
        records: Records::new(counted.over(&bench.store("progress"))),
        ..bench.places()
    };
    let options = BuildOptions::default();
    let worker = Worker::new(places, Prefetch::new(4, 1024 * 1024), options, terms());
    assert_eq!(worker.accept(job(), Mode::Wait).await, Accepted::Stored);
    assert_eq!(bench.record(job().id()).await.unwrap().lost_leases(), 1);
    let read = counted.count(Operation::Get);
    let mut sweeper = Sweeper::new(false);
    for round in 1..=2 {
        assert_eq!(sweeper.round(&worker).await.unwrap().records, 1);
        assert_eq!(counted.count(Operation::Get), read + 1, "round {round}");
    }
}

#[actix_web::test]
async fn the_record_of_an_ended_job_is_not_read_again_until_it_changes() {
    let bench = Bench::with_an_hour();
    let failure = Failure {
        reason: "because".to_owned(),
        transient: true,
    };
    let ended = claimed(&job())
        .failed(Utc::now(), TimeDelta::days(7), failure)
        .unwrap();
    bench.create(&ended).await;
    let counted = Faults::none();
    let places = Places {
        records: Records::new(counted.over(&bench.store("progress"))),
        ..bench.places()
    };
    let records = places.records.clone();
    let worker = Worker::new(
        places,
        Prefetch::new(4, 1024 * 1024),
        BuildOptions::default(),
        terms(),
    );
    let mut sweeper = Sweeper::new(false);
    for round in 1..=3 {
        assert_eq!(sweeper.round(&worker).await.unwrap().records, 1, "round {round}");
        assert_eq!(counted.count(Operation::Get), 1, "round {round}");
    }
    let (_, version) = records.load(job().id()).await.unwrap().unwrap();
    let again = ended
        .reclaim(
            "api",
            Uuid::new_v4(),
            Utc::now() - TimeDelta::hours(1),
            TimeDelta::zero(),
        )
        .unwrap();
    records.swap(&version, &again).await.unwrap();
    assert_eq!(sweeper.round(&worker).await.unwrap().begun, 1);
    bench
        .until(&job(), "stored", |record| record.state() == State::Stored)
        .await;
}
