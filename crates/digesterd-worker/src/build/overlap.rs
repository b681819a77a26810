//! Interfaces that several flow logs report on. A flow log of a network and one of an interface inside it both deliver the
//! interface's records: the same traffic twice, under two flow logs' ids.
//!
//! Known by the interfaces that each object's records name, and by the times in the objects' names: flow logs of which
//! one ended before the other began do not overlap. Nothing is kept where a region has one flow log. That two flow logs
//! divide an interface's records between them (one takes what is accepted, one what is rejected) cannot be told.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use digest_core::manifest::{Overlap, OverlapExample};
use digest_storage::FlowLogObject;

/// Interfaces that are named.
const MOST_EXAMPLES: usize = 20;
/// Flow logs that are named for each of them.
const MOST_FLOW_LOGS: usize = 10;

/// What is known so far.
#[derive(Debug, Default)]
pub(super) struct Overlaps {
    /// Names of flow logs, by their number; of regions that have several.
    flow_logs: Vec<String>,
    numbers: HashMap<String, usize>,
    /// For each interface, the flow logs that report on it and their objects' first and last time.
    interfaces: HashMap<Vec<u8>, Vec<Reports>>,
}

#[derive(Debug, Clone, Copy)]
struct Reports {
    flow_log: usize,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
}

impl Overlaps {
    /// What is to be watched among these objects.
    pub(super) fn among(objects: &[FlowLogObject]) -> Self {
        let mut by_region: BTreeMap<&str, BTreeSet<(Option<&str>, &str)>> = BTreeMap::new();
        for object in objects.iter().filter(|object| !object.flow_log_id.is_empty()) {
            let flow_log = (object.place.as_deref(), object.flow_log_id.as_str());
            by_region.entry(&object.region).or_default().insert(flow_log);
        }
        let several = by_region.into_values().filter(|flow_logs| flow_logs.len() > 1);
        let flow_logs: BTreeSet<String> = several.flatten().map(|(place, id)| name(place, id)).collect();
        let flow_logs: Vec<String> = flow_logs.into_iter().collect();
        let numbers = flow_logs.iter().cloned().zip(0..).collect();
        Self {
            flow_logs,
            numbers,
            interfaces: HashMap::new(),
        }
    }

    /// Enters the interfaces of an object.
    pub(super) fn enter(&mut self, object: &FlowLogObject, interfaces: &[Vec<u8>]) {
        if self.flow_logs.is_empty() {
            return;
        }
        let flow_log = name(object.place.as_deref(), &object.flow_log_id);
        let Some(&flow_log) = self.numbers.get(&flow_log) else {
            return;
        };
        for interface in interfaces {
            // Most interfaces are known: no name is copied for them.
            let reports = match self.interfaces.get_mut(interface) {
                Some(reports) => reports,
                None => self.interfaces.entry(interface.clone()).or_default(),
            };
            match reports.iter_mut().find(|reports| reports.flow_log == flow_log) {
                Some(reports) => {
                    reports.first = reports.first.min(object.named);
                    reports.last = reports.last.max(object.named);
                }
                None => reports.push(Reports {
                    flow_log,
                    first: object.named,
                    last: object.named,
                }),
            }
        }
    }

    /// What several flow logs report at once.
    pub(super) fn found(&self) -> Option<Overlap> {
        let mut overlapping: Vec<(&Vec<u8>, Vec<usize>)> = Vec::new();
        for (interface, reports) in self.interfaces.iter().filter(|(_, reports)| reports.len() > 1) {
            let meets = |one: &Reports| {
                reports.iter().any(|other| {
                    other.flow_log != one.flow_log && other.first <= one.last && one.first <= other.last
                })
            };
            let mut flow_logs: Vec<usize> = reports
                .iter()
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
                let named = flow_logs
                    .iter()
                    .filter_map(|&number| self.flow_logs.get(number).cloned());
                OverlapExample {
                    interface: String::from_utf8_lossy(interface).into_owned(),
                    flow_logs: named.take(MOST_FLOW_LOGS).collect(),
                }
            });
        Some(Overlap {
            interfaces: overlapping.len() as u64,
            flow_logs: flow_logs.len() as u64,
            examples: examples.collect(),
        })
    }
}

