//! Interfaces that several flow logs report on. A flow log of a network and one of an interface inside it both deliver the
//! interface's records: the same traffic twice, under two flow logs' ids.
//!
//! Known by the interfaces and actions that each object's records name, and by the times in the objects' names: flow logs
//! of which one ended before the other began do not overlap, nor do two of which one reports what was accepted and the
//! other what was rejected. Nothing is kept where a region has one flow log.
//!
//! Where only the newest is to count, flow logs of a region have turns, the newest first (`preference.rs`). A record does
//! not count if its interface and action were reported by a flow log of an earlier turn, and its object bears a time at
//! which that one was at work.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use digest_core::Actions;
use digest_core::manifest::{Overlap, OverlapExample};
use digest_storage::FlowLogObject;
use foldhash::fast::RandomState;

/// Interfaces that are named.
const MOST_EXAMPLES: usize = 20;
/// Flow logs that are named for each of them.
const MOST_FLOW_LOGS: usize = 10;

/// What is known so far.
#[derive(Debug, Default)]
pub(super) struct Overlaps {
    /// Flow logs of regions that have several, by name.
    flow_logs: Vec<FlowLog>,
    numbers: HashMap<String, usize>,
    newest_counts: bool,
    /// For each interface, the flow logs that report on it.
    interfaces: HashMap<Arc<[u8]>, Reporters, RandomState>,
}

/// A flow log as the plan's list shows it.
#[derive(Debug)]
struct FlowLog {
    name: String,
    region: String,
    /// Its objects' first and last time.
    first: DateTime<Utc>,
    last: DateTime<Utc>,
    /// Flow logs of earlier turns go before it.
    turn: usize,
}

/// What a flow log reports on an interface.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reports {
    /// Its number.
    pub(super) flow_log: usize,
    pub(super) actions: Actions,
    /// First and last time of its objects with records of the interface.
    pub(super) first: DateTime<Utc>,
    pub(super) last: DateTime<Utc>,
}

/// The flow logs that report on an interface: one, nearly always.
#[derive(Debug)]
struct Reporters {
    first: Reports,
    others: Vec<Reports>,
}

impl Reporters {
    fn all(&self) -> impl Iterator<Item = &Reports> {
        [&self.first].into_iter().chain(&self.others)
    }
}

