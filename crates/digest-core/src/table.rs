//! The group table: one compact entry per edge, found by a binary key.
//!
//! A row costs no allocation: account, interface, action and IPv6 addresses are interned once and named by number.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::address::Address;
use crate::error::FoldError;
use crate::flow_record::{ABSENT, FlowRecord, Span};
use crate::history::History;
use crate::intern::Interner;
use crate::key::{FoldedPorts, Key, KeyAddress};
use crate::number::MOST_COUNTER;

/// Entries given back to the allocator at a time while a table is merged away.
const SHRINK_STEP: usize = 1 << 20;

/// Account and interface, as numbers of names.
pub(crate) type Owner = (u32, u32);

/// One edge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    /// Place of the edge's history, where it is kept; in a table it is the entry's own place.
    pub(crate) history: u32,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
}

/// All edges of some records.
#[derive(Debug)]
pub(crate) struct Table {
    hasher: RandomState,
    index: HashTable<u32>,
    entries: Vec<Entry>,
    keep_history: bool,
    histories: Vec<History>,
    names: Interner<Vec<u8>>,
    owners: Interner<Owner>,
    addresses: Interner<u128>,
    span: Option<Span>,
    last: LastSeen,
}

/// A finished table's contents.
pub(crate) struct Parts {
    pub(crate) entries: Vec<Entry>,
    pub(crate) histories: Option<Vec<History>>,
    pub(crate) names: Vec<Vec<u8>>,
    pub(crate) owners: Vec<Owner>,
    pub(crate) addresses: Vec<u128>,
    /// Least start and greatest end of all records.
    pub(crate) span: Option<Span>,
}

/// The names of the last record: flow logs come in bursts of one interface.
#[derive(Debug, Default)]
struct LastSeen {
    account: Vec<u8>,
    interface: Vec<u8>,
    owner: u32,
    action: Vec<u8>,
    action_name: u32,
}

impl Table {
    pub(crate) fn new(keep_history: bool) -> Self {
        Self {
            hasher: RandomState::default(),
            index: HashTable::new(),
            entries: Vec::new(),
            keep_history,
            histories: Vec::new(),
            names: Interner::new(),
            owners: Interner::new(),
            addresses: Interner::new(),
            span: None,
            last: LastSeen::default(),
        }
    }

    /// Number of edges.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Folds one record in.
    #[inline]
    pub(crate) fn add(&mut self, record: &FlowRecord<'_>) -> Result<(), FoldError> {
        let ports = FoldedPorts::of(record.ports);
        let key = Key::new(
            self.owner(record.account, record.interface)?,
            self.address(record.src)?,
            self.address(record.dst)?,
            ports,
            record.protocol,
            self.action(record.action)?,
        );
        self.widen(record.span);
        let history = self.keep_history.then(|| History::of(record, ports.folded));
        self.sum(key, record.packets, record.bytes, history)
    }

    /// Moves all of another table in; the lesser of the two is the one that is taken apart.
    pub(crate) fn merge(&mut self, mut other: Self) -> Result<(), FoldError> {
        if other.len() > self.len() {
            std::mem::swap(self, &mut other);
        }
        if let Some(span) = other.span {
            self.widen(span);
        }
        let Parts {
            mut entries,
            mut histories,
            names,
            owners,
            addresses,
            ..
        } = other.into_parts();
        let names = renumber(&names, |name| self.names.intern(name.as_slice()))?;
        let owners = renumber(&owners, |&(account, interface)| {
            let named = |number: u32| names.get(number as usize).copied();
            self.owners.intern(&(named(account)?, named(interface)?))
        })?;
        let addresses = renumber(&addresses, |address| self.addresses.intern(address))?;
        // Taken from the end, giving memory back on the way: two tables never stand beside their sum.
        while let Some(entry) = entries.pop() {
            let history = histories.as_mut().and_then(Vec::pop);
            if entries.len().is_multiple_of(SHRINK_STEP) {
                entries.shrink_to_fit();
                histories.iter_mut().for_each(Vec::shrink_to_fit);
            }
            let key = entry.key.renumbered(&owners, &addresses, &names);
            self.sum(key, entry.packets, entry.bytes, history)?;
        }
        Ok(())
    }

    /// Takes the table apart.
    pub(crate) fn into_parts(self) -> Parts {
        Parts {
            entries: self.entries,
            histories: self.keep_history.then_some(self.histories),
            names: self.names.into_values(),
            owners: self.owners.into_values(),
            addresses: self.addresses.into_values(),
            span: self.span,
        }
    }

