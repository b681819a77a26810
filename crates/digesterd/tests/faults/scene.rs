//! One run: how the buckets stand at first, what is asked, and how it has to end.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use digest_core::record::State;
use digest_core::{JobRecord, Manifest};
use digest_storage::{Capabilities, Manifests, Records};
use digesterd_worker::Sweeper;
use object_store::ObjectStoreExt as _;
use tokio::time::sleep;
use uuid::Uuid;

use crate::buckets::{Buckets, job};
use crate::script::{Asked, Kind, Script, When};
use crate::service::Running;

/// The lease of a build.
pub(crate) const LEASE: Duration = Duration::from_millis(500);
/// A job that has not ended by then never will. A machine under load may need many leases.
const STUCK: Duration = Duration::from_secs(60);

/// How a run begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scene {
    /// Nothing is known of the window.
    First,
    /// The same, and the digest is too large for one request, on a store that keeps nothing beside the bytes.
    Large,
    /// A digest is stored, and is to be made again with what has arrived since.
    Again,
    /// A worker died at the job.
    Abandoned,
    /// A worker died just behind the digest.
    Published,
    /// A worker died once all was in order but the record.
    Named,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// All calls that were counted.
    pub(crate) calls: Vec<(Asked, String)>,
    /// The call that met the fault.
    pub(crate) met: Option<String>,
    /// Why the job failed at first, where it did.
    pub(crate) failed: Option<String>,
    /// How long the job took to its first end.
    pub(crate) took: Duration,
}

/// Plays a scene with this fault.
///
/// # Panics
/// Where it does not end as it has to.
pub(crate) async fn play(scene: Scene, when: When, kind: Kind) -> Outcome {
    let (buckets, single_put) = laid_out(scene).await;
    let watching = buckets.clone();
    let script = Script::new(when, kind, move |call| watching.watch(call));
    let running = Running::over(&buckets, &script, single_put);
    let begun = Instant::now();
    if matches!(scene, Scene::First | Scene::Large | Scene::Again) {
        let refresh = scene == Scene::Again;
        let mut status = running.ask(refresh).await.as_u16();
        // A store that says that there is no record makes an API believe that another was faster.
        if status == 409 && buckets.record().is_some_and(|record| record.has_ended()) {
            status = running.ask(refresh).await.as_u16();
        }
        assert!(matches!(status, 202 | 409), "{status}: {script:?}");
        running.take_in();
        running.sweep();
    } else {
        sweep_twice(&running).await;
        running.take_in();
        running.sweep();
    }
    settle(&running, &buckets, &script).await;
    let took = begun.elapsed();
    // What sweepers do about a job that has ended: its worker's own, and one's that has not seen it end.
    let _ = Sweeper::new(false).round(&running.worker).await;
    let _ = Sweeper::new(false).round(&running.bystander).await;
    settle(&running, &buckets, &script).await;
    let failed = failure_of(&buckets, &script);
    if let Some((_, transient)) = &failed {
        // Whoever asks again gets the digest.
        if !*transient {
            assert_eq!(running.post(false).await.as_u16(), 409, "{script:?}");
        }
        let status = running.ask(!*transient || scene == Scene::Again).await;
        assert_eq!(status.as_u16(), 202, "{script:?}");
        settle(&running, &buckets, &script).await;
    }
    // Whoever was slow has come to itself, and done no harm.
    running.end_first().await;
    settle(&running, &buckets, &script).await;
    running.end().await;
    let record = buckets.record();
    assert!(
        record
            .as_ref()
            .is_some_and(|record| record.state() == State::Stored),
        "{script:?}: {record:?}"
    );
    assert!(buckets.is_right(), "the digest is not the oracle's: {script:?}");
    assert_eq!(buckets.wrong(), Vec::<String>::new(), "{script:?}");
    Outcome {
        calls: script.calls(),
        met: script.met(),
        failed: failed.map(|(reason, _)| reason),
        took,
    }
}

/// Rounds of the first worker's sweeper: it sees the record, and sees it stand still for a lease.
async fn sweep_twice(running: &Running) {
    let mut sweeper = Sweeper::new(false);
    let _ = sweeper.round(&running.worker).await;
    sleep(LEASE + Duration::from_millis(50)).await;
    let _ = sweeper.round(&running.worker).await;
    // The other one has not begun to watch: this one's visit ends first, unless it met the fault.
    sleep(LEASE / 2).await;
}

