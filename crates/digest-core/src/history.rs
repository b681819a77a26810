//! What an edge remembers of its records beyond the sums that the digest's text shows.

use crate::flow_record::Span;

/// TCP flag bits as flow logs write them.
pub(crate) const SYN: u8 = 2;
pub(crate) const RST: u8 = 4;
pub(crate) const ACK: u8 = 16;

/// The measures of one edge, kept where [`FoldOptions::edges`](crate::FoldOptions) is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct History {
    /// Records folded into the edge.
    pub records: u64,
    /// Records whose flags have SYN without ACK: the side that opened.
    pub syn: u64,
    /// Records whose flags have SYN and ACK: the side that answered.
    pub synack: u64,
    /// Records whose flags have RST.
    pub rst: u64,
    /// Least start of the edge's records, Unix seconds.
    pub first_seen: i64,
    /// Greatest end of the edge's records, Unix seconds.
    pub last_seen: i64,
    /// All TCP flags seen, or-ed; `None` if no record carried any value.
    pub tcp_flags: Option<u8>,
    /// Versions of the log format seen: bit *n* for version *n*.
    pub versions: u32,
    /// Least and greatest of the ports that folding made 0; `None` where the format had no ports.
    pub folded_ports: Option<(u16, u16)>,
}

impl History {
    /// The history of one record, whose folding dropped the port `folded`.
    pub(crate) fn of(span: Span, tcp_flags: Option<u8>, version: Option<u8>, folded: Option<u16>) -> Self {
        let flags = tcp_flags.unwrap_or_default();
        Self {
            records: 1,
            syn: u64::from(flags & (SYN | ACK) == SYN),
            synack: u64::from(flags & (SYN | ACK) == SYN | ACK),
            rst: u64::from(flags & RST != 0),
            first_seen: span.start,
            last_seen: span.end,
            tcp_flags,
            versions: version.map_or(0, |version| 1u32.wrapping_shl(version.into())),
            folded_ports: folded.map(|port| (port, port)),
        }
    }

    /// Adds another history of the same edge.
    #[inline]
    pub fn merge(&mut self, other: &Self) {
        // Counts of records: 64 bits outlast any log there can be.
        self.records += other.records;
        self.syn += other.syn;
        self.synack += other.synack;
        self.rst += other.rst;
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.tcp_flags = match (self.tcp_flags, other.tcp_flags) {
            (Some(ours), Some(theirs)) => Some(ours | theirs),
            (ours, theirs) => ours.or(theirs),
        };
        self.versions |= other.versions;
        self.folded_ports = match (self.folded_ports, other.folded_ports) {
            (Some(ours), Some(theirs)) => Some((ours.0.min(theirs.0), ours.1.max(theirs.1))),
            (ours, theirs) => ours.or(theirs),
        };
    }
}