    /// Adds sums to the edge of a key, new or known.
    #[inline]
    fn sum(&mut self, key: Key, packets: u64, bytes: u64, history: Option<History>) -> Result<(), FoldError> {
        let hash = self.hasher.hash_one(key);
        let entries = &self.entries;
        let same = |&at: &u32| entries.get(at as usize).is_some_and(|entry| entry.key == key);
        if let Some(&at) = self.index.find(hash, same) {
            let Some(entry) = self.entries.get_mut(at as usize) else {
                return Ok(());
            };
            // Both sums are below 2^63, so that adding cannot wrap.
            entry.packets += packets;
            entry.bytes += bytes;
            if entry.packets > MOST_COUNTER || entry.bytes > MOST_COUNTER {
                let measure = if entry.packets > MOST_COUNTER {
                    "packets"
                } else {
                    "bytes"
                };
                return Err(self.overflow(measure, &key));
            }
            let known = entry.history as usize;
            if let (Some(history), Some(known)) = (history, self.histories.get_mut(known)) {
                known.merge(&history);
            }
            return Ok(());
        }
        let Ok(at) = u32::try_from(self.entries.len()) else {
            return Err(self.overflow("edges", &key));
        };
        self.entries.push(Entry {
            key,
            history: at,
            packets,
            bytes,
        });
        self.histories.extend(history);
        let (entries, hasher) = (&self.entries, &self.hasher);
        self.index.insert_unique(hash, at, |&at| {
            entries
                .get(at as usize)
                .map_or(0, |entry| hasher.hash_one(entry.key))
        });
        Ok(())
    }

    #[inline]
    fn owner(&mut self, account: &[u8], interface: &[u8]) -> Result<u32, FoldError> {
        if self.last.interface == interface && self.last.account == account {
            return Ok(self.last.owner);
        }
        let number = |name: Option<u32>| name.ok_or_else(|| too_many("names"));
        let pair = (
            number(self.names.intern(account))?,
            number(self.names.intern(interface))?,
        );
        self.last.owner = self.owners.intern(&pair).ok_or_else(|| too_many("interfaces"))?;
        copy(&mut self.last.account, account);
        copy(&mut self.last.interface, interface);
        Ok(self.last.owner)
    }

    #[inline]
    fn action(&mut self, action: &[u8]) -> Result<u32, FoldError> {
        if self.last.action != action {
            self.last.action_name = self.names.intern(action).ok_or_else(|| too_many("names"))?;
            copy(&mut self.last.action, action);
        }
        Ok(self.last.action_name)
    }

    #[inline]
    fn address(&mut self, address: Address) -> Result<KeyAddress, FoldError> {
        Ok(match address {
            Address::V4(value) => KeyAddress::V4(value),
            Address::V6(value) => {
                let number = self.addresses.intern(&value);
                KeyAddress::V6(number.ok_or_else(|| too_many("IPv6 addresses"))?)
            }
        })
    }

    #[inline]
    fn widen(&mut self, span: Span) {
        let known = self.span.get_or_insert(span);
        known.start = known.start.min(span.start);
        known.end = known.end.max(span.end);
    }

    /// An overflow, with the edge in words.
    #[cold]
    fn overflow(&self, measure: &'static str, key: &Key) -> FoldError {
        let name = |number: u32| {
            let name = self.names.get(number).map_or(ABSENT, Vec::as_slice);
            String::from_utf8_lossy(name).into_owned()
        };
        let address = |address: KeyAddress| {
            std::net::IpAddr::from(match address {
                KeyAddress::V4(value) => Address::V4(value),
                KeyAddress::V6(number) => {
                    Address::V6(self.addresses.get(number).copied().unwrap_or_default())
                }
            })
        };
        let (account, interface) = self.owners.get(key.owner).copied().unwrap_or_default();
        let (src, dst) = (address(key.src()), address(key.dst()));
        let ports = key
            .ports()
            .map_or("- -".to_owned(), |(src, dst)| format!("{src} {dst}"));
        FoldError::Overflow {
            measure,
            edge: format!(
                "{} {} {src} {dst} {ports} {} {}",
                name(account),
                name(interface),
                key.protocol,
                name(key.action)
            ),
        }
    }
}

/// The numbers that another table gives to these values.
fn renumber<T>(values: &[T], intern: impl FnMut(&T) -> Option<u32>) -> Result<Vec<u32>, FoldError> {
    values
        .iter()
        .map(intern)
        .collect::<Option<_>>()
        .ok_or_else(|| too_many("names"))
}

fn copy(to: &mut Vec<u8>, from: &[u8]) {
    to.clear();
    to.extend_from_slice(from);
}

#[cold]
fn too_many(measure: &'static str) -> FoldError {
    FoldError::Overflow {
        measure,
        edge: "more distinct values than a digest can number".to_owned(),
    }
}
