//! The processes of the model: where each is in its work, and what its next step does.

use std::rc::Rc;

use digest_core::record::{Failure, State};
use digest_core::{Job, JobRecord, Scope, Window};

use super::{
    Content, Decision, Described, LEASE, MOST, NOW, Occasion, Plant, Record, Standing, Step, World, etag,
};

/// An API with one request for the digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Api {
    /// The request has not come yet.
    Waiting { refresh: bool },
    /// It has looked for the digest.
    Looked { refresh: bool, digest: Option<Content> },
    /// It has read the record, and is about to write this one in its place.
    Claiming { read: Option<Record>, claim: Record },
    /// The window is its own.
    Claimed(Record),
    /// The queue has taken the job.
    Queued(Record),
    /// The queue has not, or its answer was lost.
    Unqueued(Record),
    /// The client has its answer, or the process is dead.
    Done,
}

/// A worker, at one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Worker {
    /// At none, or it looks again.
    Idle,
    /// About to take the record that it read, with the digest standing so.
    Taking(Record, Standing),
    /// The record is its own; the manifest of its predecessor, whose record it read, is to be removed.
    Taken {
        held: Record,
        read: Record,
        standing: Standing,
    },
    /// About to read the flow logs and to write the manifest under its nonce: nobody else minds either.
    Building(Record),
    /// About to renew its lease, expecting this digest.
    Renewing(Record, Content, Option<Content>),
    /// About to write the digest.
    Landing(Record, Content, Option<Content>),
    /// About to give the manifest its name.
    Landed(Record),
    /// About to end the record.
    Releasing(Record),
}

impl Api {
    pub(super) fn is_at_work(&self) -> bool {
        !matches!(self, Self::Waiting { .. } | Self::Done)
    }

    /// The records that it remembers.
    pub(super) fn records(&self) -> Vec<&Record> {
        match self {
            Self::Claiming { read, claim } => read.iter().chain([claim]).collect(),
            Self::Claimed(record) | Self::Queued(record) | Self::Unqueued(record) => vec![record],
            Self::Waiting { .. } | Self::Looked { .. } | Self::Done => Vec::new(),
        }
    }

    /// What it is at, beside the records.
    pub(super) fn at(&self) -> (u8, bool, Option<Content>) {
        match self {
            Self::Waiting { refresh } => (0, *refresh, None),
            Self::Looked { refresh, digest } => (1, *refresh, *digest),
            Self::Claiming { read, .. } => (2, read.is_some(), None),
            Self::Claimed(_) => (3, false, None),
            Self::Queued(_) => (4, false, None),
            Self::Unqueued(_) => (5, false, None),
            Self::Done => (6, false, None),
        }
    }

    pub(super) fn steps(&self, world: &World, at: usize, steps: &mut Vec<Step>) {
        let mut step = |name, change: &dyn Fn(&mut World) -> Api| {
            let mut to = world.clone();
            to.apis[at] = change(&mut to);
            let is_fault = name == "the queue fails" || name == "the queue's answer is lost";
            if is_fault {
                to.faults.losses = to.faults.losses.saturating_sub(1);
            }
            steps.push(Step { to, is_fault, name });
        };
        match self {
            Self::Done => {}
            Self::Waiting { refresh } => step("a request comes", &|world| Self::Looked {
                refresh: *refresh,
                digest: world.digest.map(|(content, _)| content),
            }),
            Self::Looked {
                digest: Some(_),
                refresh: false,
            } => step("the digest exists", &|_| Self::Done),
            Self::Looked { digest, .. } => step("an API reads the record", &|world| {
                let nonce = world.nonce();
                let read = world.record.clone();
                let claim = match &read {
                    None => Ok(JobRecord::claim(job(), "api", nonce, NOW, LEASE)),
                    Some(record)
                        if record.state() == State::Stored && digest.is_none() && world.digest.is_some() =>
                    {
                        return Self::Done;
                    }
                    Some(record) => record.reclaim("api", nonce, NOW, LEASE),
                };
                claim.map_or(Self::Done, |claim| Self::Claiming {
                    read,
                    claim: Rc::new(claim.replacing(digest.map(etag))),
                })
            }),
            Self::Claiming { read, claim } => step("an API claims", &|world| {
                if world.swap(read.as_ref(), claim.clone()) {
                    world.claimed_in = claim.epoch();
                    world.marker.write();
                    Self::Claimed(claim.clone())
                } else {
                    Self::Done
                }
            }),
            Self::Claimed(record) => {
                step("the queue takes the job", &|world| {
                    world.has_message = true;
                    Self::Queued(record.clone())
                });
                if world.faults.losses > 0 {
                    step("the queue's answer is lost", &|world| {
                        world.has_message = true;
                        Self::Unqueued(record.clone())
                    });
                    step("the queue fails", &|_| Self::Unqueued(record.clone()));
                }
            }
            Self::Queued(record) => step("an API notes that it is queued", &|world| {
                if let Ok(queued) = record.queued(NOW, LEASE) {
                    world.swap(Some(record), Rc::new(queued));
                }
                Self::Done
            }),
            Self::Unqueued(record) => step("an API releases", &|world| {
                if let Ok(failed) = record.failed(NOW, LEASE, failure())
                    && world.swap(Some(record), Rc::new(failed))
                {
                    world.marker.remove();
                }
                Self::Done
            }),
        }
    }
}

