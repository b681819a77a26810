//! All that can happen to one job, tried out: two APIs, two workers, every order of their steps, processes that die or
//! stand still anywhere, messages that are lost or come again, flow logs that arrive late.
//!
//! The steps of the record, what a visit decides and how a stored digest stands are the program's own functions; what
//! is modelled is the order in which the program takes them, and the two stores. Time is what it is for a process: a
//! lease may be over at any moment for whoever watches, whether its holder died or only stood still.
//!
//! In no state may a digest be wrong or taken back, and from every state the job's end must be in reach without a
//! further fault (`explorer.rs`).

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use digest_core::JobRecord;
use digest_core::record::State;
use uuid::Uuid;

use super::decision::{Circumstances, Decision, Occasion, decide};
use crate::publish::{Found, Standing, judge};

mod actors;
mod explorer;
mod shadow;

use actors::{Api, Worker};
use shadow::Marker;

const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_800_000_000_000_000_000);
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// Lost leases and failed attempts before a job is given up.
const MOST: u32 = 3;
/// More states than this mean that the model has run away.
const MOST_STATES: usize = 1_000_000;

/// What may be wrong with the program, to see that it would be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plant {
    Nothing,
    /// The digest is written without a look at the record, over whatever is there.
    WritesBlindly,
    /// Nobody comes by.
    NoSweeper,
    /// A stored digest that no manifest describes is left as it is.
    LeavesUntold,
    /// A digest that is there is taken for whole.
    TrustsAnyDigest,
    /// A builder goes on when its swap was lost.
    IgnoresLostSwaps,
    /// The marker of an ended job is left by whoever comes by.
    LeavesMarkers,
}

/// What a digest was built from, which is what its bytes say: how many late objects there were.
type Content = u8;

/// A record as it was read or written.
type Record = Rc<JobRecord>;

/// A manifest: what it describes, and in which epoch its build began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Described {
    content: Content,
    epoch: u64,
}

/// The buckets, the queue and all processes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct World {
    record: Option<Record>,
    /// Epoch of the last claim: what began later began after it.
    claimed_in: u64,
    /// What is stored, and the epoch of who stored it.
    digest: Option<(Content, u64)>,
    manifest: Option<Described>,
    marker: Marker,
    of_attempts: BTreeMap<Uuid, Described>,
    /// Whether the queue has a message, which may be delivered any number of times until an end deletes it.
    has_message: bool,
    late_objects: u8,
    apis: [Api; 2],
    workers: [Worker; 2],
    /// Revision that has been watched for a whole lease, by whoever watches.
    watched: Option<(u64, u64)>,
    nonces: u128,
    /// Whether a job was given up because its builders vanished.
    was_given_up: bool,
    /// Faults that may still happen.
    faults: Faults,
}

/// How often something may go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Faults {
    /// Processes that die.
    crashes: u8,
    /// Builders that stand still for a whole lease.
    pauses: u8,
    /// Markers that are written late.
    lates: u8,
    /// Messages or answers of the queue that are lost.
    losses: u8,
    /// Attempts that fail.
    failures: u8,
}

/// A step to another state. Nobody's recovery may count on a fault.
struct Step {
    to: World,
    is_fault: bool,
    name: &'static str,
}

impl World {
    /// Requests that come, each to make the digest or to make it again, and faults that may happen.
    fn new(requests: [Api; 2], faults: Faults) -> Self {
        Self {
            record: None,
            claimed_in: 0,
            digest: None,
            manifest: None,
            marker: Marker::default(),
            of_attempts: BTreeMap::new(),
            has_message: false,
            late_objects: 0,
            apis: requests,
            workers: [Worker::Idle, Worker::Idle],
            watched: None,
            nonces: 0,
            was_given_up: false,
            faults,
        }
    }

    fn nonce(&mut self) -> Uuid {
        self.nonces += 1;
        Uuid::from_u128(self.nonces)
    }

    /// Swaps the record as one request does. False where it is not as expected any more.
    fn swap(&mut self, expected: Option<&Record>, next: Record) -> bool {
        let same = self.record.as_ref().map(revision) == expected.map(revision);
        if same {
            self.record = Some(next);
        }
        same
    }