fn name(place: Option<&str>, id: &str) -> String {
    place.map_or_else(|| id.to_owned(), |place| format!("{place} {id}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::TimeDelta;

    use super::*;

    fn object(place: Option<&str>, region: &str, flow_log: &str, minutes: i64) -> FlowLogObject {
        FlowLogObject {
            place: place.map(Arc::from),
            key: format!("{flow_log}-{minutes}"),
            size: 1,
            etag: None,
            account: "1".to_owned(),
            region: region.to_owned(),
            flow_log_id: flow_log.to_owned(),
            named: DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes),
        }
    }

    fn found(objects: &[(FlowLogObject, &[&str])]) -> Option<Overlap> {
        let all: Vec<_> = objects.iter().map(|(object, _)| object.clone()).collect();
        let mut overlaps = Overlaps::among(&all);
        for (object, interfaces) in objects {
            let names: Vec<_> = interfaces.iter().map(|name| name.as_bytes().to_owned()).collect();
            overlaps.enter(object, &names);
        }
        overlaps.found()
    }

    #[test]
    fn an_interface_of_two_flow_logs_at_one_time_overlaps() {
        let overlap = found(&[
            (object(None, "r", "fl-b", 0), &["eni-1", "eni-2", "eni-2"]),
            (object(None, "r", "fl-b", 10), &["eni-2"]),
            (object(None, "r", "fl-a", 5), &["eni-2", "eni-3"]),
            (object(None, "s", "fl-c", 5), &["eni-4"]),
        ])
        .unwrap();
        assert_eq!((overlap.interfaces, overlap.flow_logs), (1, 2));
        assert_eq!(overlap.examples[0].interface, "eni-2");
        assert_eq!(overlap.examples[0].flow_logs, ["fl-a", "fl-b"]);
    }

    #[test]
    fn one_flow_log_after_the_other_is_none() {
        let after = found(&[
            (object(None, "r", "fl-a", 0), &["eni-1"]),
            (object(None, "r", "fl-a", 5), &["eni-1"]),
            (object(None, "r", "fl-b", 10), &["eni-1"]),
        ]);
        assert_eq!(after, None);
    }

    #[test]
    fn one_flow_log_in_two_places_overlaps_with_itself() {
        let overlap = found(&[
            (object(Some("s3://a"), "r", "fl-a", 0), &["eni-1"]),
            (object(Some("s3://b"), "r", "fl-a", 0), &["eni-1"]),
        ])
        .unwrap();
        assert_eq!(overlap.examples[0].flow_logs, ["s3://a fl-a", "s3://b fl-a"]);
    }

    #[test]
    fn lists_are_bounded_and_counts_are_not() {
        let names: Vec<String> = (0..100).map(|number| format!("eni-{number:03}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let objects: Vec<_> = (0..30)
            .map(|number| (object(None, "r", &format!("fl-{number:02}"), 0), &names[..]))
            .collect();
        let overlap = found(&objects).unwrap();
        assert_eq!((overlap.interfaces, overlap.flow_logs), (100, 30));
        assert_eq!(
            (overlap.examples.len(), overlap.examples[0].flow_logs.len()),
            (20, 10)
        );
    }

    #[test]
    fn nothing_is_kept_where_regions_have_one_flow_log_each() {
        let objects = [object(None, "r", "fl-a", 0), object(None, "s", "fl-b", 0)];
        let mut overlaps = Overlaps::among(&objects);
        overlaps.enter(&objects[0], &[b"eni-1".to_vec()]);
        assert!(overlaps.interfaces.is_empty() && overlaps.found().is_none());
    }
}
