//! A thread's own side of the tables: a log of records for each interface, and memories of names and numbers.
//!
//! The parser appends records to the log of their interface, which costs a sequential write. A full log is folded into
//! the interface's table under its lock: hundreds of records on one table, whose lines then are in the cache. Where
//! interfaces are very many, logs are shorter, so that all of them stay within [`MOST_HELD`].

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::address::Address;
use crate::addresses::Remembered;
use crate::compact_record::CompactRecord;
use crate::error::FoldError;
use crate::flow_record::{ABSENT, FlowRecord, Span};
use crate::history::History;
use crate::key::{FoldedPorts, Key, KeyAddress};
use crate::memory::Memory;
use crate::tables::{Interface, Tables, too_many};

/// Addresses that are asked for before the first of them is looked up.
const TOGETHER: usize = 64;
/// Records of a log before it is folded.
const MOST_RECORDS: usize = 256;
/// Least records of a log, however many interfaces there are.
const LEAST_RECORDS: usize = 8;
/// Bytes of all logs of a thread, about, and the part of a budget that they may take at most.
const MOST_HELD: usize = 24 << 20;
const BUDGET_PART: usize = 16;
/// Bytes that an interface takes beside its names and its groups, in the tables and in one thread, about.
const HELD_EACH: usize = 400;

/// A thread's logs and memories.
#[derive(Debug)]
pub(crate) struct Logs<M: Memory> {
    shared: Arc<Tables<M>>,
    hasher: RandomState,
    lookup: HashTable<u32>,
    known: Vec<Known<M>>,
    /// Records of a log before it is folded, now.
    length: usize,
    /// Bytes of all logs, about.
    most_held: usize,
    remembered: Remembered,
    action: (Vec<u8>, u32),
    astray: Vec<CompactRecord>,
    /// Interfaces of the object that is being read, and its number.
    met: Vec<Arc<Interface<M>>>,
    object: u32,
    /// Least start and greatest end of all records.
    pub(crate) span: Option<Span>,
}

/// An interface that this thread has met.
#[derive(Debug)]
struct Known<M: Memory> {
    log: Vec<CompactRecord>,
    interface: Arc<Interface<M>>,
    /// The object in which it was met last.
    object: u32,
}

impl<M: Memory> Logs<M> {
    pub(crate) fn new(shared: Arc<Tables<M>>) -> Self {
        Self {
            most_held: shared
                .spilling
                .limit()
                .map_or(MOST_HELD, |limit| MOST_HELD.min(limit / BUDGET_PART)),
            shared,
            hasher: RandomState::default(),
            lookup: HashTable::new(),
            known: Vec::new(),
            length: MOST_RECORDS,
            remembered: Remembered::default(),
            action: (Vec::new(), u32::MAX),
            astray: Vec::new(),
            met: Vec::new(),
            object: 0,
            span: None,
        }
    }

    /// This thread's number of an interface.
    #[inline]
    pub(crate) fn interface(&mut self, account: &[u8], interface: &[u8]) -> Result<u32, FoldError> {
        let hash = self.hasher.hash_one((account, interface));
        let same = |&at: &u32| {
            self.known.get(at as usize).is_some_and(|known| {
                known.interface.interface == interface && known.interface.account == account
            })
        };
        let at = match self.lookup.find(hash, same) {
            Some(&at) => at,
            None => self.meet(account, interface, hash)?,
        };
        if let Some(known) = self.known.get_mut(at as usize)
            && known.object != self.object
        {
            known.object = self.object;
            self.met.push(Arc::clone(&known.interface));
        }
        Ok(at)
    }

    /// Another object begins.
    pub(crate) fn begin_object(&mut self) {
        self.object = self.object.wrapping_add(1);
        self.met.clear();
    }

    /// Names of the interfaces that records of the object have named, some of them perhaps twice.
    pub(crate) fn end_object(&mut self) -> Vec<Vec<u8>> {
        let met = self.met.drain(..);
        let named = met.filter(|interface| interface.interface != ABSENT);
        named.map(|interface| interface.interface.clone()).collect()
    }

