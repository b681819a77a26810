//! A flow record on its way into a table: what is left of it once its interface is known, in 32 bytes, beside the interval
//! that it shares with the records of its burst.

use crate::flow_record::{FlowRecord, Span};
use crate::history::History;
use crate::key::{FoldedPorts, Key};

/// A record whose numbers are as small as nearly all are; [`CompactRecord::without_key`] says which are not.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CompactRecord {
    pub(crate) key: Key,
    pub(crate) packets: u32,
    pub(crate) bytes: u32,
    /// The port folded away; 0 where `marks` say that there is none.
    pub(crate) folded: u16,
    /// The place of its interval among those of its log.
    pub(crate) interval: u16,
    pub(crate) flags: u8,
    pub(crate) marks: u8,
}

/// Two of them are a line of the cache.
const _: () = assert!(size_of::<CompactRecord>() == 32);

/// The aggregation interval of a record, and the version that it was written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Interval {
    /// Unix seconds.
    pub(crate) start: u32,
    /// Seconds from start to end, which fits 32 bits as well.
    pub(crate) length: u16,
    /// Below 16; 0 where the format has none.
    pub(crate) version: u8,
}

/// A port was folded away.
pub(crate) const HAS_FOLDED: u8 = 1;
/// The record carries TCP flags.
pub(crate) const HAS_FLAGS: u8 = 2;
/// The record carries a version.
pub(crate) const HAS_VERSION: u8 = 4;

/// Versions from here on do not fit.
pub(crate) const COMPACT_VERSIONS: u8 = 16;

impl CompactRecord {
    /// The record in compact form, but for its key and the place of its interval, if its numbers fit.
    pub(crate) fn without_key(record: &FlowRecord<'_>, ports: FoldedPorts) -> Option<(Self, Interval)> {
        let Span { start, end } = record.span;
        let version = record.version.unwrap_or_default();
        u32::try_from(end).ok()?;
        if version >= COMPACT_VERSIONS {
            return None;
        }
        let interval = Interval {
            start: start.try_into().ok()?,
            length: end.checked_sub(start)?.try_into().ok()?,
            version,
        };
        let compact = Self {
            key: Key::default(),
            packets: record.packets.try_into().ok()?,
            bytes: record.bytes.try_into().ok()?,
            folded: ports.folded.unwrap_or_default(),
            interval: 0,
            flags: record.tcp_flags.unwrap_or_default(),
            marks: mark(ports.folded.is_some(), HAS_FOLDED)
                | mark(record.tcp_flags.is_some(), HAS_FLAGS)
                | mark(record.version.is_some(), HAS_VERSION),
        };
        Some((compact, interval))
    }

    /// What the record alone is remembered as.
    pub(crate) fn history(&self, interval: Interval) -> History {
        let flags = (self.marks & HAS_FLAGS != 0).then_some(self.flags);
        let version = (self.marks & HAS_VERSION != 0).then_some(interval.version);
        let folded = (self.marks & HAS_FOLDED != 0).then_some(self.folded);
        History::of(interval.span(), flags, version, folded)
    }
}

impl Interval {
    pub(crate) fn span(self) -> Span {
        let start = i64::from(self.start);
        Span {
            start,
            end: start + i64::from(self.length),
        }
    }
}

fn mark(is: bool, mark: u8) -> u8 {
    if is { mark } else { 0 }
}
