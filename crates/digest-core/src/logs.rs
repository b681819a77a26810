//! A thread's own side of the tables: a log of records for each interface, and memories of names and numbers.
//!
//! The parser appends records to the log of their interface, which costs a sequential write. A full log is folded into
//! the interface's table under its lock: hundreds of records on one table, whose lines then are in the cache. Where
//! interfaces are very many, logs are shorter, so that all of them stay within [`MOST_HELD`].

use std::sync::Arc;

use crate::address::Address;
use crate::addresses::Addresses;
use crate::compact_record::CompactRecord;
use crate::error::FoldError;
use crate::facet;
use crate::flow_record::{FlowRecord, Span};
use crate::history::History;
use crate::interfaces::Interfaces;
use crate::key::{FoldedPorts, Key, KeyAddress};
use crate::known_facets::KnownFacets;
use crate::known_sets::KnownSets;
use crate::log::Log;
use crate::memory::Memory;
use crate::met::Met;
use crate::standing::Standing;
use crate::tables::{Tables, too_many};
use crate::vector::prefetch_whole;

mod standings;
mod taking_over;

use standings::Counted;

/// Records of a log before it is folded.
const MOST_RECORDS: usize = 256;
/// Least records of a log, however many interfaces there are.
const LEAST_RECORDS: usize = 8;
/// Interfaces between the one whose log is flushed and the one that is asked of memory.
const FLUSHED_AHEAD: u32 = 4;
/// Bytes of all logs of a thread, about, and the part of a budget that they may take at most.
const MOST_HELD: usize = 24 << 20;
const BUDGET_PART: usize = 16;
/// Bytes that an interface takes beside its names and its groups, in the tables and in one thread, about.
const HELD_EACH: usize = 400 + size_of::<Standing>();

/// A thread's logs and memories.
#[derive(Debug)]
pub(crate) struct Logs<M: Memory> {
    shared: Arc<Tables<M>>,
    interfaces: Interfaces<M>,
    /// Records of a log before it is folded, now.
    length: usize,
    /// Bytes of all logs, about.
    most_held: usize,
    /// The facets that were asked for last, and their numbers.
    recent: [(Vec<u8>, u32); 2],
    era: u32,
    pub(crate) known_facets: KnownFacets,
    pub(crate) known_sets: KnownSets,
    silences: Vec<Counted>,
    /// Interfaces that are to be told of.
    pub(crate) met: Met,
    /// Least start and greatest end of all records.
    pub(crate) span: Option<Span>,
}

impl<M: Memory> Logs<M> {
    pub(crate) fn new(shared: Arc<Tables<M>>) -> Self {
        Self {
            most_held: shared
                .spilling
                .limit()
                .map_or(MOST_HELD, |limit| MOST_HELD.min(limit / BUDGET_PART)),
            shared,
            interfaces: Interfaces::new(),
            length: MOST_RECORDS,
            recent: no_recent(),
            era: 0,
            known_facets: KnownFacets::default(),
            known_sets: KnownSets::default(),
            silences: Vec::new(),
            met: Met::default(),
            span: None,
        }
    }

    /// This thread's number of an interface.
    #[inline]
    pub(crate) fn interface(&mut self, account: &[u8], interface: &[u8]) -> Result<u32, FoldError> {
        let hash = self.expect_interface(account, interface);
        self.interface_by(hash, account, interface)
    }

    /// The hash that [`Logs::interface_by`] needs; asks for the memory that [`Logs::expect_names`] will need.
    #[inline]
    pub(crate) fn expect_interface(&self, account: &[u8], interface: &[u8]) -> u64 {
        self.interfaces.expect(account, interface)
    }

    /// Asks for the memory that [`Logs::interface_by`] will need.
    #[inline]
    pub(crate) fn expect_names(&self, hash: u64) {
        self.interfaces.expect_names(hash);
    }