    #[cold]
    fn meet(&mut self, account: &[u8], interface: &[u8], hash: u64) -> Result<u32, FoldError> {
        let at = u32::try_from(self.known.len()).map_err(|_| too_many("interfaces"))?;
        self.known.push(Known {
            log: Vec::new(),
            interface: self.shared.interface(account, interface)?,
            object: self.object.wrapping_sub(1),
        });
        let (known, hasher) = (&self.known, &self.hasher);
        self.lookup.insert_unique(hash, at, |&at| {
            known.get(at as usize).map_or(0, |known| {
                let Interface {
                    account, interface, ..
                } = &*known.interface;
                hasher.hash_one((&**account, &**interface))
            })
        });
        self.shared
            .spilling
            .charge(HELD_EACH + account.len() + interface.len() + LEAST_RECORDS * size_of::<CompactRecord>());
        let fair = self.most_held / size_of::<CompactRecord>() / self.known.len();
        self.length = fair.clamp(LEAST_RECORDS, MOST_RECORDS);
        Ok(at)
    }

    /// Forgets all names and numbers, once the tables have. The logs are empty.
    pub(crate) fn forget(&mut self) {
        self.lookup.clear();
        self.known.clear();
        self.length = MOST_RECORDS;
        self.remembered = Remembered::default();
        self.action = (Vec::new(), u32::MAX);
    }

    /// The key's side of an address.
    #[inline]
    pub(crate) fn address(&mut self, address: Address) -> Result<KeyAddress, FoldError> {
        Ok(match address {
            Address::V4(value) => KeyAddress::V4(value),
            Address::V6(value) => KeyAddress::V6(self.address_number(value)?),
        })
    }

    /// The number of an action.
    #[inline]
    pub(crate) fn action(&mut self, action: &[u8]) -> Result<u32, FoldError> {
        if self.action.1 == u32::MAX || self.action.0 != action {
            self.action.1 = self.shared.action(action)?;
            action.clone_into(&mut self.action.0);
        }
        Ok(self.action.1)
    }

    /// The number of an IPv6 address.
    #[inline]
    pub(crate) fn address_number(&mut self, address: u128) -> Result<u32, FoldError> {
        let number = self.shared.addresses.number(address, &mut self.remembered);
        number.ok_or_else(|| too_many("IPv6 addresses"))
    }

    /// The numbers of many IPv6 addresses, given to `take` with what stands beside each. What the look-ups need is
    /// asked of memory for all of them before the first.
    pub(crate) fn address_numbers<T: Copy>(
        &mut self,
        addresses: &[(u128, T)],
        mut take: impl FnMut(T, u32),
    ) -> Result<(), FoldError> {
        let (shared, remembered) = (&self.shared.addresses, &mut self.remembered);
        let mut hashes = [0; TOGETHER];
        for some in addresses.chunks(TOGETHER) {
            for (hash, (address, _)) in hashes.iter_mut().zip(some) {
                *hash = shared.expect(*address, remembered);
            }
            for (hash, (address, beside)) in hashes.iter().zip(some) {
                let number = shared.number_by(*address, *hash, remembered);
                take(*beside, number.ok_or_else(|| too_many("IPv6 addresses"))?);
            }
        }
        Ok(())
    }

    /// The log of an interface, and how many records it may hold before [`Logs::fold_full`] is called.
    #[inline]
    pub(crate) fn log(&mut self, interface: u32) -> (&mut Vec<CompactRecord>, usize) {
        match self.known.get_mut(interface as usize) {
            Some(known) => (&mut known.log, self.length),
            // Numbers come from `interface` alone; this log is never read.
            None => (&mut self.astray, 1),
        }
    }

    /// Folds the log of an interface if it is full.
    #[inline]
    pub(crate) fn fold_full(&mut self, interface: u32) -> Result<(), FoldError> {
        let known = self.known.get(interface as usize);
        if known.is_some_and(|known| known.log.len() >= self.length) {
            return self.fold(interface);
        }
        Ok(())
    }