    /// How the digest stands for a record, by the program's own judgement.
    fn standing(&self, record: &JobRecord, plant: Plant) -> Standing {
        let found = self.digest.map(|(content, _)| {
            let of_attempt = self.of_attempts.get(&record.nonce());
            let named = self.manifest.filter(|manifest| manifest.content == content);
            Found {
                by_attempt: of_attempt.is_some_and(|manifest| manifest.content == content),
                is_replaced: record.refresh_of() == Some(&etag(content)),
                begun_at: named.map(|manifest| match manifest.epoch > self.claimed_in {
                    true => NOW,
                    false => NOW - LEASE,
                }),
            }
        });
        match judge(record, found) {
            Standing::ToBuild if plant == Plant::TrustsAnyDigest && self.digest.is_some() => Standing::Given,
            standing => standing,
        }
    }

    fn is_watched(&self) -> bool {
        self.watched.is_some() && self.watched == self.record.as_ref().map(revision)
    }

    fn decide(&self, record: &JobRecord, occasion: Occasion) -> Decision {
        let watched = self.is_watched();
        let lease = LEASE.to_std().unwrap();
        decide(
            record,
            &Circumstances {
                occasion,
                now: if watched { NOW + LEASE } else { NOW },
                unchanged_for: if watched { lease } else { Duration::ZERO },
                progress_timeout: lease,
                max_lost_leases: MOST,
            },
        )
    }

    /// Everything that can happen next.
    fn steps(&self, plant: Plant) -> Vec<Step> {
        let mut steps = Vec::new();
        for at in 0..2 {
            self.apis[at].steps(self, at, &mut steps);
            self.workers[at].steps(self, at, plant, &mut steps);
            self.environment(at, &mut steps);
        }
        let on_its_way = self.record.as_ref().filter(|record| !record.has_ended());
        if let Some(record) = on_its_way.filter(|_| !self.is_watched()) {
            // A builder that lives renews its lease, unless it stands still.
            let lives = self
                .workers
                .iter()
                .flat_map(Worker::records)
                .any(|held| revision(held) == revision(record));
            let is_fault = record.state() == State::Building && lives;
            if !is_fault || self.faults.pauses > 0 {
                let mut to = self.clone();
                to.faults.pauses -= u8::from(is_fault);
                to.watched = Some(revision(record));
                steps.push(Step {
                    to,
                    is_fault,
                    name: "a lease runs out",
                });
            }
        }
        let mut fault = |name, change: &dyn Fn(&mut Self)| {
            let mut to = self.clone();
            change(&mut to);
            steps.push(Step {
                to,
                is_fault: true,
                name,
            });
        };
        if self.faults.losses > 0 && self.has_message {
            fault("a message is lost", &|to| {
                to.faults.losses -= 1;
                to.has_message = false;
            });
        }
        // Nobody minds before something is built.
        if self.late_objects == 0 && self.workers.iter().any(|worker| worker.at().0 > 3) {
            fault("late objects arrive", &|to| to.late_objects = 1);
        }
        self.marker_steps(&mut steps);
        steps
    }

    /// What happens to processes without their doing.
    fn environment(&self, at: usize, steps: &mut Vec<Step>) {
        let mut step = |is_fault, name, change: &dyn Fn(&mut Self)| {
            let mut to = self.clone();
            change(&mut to);
            steps.push(Step { to, is_fault, name });
        };
        if self.faults.crashes > 0 && self.workers[at] != Worker::Idle {
            step(true, "a worker dies", &|to| {
                to.faults.crashes -= 1;
                to.workers[at] = Worker::Idle;
            });
        }
        if self.faults.crashes > 0 && self.apis[at].is_at_work() {
            step(true, "an API dies", &|to| {
                to.faults.crashes -= 1;
                to.apis[at] = Api::Done;
            });
        }
    }

