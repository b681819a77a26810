//! The groups of one interface: an entry per edge, found by its key.
//!
//! Records come by the hundred, and what they need is asked of memory before it is used: a table that fits no cache is
//! then bound by how much memory can be under way at once, not by how long each look takes.

use crate::addresses::Addresses;
use crate::compact_record::{CompactRecord, Interval};
use crate::history::History;
use crate::index::Index;
use crate::key::{Key, Seeds};
use crate::log::Log;
use crate::memory::{Compact, Memory};
use crate::number::MOST_COUNTER;
use crate::vector::prefetch;

/// Entries from which a table grows in smaller steps.
const LARGE: usize = 1 << 12;
/// Entries of a table's first room.
const LEAST: usize = 8;
/// Records between the one that is folded and the one whose slot is asked for.
const SLOTS_AHEAD: usize = 32;
/// The same for entries.
const ENTRIES_AHEAD: usize = 16;

/// One edge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<M: Memory> {
    pub(crate) key: Key,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) memory: M,
    _align: [M::Align; 0],
}

/// All edges of one interface.
#[derive(Debug)]
pub(crate) struct Table<M: Memory> {
    index: Index,
    entries: Vec<Entry<M>>,
    wide: Vec<History>,
    /// What the numbers of IPv6 addresses in keys stand for.
    addresses: Addresses,
}

/// Why a record cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overflow {
    /// What ran over.
    pub(crate) measure: &'static str,
    /// The edge.
    pub(crate) key: Key,
}

impl<M: Memory> Table<M> {
    pub(crate) fn new() -> Self {
        Self {
            index: Index::default(),
            entries: Vec::new(),
            wide: Vec::new(),
            addresses: Addresses::default(),
        }
    }

    /// The address of a number.
    pub(crate) fn address(&self, number: u32) -> Option<u128> {
        self.addresses.get(number)
    }

    /// Number of edges.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of memory that the table holds.
    pub(crate) fn held(&self) -> usize {
        self.index.held()
            + self.entries.capacity() * size_of::<Entry<M>>()
            + self.wide.capacity() * size_of::<History>()
            + self.addresses.held()
    }

    /// Folds a log in, and leaves it empty.
    pub(crate) fn fold_log(
        &mut self,
        Log {
            records,
            intervals,
            addresses,
        }: &mut Log,
        seeds: Seeds,
    ) -> Result<(), Overflow> {
        if !addresses.is_empty() {
            let mut numbers = Vec::with_capacity(addresses.len());
            if self.addresses.numbers(addresses, seeds, &mut numbers).is_none() {
                return Err(too_many_addresses(Key::default()));
            }
            let number = |place: u32| numbers.get(place as usize).copied().unwrap_or_default();
            for record in records.iter_mut().filter(|record| record.key.has_v6()) {
                record.key = record.key.with_addresses(number);
            }
            addresses.clear();
        }
        self.fold(records, intervals, seeds)?;
        records.clear();
        intervals.clear();
        Ok(())
    }

    /// Folds records in. The slot of each is asked for when the record is [`SLOTS_AHEAD`], its entry when it is
    /// [`ENTRIES_AHEAD`], so that a steady number of reads is under way.
    fn fold(
        &mut self,
        records: &[CompactRecord],
        intervals: &[Interval],
        seeds: Seeds,
    ) -> Result<(), Overflow> {
        let mut hashes = [0; SLOTS_AHEAD];
        let mut places = [usize::MAX; ENTRIES_AHEAD];
        for (hash, record) in hashes.iter_mut().zip(records) {
            *hash = record.key.hash(seeds);
            self.index.expect(*hash);
        }
        for (place, hash) in places.iter_mut().zip(&hashes).take(records.len()) {
            *place = self.expect(*hash);
        }
        for (at, record) in records.iter().enumerate() {
            let hash = hashes.get(at % SLOTS_AHEAD).copied().unwrap_or_default();
            if let (Some(slot), Some(record)) =
                (hashes.get_mut(at % SLOTS_AHEAD), records.get(at + SLOTS_AHEAD))
            {
                *slot = record.key.hash(seeds);
                self.index.expect(*slot);
            }
            let mut near = usize::MAX;
            if let (Some(place), Some(&hash)) = (
                places.get_mut(at % ENTRIES_AHEAD),
                hashes.get((at + ENTRIES_AHEAD) % SLOTS_AHEAD),
            ) {
                near = std::mem::replace(place, self.expect(hash));
            }
            let interval = intervals.get(usize::from(record.interval)).copied();
            self.add((record, interval.unwrap_or_default()), (hash, near), seeds)?;
        }
        Ok(())
    }

    /// Asks for the memory of the entry that a hash is of, nearly always; gives its place.
    #[inline]
    fn expect(&self, hash: u64) -> usize {
        let place = self.index.near(hash);
        prefetch(&self.entries, place);
        place
    }

