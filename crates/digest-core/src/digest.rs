//! A finished digest: every edge once, in an order that depends on the records alone.

use std::net::IpAddr;

use crate::address::Address;
use crate::edge::Edge;
use crate::flow_record::{ABSENT, Span};
use crate::history::History;
use crate::key::KeyAddress;
use crate::table::{Entry, Owner, Parts};
use crate::tally::ObjectTally;

/// Sorted edges, the span of their records and the tally of what was read.
#[derive(Debug)]
pub struct Digest {
    entries: Vec<Entry>,
    histories: Option<Vec<History>>,
    names: Vec<Vec<u8>>,
    owners: Vec<Owner>,
    addresses: Vec<u128>,
    span: Option<Span>,
    tally: ObjectTally,
}

impl Digest {
    /// Sorts a table's parts: first what its numbers stand for, so that they become ranks, then the edges by them.
    pub(crate) fn new(parts: Parts, tally: ObjectTally) -> Self {
        let Parts {
            mut entries,
            histories,
            names,
            owners,
            addresses,
            span,
        } = parts;
        let (names, name_ranks) = ranked(names, |name| (name != ABSENT, name.clone()));
        let rank = |name: u32| name_ranks.get(name as usize).copied().unwrap_or_default();
        let owners = owners
            .into_iter()
            .map(|(account, interface)| (rank(account), rank(interface)))
            .collect();
        let (owners, owner_ranks) = ranked(owners, |&owner| owner);
        let (addresses, address_ranks) = ranked(addresses, |&address| address);
        for entry in &mut entries {
            entry.key = entry.key.renumbered(&owner_ranks, &address_ranks, &name_ranks);
        }
        // Actions are ordered by bytes alone: `-` has no place of its own among them.
        let action = |entry: &Entry| names.get(entry.key.action as usize);
        entries.sort_unstable_by(|one, other| {
            let ranks = one.key.rank().cmp(&other.key.rank());
            ranks.then_with(|| action(one).cmp(&action(other)))
        });
        Self {
            entries,
            histories,
            names,
            owners,
            addresses,
            span,
            tally,
        }
    }

    /// Number of edges, hence of lines.
    #[must_use]
    pub fn edges(&self) -> usize {
        self.entries.len()
    }

    /// Sum of all edges' packets.
    #[must_use]
    pub fn packets(&self) -> u128 {
        self.entries.iter().map(|entry| u128::from(entry.packets)).sum()
    }

    /// Sum of all edges' bytes.
    #[must_use]
    pub fn bytes(&self) -> u128 {
        self.entries.iter().map(|entry| u128::from(entry.bytes)).sum()
    }

    /// Least start and greatest end of the records counted, Unix seconds; `None` if there were none.
    #[must_use]
    pub fn span(&self) -> Option<(i64, i64)> {
        self.span.map(|Span { start, end }| (start, end))
    }

    /// What became of the rows of all objects.
    #[must_use]
    pub fn tally(&self) -> &ObjectTally {
        &self.tally
    }

    /// The edges in the digest's order.
    pub fn lines(&self) -> impl Iterator<Item = Edge<'_>> {
        self.entries.iter().map(|entry| self.edge(entry))
    }

    fn edge(&self, entry: &Entry) -> Edge<'_> {
        let key = &entry.key;
        let (account, interface) = self.owners.get(key.owner as usize).copied().unwrap_or_default();
        let histories = self.histories.as_ref();
        Edge {
            account_id: self.name(account),
            interface_id: self.name(interface),
            srcaddr: self.address(key.src()),
            dstaddr: self.address(key.dst()),
            ports: key.ports(),
            protocol: key.protocol,
            packets: entry.packets,
            bytes: entry.bytes,
            action: self.name(key.action),
            history: histories.and_then(|histories| histories.get(entry.history as usize)),
        }
    }

    fn name(&self, number: u32) -> &[u8] {
        self.names.get(number as usize).map_or(ABSENT, Vec::as_slice)
    }

    fn address(&self, address: KeyAddress) -> IpAddr {
        IpAddr::from(match address {
            KeyAddress::V4(value) => Address::V4(value),
            KeyAddress::V6(rank) => {
                Address::V6(self.addresses.get(rank as usize).copied().unwrap_or_default())
            }
        })
    }
}

/// Sorts values, and says for each old number which rank it has now.
fn ranked<T, K: Ord>(values: Vec<T>, key: impl Fn(&T) -> K) -> (Vec<T>, Vec<u32>) {
    let mut numbered: Vec<(usize, T)> = values.into_iter().enumerate().collect();
    numbered.sort_by_cached_key(|(_, value)| key(value));
    let mut ranks = vec![0; numbered.len()];
    for (rank, (number, _)) in (0..).zip(&numbered) {
        if let Some(place) = ranks.get_mut(*number) {
            *place = rank;
        }
    }
    (numbered.into_iter().map(|(_, value)| value).collect(), ranks)
}
