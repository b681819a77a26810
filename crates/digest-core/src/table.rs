//! The groups of one interface: an entry per edge, found by its key.
//!
//! The index holds 32 bits a slot: the place of an entry, and in the bits left over a part of its hash, so that a slot
//! of another key is passed over without a look at its entry. Records come by the hundred, and what they need is
//! asked of memory before it is used: a table that fits no cache is then bound by how much memory can be under way
//! at once, not by how long each look takes.

use crate::compact_record::CompactRecord;
use crate::history::History;
use crate::key::{Key, Seeds};
use crate::memory::{Compact, Memory};
use crate::number::MOST_COUNTER;
use crate::vector::prefetch;

/// Slots of a table's first index.
const FIRST_SLOTS: usize = 16;
/// Entries from which a table grows in smaller steps.
const LARGE: usize = 1 << 12;
/// Most slots: the place of an entry takes 31 bits.
const MOST_SLOTS: usize = 1 << 31;
/// Keys hashed and asked for before the first of them is looked up.
const AHEAD: usize = 32;

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
    index: Vec<u32>,
    entries: Vec<Entry<M>>,
    wide: Vec<History>,
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
            index: Vec::new(),
            entries: Vec::new(),
            wide: Vec::new(),
        }
    }

    /// Number of edges.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of memory that the table holds.
    pub(crate) fn held(&self) -> usize {
        self.index.capacity() * size_of::<u32>()
            + self.entries.capacity() * size_of::<Entry<M>>()
            + self.wide.capacity() * size_of::<History>()
    }

    /// Folds records in.
    pub(crate) fn fold(&mut self, records: &[CompactRecord], seeds: Seeds) -> Result<(), Overflow> {
        for batch in records.chunks(AHEAD) {
            self.make_room(batch, seeds)?;
            let mut hashes = [0; AHEAD];
            for (hash, record) in hashes.iter_mut().zip(batch) {
                *hash = record.key.hash(seeds);
                prefetch(&self.index, self.slot(*hash));
            }
            for hash in hashes.iter().take(batch.len()) {
                let found = self.index.get(self.slot(*hash)).copied().unwrap_or_default();
                prefetch(&self.entries, self.place(found));
            }
            for (hash, record) in hashes.iter().zip(batch) {
                self.add(record, *hash)?;
            }
        }
        Ok(())
    }

    /// Adds sums and history to the edge of a key, new or known.
    pub(crate) fn merge(
        &mut self,
        key: Key,
        packets: u64,
        bytes: u64,
        history: Option<&History>,
        seeds: Seeds,
    ) -> Result<(), Overflow> {
        self.make_room(&[key], seeds)?;
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
                self.insert(slot, hash, entry);
                Ok(())
            }
        }
    }

    /// Takes the table apart: its entries, and the histories that are kept whole.
    pub(crate) fn into_parts(self) -> (Vec<Entry<M>>, Vec<History>) {
        (self.entries, self.wide)
    }

    #[inline]
    fn add(&mut self, record: &CompactRecord, hash: u64) -> Result<(), Overflow> {
        match self.find(record.key, hash) {
            Ok(place) => match self.entries.get_mut(place) {
                Some(entry) => {
                    entry.memory.add(record, &mut self.wide);
                    entry.sum(record.packets.into(), record.bytes.into())
                }
                None => Ok(()),
            },
            Err(slot) => {
                let entry = Entry {
                    key: record.key,
                    packets: record.packets.into(),
                    bytes: record.bytes.into(),
                    memory: M::first(record),
                    _align: [],
                };
                self.insert(slot, hash, entry);
                Ok(())
            }
        }
    }

    #[inline]
    fn slot(&self, hash: u64) -> usize {
        hash as usize & self.index.len().wrapping_sub(1)
    }

    /// The part of a hash that a slot keeps above an entry's place.
    #[inline]
    fn tag(&self, hash: u64) -> u32 {
        (hash >> 32) as u32 & !(self.index.len() as u32).wrapping_sub(1)
    }

    /// The place of the entry that a slot names; beyond all entries for an empty slot.
    #[inline]
    fn place(&self, slot: u32) -> usize {
        (slot & (self.index.len() as u32).wrapping_sub(1)).wrapping_sub(1) as usize
    }

    /// The entry's place, or the slot where it belongs.
    #[inline]
    fn find(&self, key: Key, hash: u64) -> Result<usize, usize> {
        let mask = self.index.len().wrapping_sub(1);
        let (mut slot, tag) = (self.slot(hash), self.tag(hash));
        loop {
            match self.index.get(slot) {
                None | Some(0) => return Err(slot),
                Some(&found) => {
                    if found & !(mask as u32) == tag {
                        let place = self.place(found);
                        if self.entries.get(place).is_some_and(|entry| entry.key == key) {
                            return Ok(place);
                        }
                    }
                }
            }
            slot = (slot + 1) & mask;
        }
    }

    #[inline]
    fn insert(&mut self, slot: usize, hash: u64, entry: Entry<M>) {
        self.entries.push(entry);
        let named = self.entries.len() as u32 | self.tag(hash);
        if let Some(slot) = self.index.get_mut(slot) {
            *slot = named;
        }
    }

    /// Room for so many more entries, all of which may be new.
    fn make_room<T: Copy + Into<Key>>(&mut self, more: &[T], seeds: Seeds) -> Result<(), Overflow> {
        let wanted = self.entries.len() + more.len();
        if wanted * 4 > self.index.len() * 3 {
            self.widen(wanted).map_err(|measure| Overflow {
                measure,
                key: more.first().copied().map(Into::into).unwrap_or_default(),
            })?;
            for (place, entry) in (1u32..).zip(&self.entries) {
                let hash = entry.key.hash(seeds);
                let (mask, tag) = (self.index.len() - 1, self.tag(hash));
                let mut slot = self.slot(hash);
                while self.index.get(slot).is_some_and(|&taken| taken != 0) {
                    slot = (slot + 1) & mask;
                }
                if let Some(slot) = self.index.get_mut(slot) {
                    *slot = place | tag;
                }
            }
        }
        if wanted > self.entries.capacity() {
            // A large table grows by a quarter, not to twice its size: that is cheap beside memory that would lie idle.
            let step = if self.entries.len() < LARGE { 2 } else { 4 };
            self.entries
                .reserve_exact(more.len().max(self.entries.len() / step));
        }
        Ok(())
    }

    /// A larger index, empty.
    fn widen(&mut self, entries: usize) -> Result<(), &'static str> {
        let slots = (entries * 4 / 3 + 1).next_power_of_two().max(FIRST_SLOTS);
        if slots > MOST_SLOTS {
            return Err("edges of one interface");
        }
        // The old index goes first: it and the new one need never stand side by side.
        self.index = Vec::new();
        self.index = vec![0; slots];
        Ok(())
    }
}

impl<M: Memory> Entry<M> {
    #[inline]
    fn sum(&mut self, packets: u64, bytes: u64) -> Result<(), Overflow> {
        // Both sides are below 2^63, so that adding cannot wrap.
        self.packets += packets;
        self.bytes += bytes;
        if self.packets | self.bytes > MOST_COUNTER {
            let measure = if self.packets > MOST_COUNTER {
                "packets"
            } else {
                "bytes"
            };
            return Err(Overflow {
                measure,
                key: self.key,
            });
        }
        Ok(())
    }
}

/// An entry is a line of the cache or half of one, and never a part of two.
const _: () = {
    assert!(size_of::<Entry<Compact>>() == 64 && align_of::<Entry<Compact>>() == 64);
    assert!(size_of::<Entry<()>>() == 32 && align_of::<Entry<()>>() == 32);
};

impl From<CompactRecord> for Key {
    fn from(record: CompactRecord) -> Self {
        record.key
    }
}