/// Waits until nothing is left to do: the job has ended, its message and its marker are gone, and a stored digest
/// has its manifest and its table.
async fn settle(running: &Running, buckets: &Buckets, script: &Script) {
    let begun = Instant::now();
    loop {
        let record = buckets.record();
        let is_whole = match record.as_ref().map(JobRecord::state) {
            Some(State::Stored) => buckets.is_whole(),
            Some(State::Failed) => true,
            _ => false,
        };
        let strays = strays(buckets);
        if is_whole && strays.is_empty() && running.queue.receives().is_empty() && !script.goes_on() {
            return;
        }
        assert!(
            begun.elapsed() < STUCK,
            "stuck: {script:?}: {record:?}, left: {strays:?}, {:?}",
            running.queue
        );
        sleep(Duration::from_millis(5)).await;
    }
}

/// What nobody needs any more. What an attempt left whose record is another's is removed a day later.
fn strays(buckets: &Buckets) -> Vec<String> {
    let id = job().id().to_string();
    let mut strays = Buckets::keys(&buckets.storage);
    let manifest = buckets.manifest();
    let tables = manifest.iter().flat_map(Manifest::tables);
    let mut kept = vec![format!("{id}.log.gz"), format!("{id}.manifest.json")];
    kept.extend(tables.map(|table| table.key.clone()));
    strays.retain(|key| !kept.contains(key) && !key.starts_with("index/"));
    let nonce = buckets.record().map(|record| record.nonce().to_string());
    strays.retain(|key| nonce.as_ref().is_some_and(|nonce| key.contains(nonce.as_str())));
    if buckets.has_marker() {
        strays.push("the marker".to_owned());
    }
    strays
}

/// Why the job has failed, and whether another try can help.
fn failure_of(buckets: &Buckets, script: &Script) -> Option<(String, bool)> {
    let record = buckets.record()?;
    if record.state() != State::Failed {
        return None;
    }
    let failure = record
        .failure()
        .unwrap_or_else(|| panic!("no reason: {script:?}"));
    assert!(!failure.reason.is_empty(), "{script:?}");
    Some((failure.reason.clone(), failure.transient))
}

async fn laid_out(scene: Scene) -> (Buckets, usize) {
    let mut buckets = Buckets::with_an_hour().await;
    let mut single_put = usize::MAX;
    match scene {
        Scene::First => {}
        Scene::Large => {
            single_put = 1;
            let capabilities = Capabilities {
                attributes: false,
                ..Capabilities::ALL
            };
            buckets.storage = buckets.storage.clone().with_capabilities(capabilities);
        }
        Scene::Again => {
            built(&buckets).await;
            buckets.put_log(40, "10.1.0.3").await;
        }
        Scene::Abandoned => abandon(&buckets, Uuid::new_v4()).await,
        Scene::Published | Scene::Named => {
            built(&buckets).await;
            let nonce = buckets.record().unwrap().nonce();
            if scene == Scene::Published {
                take_back(&buckets, nonce).await;
            }
            Records::new(buckets.progress.clone())
                .remove(job().id())
                .await
                .unwrap();
            abandon(&buckets, nonce).await;
        }
    }
    (buckets, single_put)
}

/// Leaves a digest as it is just behind its last request: its manifest has the attempt's name alone, and no list has it.
async fn take_back(buckets: &Buckets, nonce: Uuid) {
    let manifests = Manifests::new(buckets.storage.clone());
    let manifest = manifests.load(job().id()).await.unwrap().unwrap();
    manifests
        .write_of_attempt(job().id(), nonce, &manifest)
        .await
        .unwrap();
    for key in Buckets::keys(&buckets.storage) {
        if key.starts_with("index/") || key == format!("{}.manifest.json", job().id()) {
            let path = object_store::path::Path::from(key);
            buckets.storage.object_store().delete(&path).await.unwrap();
        }
    }
}

/// Builds the hour's digest without any fault.
async fn built(buckets: &Buckets) {
    let script = Script::new(When::Never, Kind::Fails, |_| {});
    let running = Running::over(buckets, &script, usize::MAX);
    assert_eq!(running.post(false).await.as_u16(), 202);
    running.take_in();
    settle(&running, buckets, &script).await;
    running.end_first().await;
    running.end().await;
}

/// A record of a worker that is no more.
async fn abandon(buckets: &Buckets, nonce: Uuid) {
    let (now, lease) = (Utc::now(), TimeDelta::from_std(LEASE).unwrap());
    let claimed = JobRecord::claim(job(), "api", Uuid::new_v4(), now, lease);
    let record = claimed.take("gone", nonce, now, lease).unwrap();
    Records::new(buckets.progress.clone())
        .create(&record)
        .await
        .unwrap();
}