impl Worker {
    /// The records that it remembers.
    pub(super) fn records(&self) -> Vec<&Record> {
        match self {
            Self::Idle => Vec::new(),
            Self::Taken { held, read, .. } => vec![held, read],
            Self::Taking(record, _)
            | Self::Building(record)
            | Self::Renewing(record, ..)
            | Self::Landing(record, ..)
            | Self::Landed(record)
            | Self::Releasing(record) => vec![record],
        }
    }

    /// What it is at, beside the records.
    pub(super) fn at(&self) -> (u8, Option<Content>, Option<Content>) {
        match self {
            Self::Idle => (0, None, None),
            Self::Taking(_, standing) => (1, Some(*standing as u8), None),
            Self::Taken { standing, .. } => (2, Some(*standing as u8), None),
            Self::Building(_) => (3, None, None),
            Self::Renewing(_, content, expected) => (5, Some(*content), *expected),
            Self::Landing(_, content, expected) => (6, Some(*content), *expected),
            Self::Landed(_) => (7, None, None),
            Self::Releasing(_) => (9, None, None),
        }
    }

    pub(super) fn steps(&self, world: &World, at: usize, plant: Plant, steps: &mut Vec<Step>) {
        let mut step = |name, change: &dyn Fn(&mut World) -> Worker| {
            let mut to = world.clone();
            to.workers[at] = change(&mut to);
            let is_fault = name == "an attempt fails";
            if is_fault {
                to.faults.failures = to.faults.failures.saturating_sub(1);
            }
            steps.push(Step { to, is_fault, name });
        };
        match self {
            Self::Idle => {
                if world.has_message {
                    step("a delivery", &|world| look(world, Occasion::Delivery, plant));
                }
                if world.record.is_some() && plant != Plant::NoSweeper {
                    step("a sweep", &|world| look(world, Occasion::Sweep, plant));
                }
            }
            Self::Taking(read, standing) => step("a worker takes", &|world| {
                let nonce = match standing {
                    Standing::ToBuild | Standing::Given => world.nonce(),
                    Standing::Published => read.nonce(),
                };
                let Ok(taken) = read.take("worker", nonce, NOW, LEASE) else {
                    return Self::Idle;
                };
                let (held, read, standing) = (Rc::new(taken), read.clone(), *standing);
                if !world.swap(Some(&read), held.clone()) {
                    return Self::Idle;
                }
                world.marker.write();
                match read.begun_at().is_some() && read.nonce() != held.nonce() {
                    true => Self::Taken { held, read, standing },
                    false => begun(held, standing),
                }
            }),
            Self::Taken { held, read, standing } => {
                step("a worker tidies up behind its predecessor", &|world| {
                    world.of_attempts.remove(&read.nonce());
                    begun(held.clone(), *standing)
                })
            }
            Self::Building(held) => {
                step("a worker builds", &|world| {
                    let (content, epoch) = (world.late_objects, held.epoch());
                    world
                        .of_attempts
                        .insert(held.nonce(), Described { content, epoch });
                    let expected = held
                        .refresh_of()
                        .and_then(|etag| etag.trim_matches('"').parse().ok());
                    Self::Renewing(held.clone(), content, expected)
                });
                if world.faults.failures > 0 {
                    step("an attempt fails", &|world| give_back(world, held));
                }
            }
            Self::Renewing(held, content, expected) => {
                step("a worker renews", &|world| match renewed(world, held) {
                    Some(held) => Self::Landing(held, *content, *expected),
                    None if matches!(plant, Plant::WritesBlindly | Plant::IgnoresLostSwaps) => {
                        Self::Landing(held.clone(), *content, *expected)
                    }
                    None => Self::Idle,
                })
            }
            Self::Landing(held, content, expected) => step("a worker writes the digest", &|world| {
                let present = world.digest.map(|(present, _)| present);
                if present == *expected || plant == Plant::WritesBlindly {
                    world.digest = Some((*content, held.epoch()));
                    return Self::Landed(held.clone());
                }
                if present == Some(*content) {
                    return Self::Landed(held.clone());
                }
                Self::Renewing(held.clone(), *content, present)
            }),
            Self::Landed(held) => step("a worker names the manifest", &|world| {
                if let Some(described) = world.of_attempts.remove(&held.nonce()) {
                    world.manifest = Some(described);
                }
                Self::Releasing(held.clone())
            }),
            Self::Releasing(held) => step("a worker ends the record", &|world| {
                if let Ok(stored) = held.stored(NOW, LEASE)
                    && world.swap(Some(held), Rc::new(stored))
                {
                    world.marker.remove();
                }
                Self::Idle
            }),
        }
    }
}

