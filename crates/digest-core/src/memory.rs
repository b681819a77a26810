//! What a table's entry keeps of its edge's history: all of it in 32 bytes, or nothing.
//!
//! Counts and times of nearly every edge fit 32 or 16 bits. The few that do not are kept whole in a list beside the
//! entries, and the entry says where.

use std::fmt;

use crate::compact_record::{COMPACT_VERSIONS, CompactRecord, HAS_FLAGS, HAS_FOLDED, HAS_VERSION, Interval};
use crate::digest::{Section, Sections};
use crate::history::{ACK, History, RST, SYN};

/// What an entry keeps beside its sums.
pub(crate) trait Memory: Copy + Send + Sync + fmt::Debug + 'static {
    /// What entries are aligned to, so that none lies across two lines of the cache.
    type Align: Copy + Send + Sync + fmt::Debug;

    /// Whether edges are kept apart by more than the digest's text shows, and have a history.
    const EDGES: bool;

    /// The memory of an edge's first record.
    fn first(record: &CompactRecord, interval: Interval) -> Self;

    /// Adds a record. `wide` are the histories that are kept whole.
    fn add(&mut self, record: &CompactRecord, interval: Interval, wide: &mut Vec<History>);

    /// The memory of an edge with this history.
    fn of(history: &History, wide: &mut Vec<History>) -> Self;

    /// Adds a history.
    fn merge(&mut self, history: &History, wide: &mut Vec<History>);

    /// Records of the edge, where its history is kept.
    fn records(&self, wide: &[History]) -> u64;

    /// The whole history, where it is kept.
    fn history(&self, wide: &[History]) -> Option<History>;

    /// Sections of this kind.
    fn sections(sections: Vec<Section<Self>>) -> Sections;
}

/// Half a line of the cache.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub(crate) struct HalfLine;

/// A line of the cache.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Line;

impl Memory for () {
    type Align = HalfLine;
    const EDGES: bool = false;

    #[inline]
    fn first(_: &CompactRecord, _: Interval) -> Self {}

    #[inline]
    fn add(&mut self, _: &CompactRecord, _: Interval, _: &mut Vec<History>) {}

    fn of(_: &History, _: &mut Vec<History>) -> Self {}

    fn merge(&mut self, _: &History, _: &mut Vec<History>) {}

    fn records(&self, _: &[History]) -> u64 {
        0
    }

    fn history(&self, _: &[History]) -> Option<History> {
        None
    }

    fn sections(sections: Vec<Section<Self>>) -> Sections {
        Sections::Sums(sections)
    }
}

/// The history is kept whole elsewhere; `records` is its place.
const WIDE: u8 = 1 << 7;

/// A history whose numbers are small.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compact {
    records: u32,
    first_seen: u32,
    last_seen: u32,
    syn: u16,
    synack: u16,
    rst: u16,
    versions: u16,
    least_folded: u16,
    greatest_folded: u16,
    flags: u8,
    marks: u8,
}

impl Compact {
    /// The history in compact form, if its numbers fit.
    fn fitting(history: &History) -> Option<Self> {
        if history.versions >> COMPACT_VERSIONS != 0 {
            return None;
        }
        let (least_folded, greatest_folded) = history.folded_ports.unwrap_or_default();
        let mark = |is: bool, mark: u8| if is { mark } else { 0 };
        Some(Self {
            records: history.records.try_into().ok()?,
            first_seen: history.first_seen.try_into().ok()?,
            last_seen: history.last_seen.try_into().ok()?,
            syn: history.syn.try_into().ok()?,
            synack: history.synack.try_into().ok()?,
            rst: history.rst.try_into().ok()?,
            versions: history.versions.try_into().ok()?,
            least_folded,
            greatest_folded,
            flags: history.tcp_flags.unwrap_or_default(),
            marks: mark(history.folded_ports.is_some(), HAS_FOLDED)
                | mark(history.tcp_flags.is_some(), HAS_FLAGS),
        })
    }