    /// Asks for the memory of an interface's log, to which so many records will go; where it will be folded, for what that
    /// needs first.
    #[inline]
    pub(crate) fn expect_log(&self, interface: u32, records: usize) {
        self.interfaces.expect_log(interface);
        if let Some(known) = self.interfaces.get(interface)
            && known.log.records.len() + records > self.length
        {
            prefetch_whole(&*known.interface);
        }
    }

    /// The number of an interface whose hash is known.
    #[inline]
    pub(crate) fn interface_by(
        &mut self,
        hash: u64,
        account: &[u8],
        interface: &[u8],
    ) -> Result<u32, FoldError> {
        let at = match self.interfaces.find(hash, account, interface) {
            Some(at) => at,
            None => self.meet(account, interface, hash)?,
        };
        self.met.meet(at, &mut self.interfaces);
        Ok(at)
    }

    /// Notes an action of an interface's records, where anybody wants to hear of it.
    #[inline]
    pub(crate) fn note(&mut self, interface: u32, action: &[u8]) {
        self.met.note(interface, action, &mut self.interfaces);
    }

    /// An object has been read.
    pub(crate) fn end_object(&mut self) {
        self.met.end(&mut self.interfaces);
    }

    /// Tells of all interfaces that have been mentioned and not yet told of.
    pub(crate) fn tell_of_interfaces(&mut self) {
        self.met.take_all(&mut self.interfaces);
        self.met.tell();
    }

    #[cold]
    fn meet(&mut self, account: &[u8], interface: &[u8], hash: u64) -> Result<u32, FoldError> {
        let shared = self.shared.interface(account, interface)?;
        let at = self.interfaces.meet(hash, shared);
        let at = at.ok_or_else(|| too_many("interfaces"))?;
        self.shared
            .spilling
            .charge(HELD_EACH + account.len() + interface.len() + LEAST_RECORDS * size_of::<CompactRecord>());
        let fair = self.most_held / size_of::<CompactRecord>() / self.interfaces.len();
        self.length = fair.clamp(LEAST_RECORDS, MOST_RECORDS);
        Ok(at)
    }

    /// Changes whenever the numbers of interfaces do.
    #[inline]
    pub(crate) fn era(&self) -> u32 {
        self.era
    }

    /// Forgets all names and numbers, once the tables have. The logs are empty.
    pub(crate) fn forget(&mut self) {
        self.met.take_all(&mut self.interfaces);
        self.interfaces.clear();
        self.era = self.era.wrapping_add(1);
        self.length = MOST_RECORDS;
        self.recent = no_recent();
        self.known_facets.forget();
        self.known_sets.forget();
    }

    /// The number of an action, or of any facet.
    #[inline]
    pub(crate) fn action(&mut self, action: &[u8]) -> Result<u32, FoldError> {
        let [last, other] = &mut self.recent;
        if last.1 == u32::MAX || last.0 != action {
            std::mem::swap(last, other);
            if last.1 == u32::MAX || last.0 != action {
                last.1 = self.shared.facet(action)?;
                action.clone_into(&mut last.0);
            }
        }
        Ok(last.1)
    }

    /// The number of the facet of a record with these addresses of its own.
    pub(crate) fn facet(
        &mut self,
        action: &[u8],
        own: [Address; 2],
        further: &facet::Tokens<'_>,
    ) -> Result<u32, FoldError> {
        if !M::EDGES {
            return self.action(action);
        }
        let mut facet = std::mem::take(&mut self.known_facets.facet);
        facet::write(&mut facet, action, own, further);
        let number = self.action(&facet);
        self.known_facets.facet = facet;
        number
    }

    /// The same, which `known_facets` remembers by its row.
    pub(crate) fn new_facet(
        &mut self,
        action: &[u8],
        own: [Address; 2],
        further: &facet::Tokens<'_>,
    ) -> Result<u32, FoldError> {
        let number = self.facet(action, own, further)?;
        let more = self.known_facets.keep(number);
        self.shared.spilling.charge(more);
        Ok(number)
    }