/// What is to be done by the holder of a record.
fn begun(held: Record, standing: Standing) -> Worker {
    match standing {
        Standing::ToBuild => Worker::Building(held),
        Standing::Given => Worker::Releasing(held),
        Standing::Published => Worker::Landed(held),
    }
}

/// A look at the record, and what it asks for: as `visit.rs` does it. Where another was faster, it looks again.
fn look(world: &mut World, occasion: Occasion, plant: Plant) -> Worker {
    let Some(record) = world.record.clone() else {
        if world.digest.is_some() {
            world.has_message = false;
            return Worker::Idle;
        }
        let claim = JobRecord::claim(job(), "worker", world.nonce(), NOW, LEASE);
        let queued = claim.queued(NOW, LEASE).unwrap_or(claim);
        if world.swap(None, Rc::new(queued)) {
            world.marker.write();
        }
        return Worker::Idle;
    };
    let standing = world.standing(&record, plant);
    match world.decide(&record, occasion) {
        Decision::Ended if occasion == Occasion::Delivery => {
            // The message of an ended job is deleted, whoever ended it.
            world.has_message = false;
            Worker::Idle
        }
        Decision::Ended => {
            if plant != Plant::LeavesMarkers {
                world.marker.remove();
            }
            if standing == Standing::Published {
                // The sweeper's tidying: the manifest gets its name, and the attempt's goes.
                world.manifest = world.of_attempts.remove(&record.nonce()).or(world.manifest);
            } else if record.state() == State::Stored
                && !matches!(plant, Plant::TrustsAnyDigest | Plant::LeavesUntold)
            {
                make_again(world, &record);
            }
            Worker::Idle
        }
        Decision::GiveUp if standing == Standing::ToBuild => {
            if let Ok(failed) = record.failed(NOW, LEASE, failure()) {
                let swapped = world.swap(Some(&record), Rc::new(failed));
                world.was_given_up |= swapped;
                if swapped {
                    world.marker.remove();
                }
            }
            Worker::Idle
        }
        Decision::Take | Decision::TakeOver | Decision::GiveUp => Worker::Taking(record, standing),
        Decision::Wait(_) => Worker::Idle,
    }
}

/// Makes a digest that no manifest describes the business of a new job.
fn make_again(world: &mut World, record: &Record) {
    let told = world.manifest.map(|manifest| manifest.content);
    let Some((content, _)) = world.digest.filter(|(content, _)| told != Some(*content)) else {
        return;
    };
    let (first, second) = (world.nonce(), world.nonce());
    let again = record.reclaim("worker", first, NOW, LEASE).and_then(|claimed| {
        world.claimed_in = claimed.epoch();
        let taken = claimed
            .replacing(Some(etag(content)))
            .take("worker", second, NOW, LEASE)?;
        taken.handed_back(NOW, LEASE, None)
    });
    if let Ok(again) = again {
        world.swap(Some(record), Rc::new(again));
    }
}

/// The lease renewed by a swap; nothing where the record is another's.
fn renewed(world: &mut World, held: &Record) -> Option<Record> {
    let next = Rc::new(held.renewed(NOW, LEASE, None).ok()?);
    world.swap(Some(held), next.clone()).then_some(next)
}

/// A failed attempt: another try, or the end.
fn give_back(world: &mut World, held: &Record) -> Worker {
    let next = if held.attempts() + 1 < MOST {
        held.handed_back(NOW, LEASE, Some(failure()))
    } else {
        held.failed(NOW, LEASE, failure())
    };
    if let Ok(next) = next {
        let ended = next.has_ended();
        match world.swap(Some(held), Rc::new(next)) {
            true if ended => world.marker.remove(),
            true => world.marker.write(),
            false => {}
        }
    }
    Worker::Idle
}

fn job() -> Job {
    let window = Window::from_unix(1_539_734_400, 1_539_738_000);
    Job::new(window.unwrap(), Scope::default())
}

fn failure() -> Failure {
    Failure {
        reason: String::new(),
        transient: true,
    }
}