impl Reports {
    /// With another object of the same flow log.
    fn widen(&mut self, other: Self) {
        self.actions = self.actions.with(other.actions);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

impl Overlaps {
    /// What is to be watched among these objects.
    pub(super) fn among(objects: &[FlowLogObject]) -> Self {
        let mut by_region: BTreeMap<&str, BTreeMap<String, FlowLog>> = BTreeMap::new();
        for object in objects.iter().filter(|object| !object.flow_log_id.is_empty()) {
            let of_region = by_region.entry(&object.region).or_default();
            let flow_log = of_region.entry(name(object)).or_insert_with(|| FlowLog {
                name: name(object),
                region: object.region.clone(),
                first: object.named,
                last: object.named,
                turn: 0,
            });
            flow_log.first = flow_log.first.min(object.named);
            flow_log.last = flow_log.last.max(object.named);
        }
        let several = by_region.into_values().filter(|flow_logs| flow_logs.len() > 1);
        let mut flow_logs: Vec<FlowLog> = several.flat_map(BTreeMap::into_values).collect();
        flow_logs.sort_by(|one, other| (&one.name, &one.region).cmp(&(&other.name, &other.region)));
        let keys = flow_logs
            .iter()
            .map(|flow_log| key(&flow_log.name, &flow_log.region));
        Self {
            numbers: keys.zip(0..).collect(),
            flow_logs,
            newest_counts: false,
            interfaces: HashMap::default(),
        }
    }

    /// The flow logs that are watched: as many as [`Overlaps::take_turns`] wants to hear of.
    pub(super) fn watched(&self) -> usize {
        self.flow_logs.len()
    }

    /// The number of an object's flow log, if it is watched.
    pub(super) fn number(&self, object: &FlowLogObject) -> Option<usize> {
        if self.flow_logs.is_empty() {
            return None;
        }
        self.numbers.get(&key(&name(object), &object.region)).copied()
    }

    /// From here on only the newest flow log of an interface counts. `novelty` has each flow log's, by number; among
    /// equals the name decides.
    pub(super) fn take_turns<N: Ord>(&mut self, novelty: &[N]) {
        self.newest_counts = true;
        let mut newest_first: Vec<usize> = (0..self.flow_logs.len()).collect();
        newest_first.sort_by_key(|&number| std::cmp::Reverse((novelty.get(number), number)));
        let mut next: HashMap<String, usize> = HashMap::new();
        for number in newest_first {
            if let Some(flow_log) = self.flow_logs.get_mut(number) {
                let turn = next.entry(flow_log.region.clone()).or_default();
                flow_log.turn = *turn;
                *turn += 1;
            }
        }
    }

    /// When an object is read: behind those of all earlier turns.
    pub(super) fn turn(&self, object: &FlowLogObject) -> usize {
        let flow_log = self.number(object).and_then(|number| self.flow_logs.get(number));
        flow_log.map_or(0, |flow_log| flow_log.turn)
    }

    /// Whether only the newest flow log of an interface counts.
    pub(super) fn newest_counts(&self) -> bool {
        self.newest_counts
    }

    /// The flow logs that go before an object's records, sorted. Those of earlier turns have been entered.
    pub(super) fn earlier(&self, object: &FlowLogObject) -> Vec<usize> {
        let own = self.number(object).and_then(|number| self.flow_logs.get(number));
        let Some(own) = own else { return Vec::new() };
        let earlier = self.flow_logs.iter().enumerate().filter(|(_, other)| {
            other.turn < own.turn && other.region == own.region && other.was_at_work(object.named, own)
        });
        earlier.map(|(number, _)| number).collect()
    }

    /// Whether one of these flow logs, which are sorted, reports on the interface's records of any of these actions.
    pub(super) fn have(&self, flow_logs: &[usize], interface: &[u8], actions: Actions) -> bool {
        self.interfaces.get(interface).is_some_and(|reports| {
            reports.all().any(|reports| {
                reports.actions.meet(actions) && flow_logs.binary_search(&reports.flow_log).is_ok()
            })
        })
    }

    /// Makes room for so many interfaces.
    pub(super) fn reserve(&mut self, interfaces: usize) {
        self.interfaces
            .reserve(interfaces.saturating_sub(self.interfaces.len()));
    }

    /// Enters what a flow log reports on an interface.
    pub(super) fn enter(&mut self, interface: &Arc<[u8]>, here: Reports) {
        let Some(reporters) = self.interfaces.get_mut(interface) else {
            let reporters = Reporters {
                first: here,
                others: Vec::new(),
            };
            self.interfaces.insert(Arc::clone(interface), reporters);
            return;
        };
        let Reporters { first, others } = reporters;
        if first.flow_log == here.flow_log {
            first.widen(here);
        } else if let Some(known) = others.iter_mut().find(|known| known.flow_log == here.flow_log) {
            known.widen(here);
        } else {
            others.push(here);
        }
    }

    /// What several flow logs report at once.
    pub(super) fn found(&self) -> Option<Overlap> {
        let mut overlapping: Vec<(&Arc<[u8]>, Vec<usize>)> = Vec::new();
        let several = self
            .interfaces
            .iter()
            .filter(|(_, reports)| !reports.others.is_empty());
        for (interface, reports) in several {
            let meets = |one: &Reports| {
                reports.all().any(|other| {
                    other.flow_log != one.flow_log
                        && other.actions.meet(one.actions)
                        && other.first <= one.last
                        && one.first <= other.last
                })
            };
            let mut flow_logs: Vec<usize> = reports
                .all()
                .filter(|one| meets(one))
                .map(|one| one.flow_log)
                .collect();
            flow_logs.sort_unstable();
            if !flow_logs.is_empty() {
                overlapping.push((interface, flow_logs));
            }
        }
        if overlapping.is_empty() {
            return None;
        }
        overlapping.sort_unstable();
        let flow_logs: BTreeSet<usize> = overlapping
            .iter()
            .flat_map(|(_, flow_logs)| flow_logs)
            .copied()
            .collect();
        let examples = overlapping
            .iter()
            .take(MOST_EXAMPLES)
            .map(|(interface, flow_logs)| {
                let named = flow_logs.iter().filter_map(|&number| self.flow_logs.get(number));
                OverlapExample {
                    interface: String::from_utf8_lossy(interface).into_owned(),
                    flow_logs: named
                        .take(MOST_FLOW_LOGS)
                        .map(|flow_log| flow_log.name.clone())
                        .collect(),
                }
            });
        Some(Overlap {
            interfaces: overlapping.len() as u64,
            flow_logs: flow_logs.len() as u64,
            newest_counts: self.newest_counts,
            examples: examples.collect(),
        })
    }
}

impl FlowLog {
    /// Whether it delivered objects at a time of another one's. In the step of time in which it began later than the other,
    /// or ended earlier, it may lack what the other has: there it was not yet, or no longer, at work.
    fn was_at_work(&self, time: DateTime<Utc>, other: &Self) -> bool {
        let begun = self.first < time || self.first == time && self.first <= other.first;
        let ended = self.last < time || self.last == time && self.last < other.last;
        begun && !ended
    }
}

/// A flow log's id, behind its place where there are several.
fn name(object: &FlowLogObject) -> String {
    let id = object.flow_log_id.as_str();
    let place = object.place.as_deref();
    place.map_or_else(|| id.to_owned(), |place| format!("{place} {id}"))
}

/// Ids are of one region as a rule; nothing says that they must be.
fn key(name: &str, region: &str) -> String {
    format!("{region} {name}")
}

#[cfg(test)]
mod tests;
