//! A flow record on its way into a table: what is left of it once its interface is known, in 40 bytes.

use crate::flow_record::{FlowRecord, Span};
use crate::history::History;
use crate::key::{FoldedPorts, Key};

/// A record whose numbers are as small as nearly all are; [`CompactRecord::without_key`] says which are not.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CompactRecord {
    pub(crate) key: Key,
    pub(crate) packets: u32,
    pub(crate) bytes: u32,
    /// Unix seconds.
    pub(crate) start: u32,
    /// Seconds from start to end, which fits 32 bits as well.
    pub(crate) length: u16,
    /// The port folded away; 0 where `marks` say that there is none.
    pub(crate) folded: u16,
    pub(crate) flags: u8,
    /// Below 16; 0 where the format has none.
    pub(crate) version: u8,
    pub(crate) marks: u8,
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
    /// The record in compact form, but for its key, if its numbers fit.
    pub(crate) fn without_key(record: &FlowRecord<'_>, ports: FoldedPorts) -> Option<Self> {
        let Span { start, end } = record.span;
        let version = record.version.unwrap_or_default();
        u32::try_from(end).ok()?;
        if version >= COMPACT_VERSIONS {
            return None;
        }
        Some(Self {
            key: Key::default(),
            packets: record.packets.try_into().ok()?,
            bytes: record.bytes.try_into().ok()?,
            start: start.try_into().ok()?,
            length: end.checked_sub(start)?.try_into().ok()?,
            folded: ports.folded.unwrap_or_default(),
            flags: record.tcp_flags.unwrap_or_default(),
            version,
            marks: mark(ports.folded.is_some(), HAS_FOLDED)
                | mark(record.tcp_flags.is_some(), HAS_FLAGS)
                | mark(record.version.is_some(), HAS_VERSION),
        })
    }

    /// What the record alone is remembered as.
    pub(crate) fn history(&self) -> History {
        let flags = (self.marks & HAS_FLAGS != 0).then_some(self.flags);
        let version = (self.marks & HAS_VERSION != 0).then_some(self.version);
        let folded = (self.marks & HAS_FOLDED != 0).then_some(self.folded);
        let start = i64::from(self.start);
        let span = Span {
            start,
            end: start + i64::from(self.length),
        };
        History::of(span, flags, version, folded)
    }
}

fn mark(is: bool, mark: u8) -> u8 {
    if is { mark } else { 0 }
}