    /// Adds sums and history to the edge of a key, new or known. The key is made with numbers from the table.
    pub(crate) fn merge(
        &mut self,
        key: impl FnOnce(&mut Addresses) -> Option<Key>,
        packets: u64,
        bytes: u64,
        history: Option<&History>,
        seeds: Seeds,
    ) -> Result<(), Overflow> {
        let key = key(&mut self.addresses).ok_or_else(|| too_many_addresses(Key::default()))?;
        let hash = key.hash(seeds);
        match self.find(key, hash) {
            Ok(place) => {
                if let (Some(entry), Some(history)) = (self.entries.get_mut(place), history) {
                    entry.memory.merge(history, &mut self.wide);
                }
                match self.entries.get_mut(place) {
                    Some(entry) => entry.sum(packets, bytes),
                    None => Ok(()),
                }
            }
            Err(slot) => {
                let nothing = History::default();
                let memory = M::of(history.unwrap_or(&nothing), &mut self.wide);
                let mut entry = Entry {
                    key,
                    packets: 0,
                    bytes: 0,
                    memory,
                    _align: [],
                };
                entry.sum(packets, bytes)?;
                self.insert(slot, hash, entry, seeds)
            }
        }
    }

    /// Takes the table apart: its entries, the histories that are kept whole, and the addresses by number.
    pub(crate) fn into_parts(self) -> (Vec<Entry<M>>, Vec<History>, Addresses) {
        (self.entries, self.wide, self.addresses)
    }

    /// Adds a record with this hash, whose entry is at a place, nearly always.
    #[inline]
    fn add(
        &mut self,
        (record, interval): (&CompactRecord, Interval),
        (hash, near): (u64, usize),
        seeds: Seeds,
    ) -> Result<(), Overflow> {
        let found = match self.entries.get(near) {
            Some(entry) if entry.key == record.key => Ok(near),
            _ => self.find(record.key, hash),
        };
        match found {
            Ok(place) => match self.entries.get_mut(place) {
                Some(entry) => {
                    entry.memory.add(record, interval, &mut self.wide);
                    entry.sum(record.packets.into(), record.bytes.into())
                }
                None => Ok(()),
            },
            Err(slot) => {
                let entry = Entry {
                    key: record.key,
                    packets: record.packets.into(),
                    bytes: record.bytes.into(),
                    memory: M::first(record, interval),
                    _align: [],
                };
                self.insert(slot, hash, entry, seeds)
            }
        }
    }

    /// The entry's place, or the slot where it belongs.
    #[inline]
    fn find(&self, key: Key, hash: u64) -> Result<usize, usize> {
        self.index.find(hash, |place| {
            self.entries.get(place).is_some_and(|entry| entry.key == key)
        })
    }

    #[inline]
    fn insert(&mut self, slot: usize, hash: u64, entry: Entry<M>, seeds: Seeds) -> Result<(), Overflow> {
        let place = self.entries.len();
        let slot = if self.index.has_room(place + 1) {
            slot
        } else {
            self.widen(entry.key, seeds)?;
            self.index.find(hash, |_| false).unwrap_or_else(|slot| slot)
        };
        if place == self.entries.capacity() {
            // A large table grows by half, not to twice its size: that is cheap beside memory that would lie idle.
            let step = if place < LARGE { 1 } else { 2 };
            self.entries.reserve_exact((place / step).max(LEAST));
        }
        self.index.set(slot, place, hash);
        self.entries.push(entry);
        Ok(())
    }

    #[cold]
    fn widen(&mut self, key: Key, seeds: Seeds) -> Result<(), Overflow> {
        let hashes = self.entries.iter().map(|entry| entry.key.hash(seeds));
        if self.index.widen(self.entries.len() + 1, hashes) {
            return Ok(());
        }
        Err(Overflow {
            measure: "edges of one interface",
            key,
        })
    }
}

#[cold]
fn too_many_addresses(key: Key) -> Overflow {
    Overflow {
        measure: "IPv6 addresses of one interface",
        key,
    }
}

impl<M: Memory> Entry<M> {
    #[inline]
    fn sum(&mut self, packets: u64, bytes: u64) -> Result<(), Overflow> {
        // Both sides are below 2^63, so that adding cannot wrap. A sum that is too great is not kept: other threads may
        // go on for a while.
        let sums = (self.packets + packets, self.bytes + bytes);
        if sums.0 | sums.1 > MOST_COUNTER {
            let measure = if sums.0 > MOST_COUNTER { "packets" } else { "bytes" };
            return Err(Overflow {
                measure,
                key: self.key,
            });
        }
        (self.packets, self.bytes) = sums;
        Ok(())
    }
}

/// An entry is a line of the cache or half of one, and never a part of two.
const _: () = {
    assert!(size_of::<Entry<Compact>>() == 64 && align_of::<Entry<Compact>>() == 64);
    assert!(size_of::<Entry<()>>() == 32 && align_of::<Entry<()>>() == 32);
};