    /// Appends a record to the log of its interface.
    #[inline]
    pub(crate) fn push(&mut self, interface: u32, record: CompactRecord) -> Result<(), FoldError> {
        self.log(interface).0.push(record);
        self.fold_full(interface)
    }

    /// Folds a record of any size.
    pub(crate) fn add(&mut self, record: &FlowRecord<'_>) -> Result<(), FoldError> {
        let ports = FoldedPorts::of(record.ports);
        let key = Key::new(
            self.address(record.src)?,
            self.address(record.dst)?,
            ports,
            record.protocol,
            self.action(record.action)?,
        );
        self.widen(record.span);
        let interface = self.interface(record.account, record.interface)?;
        match CompactRecord::of(record, key, ports) {
            Some(compact) => self.push(interface, compact),
            None => {
                let history = History::of(record.span, record.tcp_flags, record.version, ports.folded);
                self.merge(interface, key, (record.packets, record.bytes), Some(&history))
            }
        }
    }

    /// Adds sums and history to an edge.
    pub(crate) fn merge(
        &mut self,
        interface: u32,
        key: Key,
        (packets, bytes): (u64, u64),
        history: Option<&History>,
    ) -> Result<(), FoldError> {
        let Some(known) = self.known.get(interface as usize) else {
            return Ok(());
        };
        let mut table = known.interface.table();
        let before = table.held();
        let merged = table.merge(key, packets, bytes, history, self.shared.seeds);
        let grown = table.held() - before;
        drop(table);
        self.shared.spilling.charge(grown);
        merged.map_err(|overflow| self.shared.overflow(&known.interface, overflow))
    }

    /// Folds what the logs hold.
    pub(crate) fn flush(&mut self) -> Result<(), FoldError> {
        for interface in 0..self.known.len() {
            self.fold(interface as u32)?;
        }
        Ok(())
    }

    /// Adds all groups of other logs and of their tables, which are left empty.
    pub(crate) fn take_over<N: Memory>(&mut self, other: &mut Logs<N>) -> Result<(), FoldError> {
        other.flush()?;
        if let Some(span) = other.span {
            self.widen(span);
        }
        let theirs = &other.shared;
        self.shared.spilling.adopt(&theirs.spilling);
        let actions = theirs.actions();
        let actions: Vec<u32> = actions
            .iter()
            .map(|action| self.shared.action(action))
            .collect::<Result<_, _>>()?;
        for known in theirs.interfaces() {
            let interface = self.interface(&known.account, &known.interface)?;
            let (entries, wide) = known.take().into_parts();
            for entry in entries {
                let mut failed = None;
                let key = entry.key.renumbered(
                    |number| {
                        let address = theirs.addresses.address(number).unwrap_or_default();
                        let ours = self.shared.addresses.number(address, &mut self.remembered);
                        ours.unwrap_or_else(|| {
                            failed = Some(too_many("IPv6 addresses"));
                            0
                        })
                    },
                    |action| actions.get(action as usize).copied().unwrap_or_default(),
                );
                if let Some(error) = failed {
                    return Err(error);
                }
                let history = entry.memory.history(&wide);
                self.merge(interface, key, (entry.packets, entry.bytes), history.as_ref())?;
            }
        }
        Ok(())
    }

    /// Records from here to there have been seen.
    #[inline]
    pub(crate) fn widen(&mut self, span: Span) {
        self.span = Some(self.span.map_or(span, |known| known.with(span)));
    }

    fn fold(&mut self, interface: u32) -> Result<(), FoldError> {
        let Some(known) = self.known.get_mut(interface as usize) else {
            return Ok(());
        };
        let mut table = known.interface.table();
        let before = table.held();
        let folded = table.fold(&known.log, self.shared.seeds);
        let grown = table.held() - before;
        drop(table);
        self.shared.spilling.charge(grown);
        folded.map_err(|overflow| self.shared.overflow(&known.interface, overflow))?;
        known.log.clear();
        if known.log.capacity() > 2 * self.length {
            known.log = Vec::new();
        }
        Ok(())
    }
}
