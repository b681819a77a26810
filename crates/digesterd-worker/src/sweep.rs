//! The sweeper: finishes what was left, whoever left it. Nothing depends on the queue alone.
//!
//! A round lists the job records and looks at each. Jobs whose lease is over are taken, as many as there
//! are free slots. What an ended job left half done is put in order, and its record is removed when its
//! retention is over; until then the listing tells that it has not changed, and it is not read again. The same
//! listing tells of markers: one that was written late, behind its job's end, is removed. Now and then temporary
//! objects that no attempt owns any more are removed.

use std::collections::HashSet;
use std::time::Duration;

use chrono::Utc;
use digest_core::{DigestId, JobRecord};
use digest_storage::{Listed, Place, StoreError, Version};
use futures::StreamExt;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use crate::job::{Decision, Occasion, decide};
use crate::worker::Worker;

mod census;
mod in_order;
mod leftovers;
mod tidy;

use census::Census;
pub(crate) use in_order::InOrder;

/// Records read at once, where each takes a round trip.
const AT_ONCE: usize = 8;
/// Directories answer at once. More readers would only be more threads, each with memory that it keeps.
const AT_ONCE_OF_DIRECTORY: usize = 1;
/// How often leftovers are looked for; the whole store is listed for that.
const LEFTOVERS_EVERY: Duration = Duration::from_secs(60 * 60);

/// What a sweeper remembers between its rounds.
#[derive(Debug, Default)]
pub struct Sweeper {
    leftovers_at: Option<Instant>,
    /// Take what is queued at once: the queue it waited in is gone.
    adopts: bool,
}

/// A record as this round found it.
#[derive(Debug)]
struct Seen {
    record: JobRecord,
    version: Version,
    /// Whether the listing had the job's marker too.
    is_marked: bool,
}

/// What one round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Records seen.
    pub records: usize,
    /// Jobs begun.
    pub begun: usize,
    /// Records of ended jobs that were removed.
    pub removed: usize,
}

impl Sweeper {
    /// A sweeper that has seen nothing yet.
    ///
    /// With `adopt_unfinished` its first round takes all claimed and queued jobs, as a process must whose own
    /// queue died with its predecessor; they wait for slots like deliveries.
    #[must_use]
    pub fn new(adopt_unfinished: bool) -> Self {
        Self {
            adopts: adopt_unfinished,
            ..Self::default()
        }
    }

    /// Sweeps until the worker drains.
    pub async fn run(mut self, worker: &Worker) {
        loop {
            if let Err(error) = self.round(worker).await {
                warn!(%error, "a sweep failed; the next one follows");
            }
            // Workers that started together must not list together for ever.
            let pause = worker.terms().sweep_interval.mul_f64(0.9 + 0.2 * fastrand::f64());
            tokio::select! {
                () = sleep(pause) => {}
                () = worker.drained() => return,
            }
        }
    }

    /// One round over all records.
    ///
    /// # Errors
    /// [`StoreError`] where the records cannot be listed or read; what was begun goes on.
    pub async fn round(&mut self, worker: &Worker) -> Result<Swept, StoreError> {
        let occasion = if self.adopts {
            Occasion::Adoption
        } else {
            Occasion::Sweep
        };
        let (listed, marked) = list(worker).await?;
        let present: HashSet<DigestId> = listed.iter().map(|(id, _)| *id).collect();
        // A job whose marker is there, or there again, is not in order.
        let in_order = worker.in_order();
        in_order.retain(|id| present.contains(id) && !marked.contains(id));
        worker.observed().keep(&present);
        let now = Utc::now();
        let to_read: Vec<DigestId> = listed
            .iter()
            .filter(|(id, version)| !in_order.rests(*id, version, now))
            .map(|(id, _)| *id)
            .collect();
        let mut swept = Swept {
            records: listed.len() - to_read.len(),
            ..Swept::default()
        };
        let mut records = futures::stream::iter(to_read)
            .map(|id| async move { (id, worker.records().load(id).await) })
            .buffer_unordered(match worker.records().store().place() {
                Place::Local { .. } => AT_ONCE_OF_DIRECTORY,
                _ => AT_ONCE,
            });
        let mut census = Census::default();
        while let Some((id, loaded)) = records.next().await {
            if worker.is_draining() {
                return Ok(swept);
            }
            match loaded {
                Ok(Some((record, version))) => {
                    swept.records += 1;
                    census.count(&record);
                    let seen = Seen {
                        record,
                        version,
                        is_marked: marked.contains(&id),
                    };
                    self.look(worker, occasion, &seen, &mut swept).await;
                }
                Ok(None) => {}
                Err(error) => warn!(%error, "a job record could not be read"),
            }
        }
        drop(records);
        worker.metrics().on_their_way(&census.told(Utc::now()));
        self.adopts = false;
        self.clear_leftovers(worker).await;
        Ok(swept)
    }

    async fn look(&mut self, worker: &Worker, occasion: Occasion, seen: &Seen, swept: &mut Swept) {
        let record = &seen.record;
        let id = record.job().id();
        if worker.running().has(id) {
            return;
        }
        if record.has_ended() {
            Self::tidy(worker, seen, swept).await;
            return;
        }
        let known = worker.circumstances(occasion, record);
        match decide(record, &known) {
            Decision::Ended | Decision::Wait(_) => {}
            Decision::Take | Decision::TakeOver | Decision::GiveUp => {
                let slot = worker.free_slot();
                // Without a free slot another worker may be faster, and that is well; an adopted job has no other.
                if slot.is_none() && occasion != Occasion::Adoption {
                    return;
                }
                info!(job_id = %id, state = ?record.state(), attempts = record.attempts(), "the sweeper takes a job");
                worker.begin(record.job().clone(), occasion, slot);
                swept.begun += 1;
            }
        }
    }

    /// Puts an ended job in order, once, and removes its record when its time is over.
    async fn tidy(worker: &Worker, seen: &Seen, swept: &mut Swept) {
        let (record, version) = (&seen.record, &seen.version);
        let id = record.job().id();
        if !worker.in_order().has(id, version) {
            match tidy::tidy(worker, seen).await {
                Ok(true) => worker.in_order().note(id, version.clone(), record.lease().until),
                Ok(false) => return,
                Err(error) => warn!(job_id = %id, %error, "an ended job could not be put in order"),
            }
        }
        if record.lease_is_over(Utc::now()) {
            match tidy::retire(worker, record, version).await {
                Ok(removed) => swept.removed += usize::from(removed),
                Err(error) => warn!(job_id = %id, %error, "an old job record could not be removed"),
            }
        }
    }

    async fn clear_leftovers(&mut self, worker: &Worker) {
        if self
            .leftovers_at
            .is_some_and(|last| last.elapsed() < LEFTOVERS_EVERY)
        {
            return;
        }
        self.leftovers_at = Some(Instant::now());
        match leftovers::clear(worker).await {
            Ok(0) => {}
            Ok(removed) => info!(removed, "temporary objects of dead attempts were removed"),
            Err(error) => warn!(%error, "temporary objects could not be looked for"),
        }
    }
}

/// All records, and whose markers are there.
async fn list(worker: &Worker) -> Result<(Vec<(DigestId, Version)>, HashSet<DigestId>), StoreError> {
    let (mut records, mut marked) = (Vec::new(), HashSet::new());
    let mut listed = worker.records().list_with_markers();
    while let Some(listed) = listed.next().await {
        match listed? {
            Listed::Record(id, version) => records.push((id, version)),
            Listed::Marker(id) => _ = marked.insert(id),
        }
    }
    Ok((records, marked))
}