    /// The history of a compact memory.
    fn whole(&self) -> History {
        History {
            records: self.records.into(),
            syn: self.syn.into(),
            synack: self.synack.into(),
            rst: self.rst.into(),
            first_seen: self.first_seen.into(),
            last_seen: self.last_seen.into(),
            tcp_flags: (self.marks & HAS_FLAGS != 0).then_some(self.flags),
            versions: self.versions.into(),
            folded_ports: (self.marks & HAS_FOLDED != 0).then_some((self.least_folded, self.greatest_folded)),
        }
    }

    /// Whether a count may not become greater.
    #[cold]
    fn is_full(&self) -> bool {
        let counts = self.syn.max(self.synack).max(self.rst);
        self.records == u32::MAX || counts == u16::MAX
    }

    #[cold]
    fn add_whole(&mut self, history: &History, wide: &mut Vec<History>) {
        let mut whole = match self.place(wide) {
            Some(known) => {
                known.merge(history);
                return;
            }
            None => self.whole(),
        };
        whole.merge(history);
        *self = Self::of(&whole, wide);
    }

    fn place<'w>(&self, wide: &'w mut [History]) -> Option<&'w mut History> {
        (self.marks & WIDE != 0)
            .then(|| wide.get_mut(self.records as usize))
            .flatten()
    }
}

impl Memory for Compact {
    type Align = Line;
    const EDGES: bool = true;

    #[inline]
    fn first(record: &CompactRecord, interval: Interval) -> Self {
        let flags = record.flags;
        Self {
            records: 1,
            first_seen: interval.start,
            last_seen: interval.start.wrapping_add(interval.length.into()),
            syn: u16::from(flags & (SYN | ACK) == SYN),
            synack: u16::from(flags & (SYN | ACK) == SYN | ACK),
            rst: u16::from(flags & RST != 0),
            versions: u16::from(record.marks & HAS_VERSION != 0)
                << (interval.version & (COMPACT_VERSIONS - 1)),
            least_folded: record.folded,
            greatest_folded: record.folded,
            flags,
            marks: record.marks & (HAS_FOLDED | HAS_FLAGS),
        }
    }

    #[inline]
    fn add(&mut self, record: &CompactRecord, interval: Interval, wide: &mut Vec<History>) {
        let other = Self::first(record, interval);
        // No count is greater than that of all records.
        if self.marks & WIDE != 0 || self.records >= u16::MAX.into() && self.is_full() {
            self.add_whole(&record.history(interval), wide);
            return;
        }
        self.records += 1;
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.syn += other.syn;
        self.synack += other.synack;
        self.rst += other.rst;
        self.versions |= other.versions;
        self.least_folded = self.least_folded.min(other.least_folded);
        self.greatest_folded = self.greatest_folded.max(other.greatest_folded);
        self.flags |= other.flags;
        self.marks |= other.marks;
    }

    fn of(history: &History, wide: &mut Vec<History>) -> Self {
        Self::fitting(history).unwrap_or_else(|| {
            // A table's entries are numbered by 32 bits, and each has one wide history at most.
            let place = u32::try_from(wide.len()).unwrap_or(u32::MAX);
            wide.push(*history);
            Self {
                records: place,
                first_seen: 0,
                last_seen: 0,
                syn: 0,
                synack: 0,
                rst: 0,
                versions: 0,
                least_folded: 0,
                greatest_folded: 0,
                flags: 0,
                marks: WIDE,
            }
        })
    }

    fn merge(&mut self, history: &History, wide: &mut Vec<History>) {
        self.add_whole(history, wide);
    }

    #[inline]
    fn records(&self, wide: &[History]) -> u64 {
        if self.marks & WIDE == 0 {
            return self.records.into();
        }
        wide.get(self.records as usize)
            .map_or(0, |history| history.records)
    }

    fn history(&self, wide: &[History]) -> Option<History> {
        if self.marks & WIDE == 0 {
            return Some(self.whole());
        }
        wide.get(self.records as usize).copied()
    }

    fn sections(sections: Vec<Section<Self>>) -> Sections {
        Sections::Edges(sections)
    }
}
