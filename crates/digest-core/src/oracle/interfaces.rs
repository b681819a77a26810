//! What the oracle knows of each interface: everything that was said of it, kept until the end.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::Answer;
use super::names::is_known;
use crate::window::Window;

/// Account and interface, each with whether it is there, so that `-` comes first.
pub type InterfaceKey = ((bool, Vec<u8>), (bool, Vec<u8>));

/// An interface.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "named as in the kernel, where they are described")]
pub struct Interface {
    pub records: u64,
    pub no_data: u64,
    pub skip_data: u64,
    pub seen: Option<(i64, i64)>,
    pub minutes: u64,
    /// Spans as rows say them; in the end those that touch are one.
    pub reported: Vec<(i64, i64)>,
    /// `None`: no record of the family.
    pub ipv4: Option<BTreeSet<IpAddr>>,
    pub ipv6: Option<BTreeSet<IpAddr>>,
    /// When each fact was told to be what; in the end what it was last, at no time.
    pub told: BTreeMap<String, BTreeSet<(i64, Vec<u8>)>>,
    pub changed: BTreeSet<String>,
}

/// The interface of a row.
pub(super) fn of<'a>(row: &BTreeMap<&[u8], &[u8]>, into: &'a mut Answer) -> &'a mut Interface {
    let text = |name: &str| row.get(name.as_bytes()).copied();
    let first = |name: &[u8]| (name != b"-", name.to_vec());
    let account = text("account-id").unwrap_or(b"-");
    let interface = text("interface-id").or(text("tgw-attachment-id")).unwrap_or(b"-");
    into.interfaces
        .entry((first(account), first(interface)))
        .or_default()
}

impl Interface {
    pub(super) fn see(&mut self, row: &BTreeMap<&[u8], &[u8]>, start: i64, end: i64) {
        let (least, greatest) = self.seen.unwrap_or((start, end));
        self.seen = Some((least.min(start), greatest.max(end)));
        for (name, value) in told(row).filter(|(name, _)| has_name(row) || !is_of_edge(name)) {
            self.told.entry(name).or_default().insert((start, value));
        }
    }

    pub(super) fn talk(&mut self, src: IpAddr, dst: IpAddr) {
        for (common, is_v4) in [(&mut self.ipv4, true), (&mut self.ipv6, false)] {
            let sides = [src, dst].into_iter().filter(|side| side.is_ipv4() == is_v4);
            let sides: BTreeSet<IpAddr> = sides.collect();
            if !sides.is_empty() {
                *common = Some(match common.take() {
                    Some(known) => known.intersection(&sides).copied().collect(),
                    None => sides,
                });
            }
        }
    }

    pub(super) fn settle(&mut self, window: Option<Window>) {
        let minutes = |(start, end): &(i64, i64)| (start.div_euclid(60), *end.max(start) / 60 + 1);
        let mut spans: Vec<(i64, i64)> = self.reported.iter().map(minutes).collect();
        spans.sort_unstable();
        let mut merged: Vec<(i64, i64)> = Vec::new();
        for (from, to) in spans {
            match merged.last_mut().filter(|last| from <= last.1) {
                Some(last) => last.1 = last.1.max(to),
                None => merged.push((from, to)),
            }
        }
        let inside = |&(from, to): &(i64, i64)| match window {
            Some(window) => {
                let (start, stop) = (window.start_unix() / 60, window.stop_unix() / 60);
                (to.min(stop) - from.max(start)).max(0) as u64
            }
            None => (to - from) as u64,
        };
        self.minutes = merged.iter().map(inside).sum();
        let seconds = |(from, to): (i64, i64)| (from.saturating_mul(60), to.saturating_mul(60));
        self.reported = merged.into_iter().map(seconds).collect();
        for (name, values) in &mut self.told {
            let distinct: BTreeSet<&Vec<u8>> = values.iter().map(|(_, value)| value).collect();
            if distinct.len() > 1 {
                self.changed.insert(name.clone());
            }
            let last = values.pop_last().map(|(_, value)| (0, value));
            *values = last.into_iter().collect();
        }
    }
}

/// What a row tells of its interface.
fn told(row: &BTreeMap<&[u8], &[u8]>) -> impl Iterator<Item = (String, Vec<u8>)> {
    let columns = row
        .iter()
        .map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), *value));
    let told = columns.filter(|(name, value)| is_fact(name) && *value != b"-" && value.len() <= 4096);
    told.map(|(name, value)| (name, value.to_vec()))
}

/// What it tells of its edge, for want of an interface that has a name.
pub(super) fn told_of_edge(row: &BTreeMap<&[u8], &[u8]>) -> BTreeMap<String, Vec<u8>> {
    told(row)
        .filter(|(name, _)| !has_name(row) && is_of_edge(name))
        .collect()
}

fn has_name(row: &BTreeMap<&[u8], &[u8]>) -> bool {
    ["interface-id", "tgw-attachment-id"]
        .iter()
        .any(|name| row.contains_key(name.as_bytes()))
}

fn is_of_edge(name: &str) -> bool {
    name.contains("-tag") || ["vpc-id", "subnet-id", "instance-id"].contains(&name)
}

/// A column that no format has may be named like one of these all the same.
fn is_fact(name: &str) -> bool {
    let is_named_so = name.ends_with("-tag")
        || name.ends_with("-tag-2")
        || name.starts_with("ecs-")
        || name.starts_with("sublocation-")
        || [
            "vpc-id",
            "subnet-id",
            "az-id",
            "region",
            "instance-id",
            "interface-type",
            "resource-id",
            "tgw-id",
        ]
        .contains(&name);
    is_named_so && is_known(name.as_bytes())
}