    /// The log of an interface, and the records that it has room for, one at least: a full one is folded first.
    ///
    /// # Errors
    /// [`FoldError::Overflow`] where sums run over.
    #[inline]
    pub(crate) fn log(&mut self, interface: u32) -> Result<(&mut Log, usize), FoldError> {
        let known = self.interfaces.get(interface);
        if known.is_some_and(|known| known.log.records.len() >= self.length) {
            self.fold(interface)?;
        }
        match self.interfaces.get_mut(interface) {
            Some(known) => {
                if known.log.records.capacity() == 0 {
                    known.log.records.reserve_exact(LEAST_RECORDS);
                }
                let room = self.length.saturating_sub(known.log.records.len()).max(1);
                Ok((&mut known.log, room))
            }
            // Numbers come from `interface` alone.
            None => Err(too_many("interfaces")),
        }
    }

    /// Folds a record of any size; gives its interface's number.
    pub(crate) fn add(&mut self, record: &FlowRecord<'_>) -> Result<u32, FoldError> {
        self.widen(record.span);
        let ports = FoldedPorts::of(record.ports);
        let facet = self.facet(record.action, [record.src, record.dst], &record.further)?;
        let interface = self.interface(record.account, record.interface)?;
        self.note(interface, record.action);
        if let Some((mut compact, interval)) = CompactRecord::without_key(record, ports) {
            let (log, _) = self.log(interface)?;
            compact.interval = log.interval(interval);
            let (src, dst) = (log.side(record.src), log.side(record.dst));
            compact.key = Key::new(src, dst, ports, record.protocol, facet);
            log.records.push(compact);
            return Ok(interface);
        }
        let seeds = self.shared.seeds;
        let history = History::of(record.span, record.tcp_flags, record.version, ports.folded);
        if M::EDGES {
            self.note_standing(interface, |standing| standing.see(record.span));
        }
        let key = |addresses: &mut Addresses| {
            let mut side = |address| {
                Some(match address {
                    Address::V4(value) => KeyAddress::V4(value),
                    Address::V6(value) => KeyAddress::V6(addresses.number(value, seeds)?),
                })
            };
            Some(Key::new(
                side(record.src)?,
                side(record.dst)?,
                ports,
                record.protocol,
                facet,
            ))
        };
        self.merge(interface, key, (record.packets, record.bytes), Some(&history))?;
        Ok(interface)
    }

    /// Adds sums and history to an edge.
    fn merge(
        &mut self,
        interface: u32,
        key: impl FnOnce(&mut Addresses) -> Option<Key>,
        (packets, bytes): (u64, u64),
        history: Option<&History>,
    ) -> Result<(), FoldError> {
        let Some(known) = self.interfaces.get(interface) else {
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
        for interface in 0..self.interfaces.len() as u32 {
            // Nothing of most of these is in the cache.
            if let Some(next) = self.interfaces.get(interface + FLUSHED_AHEAD) {
                self.interfaces.expect_log(interface + FLUSHED_AHEAD);
                prefetch_whole(&*next.interface);
            }
            self.fold(interface)?;
        }
        self.flush_sets();
        self.flush_silences();
        Ok(())
    }

    /// Records from here to there have been seen.
    #[inline]
    pub(crate) fn widen(&mut self, span: Span) {
        self.span = Some(self.span.map_or(span, |known| known.with(span)));
    }

    fn fold(&mut self, interface: u32) -> Result<(), FoldError> {
        let Some(known) = self.interfaces.get_mut(interface) else {
            return Ok(());
        };
        if M::EDGES {
            let grown = standings::see_all(&known.log.intervals, &mut known.interface.standing());
            self.shared.spilling.charge(grown);
        }
        let mut table = known.interface.table();
        let before = table.held();
        let folded = table.fold_log(&mut known.log, self.shared.seeds);
        let grown = table.held() - before;
        drop(table);
        self.shared.spilling.charge(grown);
        folded.map_err(|overflow| self.shared.overflow(&known.interface, overflow))?;
        if known.log.records.capacity() > 2 * self.length {
            known.log = Log::default();
        }
        Ok(())
    }
}

/// No facet has this number.
fn no_recent() -> [(Vec<u8>, u32); 2] {
    [const { (Vec::new(), u32::MAX) }; 2]
}