    /// Whether all is well and nothing is left to do.
    fn is_settled(&self) -> bool {
        let told = self.digest.map(|(content, _)| content) == self.manifest.map(|manifest| manifest.content);
        let ended = match self.record.as_ref().map(|record| record.state()) {
            None => self.digest.is_none(),
            Some(State::Stored) => self.digest.is_some() && told,
            // Given up for lost leases: a builder that came to itself once more may have stored a digest whose manifest a
            // successor had removed. It is whole, and its coverage is unknown.
            Some(State::Failed) => self.digest.is_none() || told || self.was_given_up,
            Some(State::Claimed | State::Queued | State::Building) => false,
        };
        let at_rest = self.workers.iter().all(|worker| *worker == Worker::Idle);
        ended && at_rest && self.marker.is_gone() && self.apis.iter().all(|api| *api == Api::Done)
    }

    /// A digest was replaced by the one of an earlier epoch, or removed: a successor's digest must stand.
    fn is_taken_back_in(&self, next: &Self) -> bool {
        match (self.digest, next.digest) {
            (Some((was, by)), Some((is, now_by))) => was != is && now_by < by,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    /// A key under which equal states are one: epochs, revisions and nonces are only compared, so that their order
    /// counts and not their size; and one worker is as good as the other.
    fn key(&self) -> u64 {
        let of_apis = self.apis.iter().flat_map(Api::records);
        let of_workers = self.workers.iter().flat_map(Worker::records);
        let records: Vec<&Record> = self.record.iter().chain(of_apis).chain(of_workers).collect();
        let nonces: Vec<Uuid> = sorted(records.iter().map(|record| record.nonce()));
        // What no record names, nobody looks at.
        let of_attempts: Vec<_> = self
            .of_attempts
            .iter()
            .filter(|(nonce, _)| nonces.contains(nonce))
            .collect();
        let described = self
            .manifest
            .iter()
            .chain(of_attempts.iter().map(|(_, described)| *described));
        let epochs = records
            .iter()
            .map(|record| record.epoch())
            .chain(described.map(|described| described.epoch));
        let epochs = sorted(
            epochs
                .chain([self.claimed_in])
                .chain(self.digest.map(|(_, epoch)| epoch)),
        );
        let revisions = sorted(records.iter().map(|record| revision(record)));
        let told = |described: &Described| (described.content, rank(&epochs, &described.epoch));
        let record = |record: &&Record| {
            (
                (
                    record.state(),
                    rank(&epochs, &record.epoch()),
                    rank(&revisions, &revision(record)),
                ),
                (
                    rank(&nonces, &record.nonce()),
                    record.attempts().min(MOST),
                    record.lost_leases().min(MOST),
                ),
                (
                    record.begun_at().is_some(),
                    record.refresh_of().map(str::to_owned),
                ),
                record.failure().is_some(),
            )
        };
        let mut hasher = DefaultHasher::new();
        self.record
            .as_ref()
            .map(|present| record(&present))
            .hash(&mut hasher);
        (
            rank(&epochs, &self.claimed_in),
            self.has_message,
            self.late_objects,
            self.marker,
        )
            .hash(&mut hasher);
        self.digest
            .map(|(content, epoch)| (content, rank(&epochs, &epoch)))
            .hash(&mut hasher);
        self.manifest.as_ref().map(told).hash(&mut hasher);
        for (nonce, described) in of_attempts {
            (rank(&nonces, nonce), told(described)).hash(&mut hasher);
        }
        (self.was_given_up, self.faults).hash(&mut hasher);
        for api in &self.apis {
            (api.at(), api.records().iter().map(record).collect::<Vec<_>>()).hash(&mut hasher);
        }
        let worker = |at: usize| {
            let mut hasher = DefaultHasher::new();
            let worker = &self.workers[at];
            (worker.at(), self.is_watched()).hash(&mut hasher);
            worker
                .records()
                .iter()
                .map(record)
                .collect::<Vec<_>>()
                .hash(&mut hasher);
            hasher.finish()
        };
        let (first, second) = (worker(0), worker(1));
        (first.min(second), first.max(second)).hash(&mut hasher);
        hasher.finish()
    }
}

fn sorted<T: Ord>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_unstable();
    values.dedup();
    values
}

fn rank<T: Ord>(values: &[T], value: &T) -> usize {
    values.binary_search(value).unwrap()
}

/// Two writes never look alike.
fn revision(record: &Record) -> (u64, u64) {
    (record.epoch(), record.revision())
}

fn etag(content: Content) -> String {
    format!("\"{content}\"")
}
