//! An edge of a digest: who talked to whom, on which service port, allowed or rejected, and how much. Where the format
//! says more of it, several edges may be one line of the text.

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv4Addr};

use crate::digest::Section;
use crate::dimensions::{self, Dimensions};
use crate::facet::Facets;
use crate::flow_record::ABSENT;
use crate::history::History;
use crate::key::ports_of;
use crate::memory::Memory;
use crate::merge::Part;
use crate::run::{Row, Sums};
use crate::table::Entry;

/// An edge of the network, with its sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge<'d> {
    /// Account that owns the interface; `-` if the format does not say. Bytes, for nothing forbids others than ASCII.
    pub account_id: &'d [u8],
    /// Interface that logged the records, or `-`.
    pub interface_id: &'d [u8],
    /// Source address.
    pub srcaddr: IpAddr,
    /// Destination address.
    pub dstaddr: IpAddr,
    /// Source and destination port, of which at least one is 0 by folding; `None` if the format lacks either.
    pub ports: Option<(u16, u16)>,
    /// IANA protocol number.
    pub protocol: u8,
    /// Sum of packets, at most `i64::MAX`.
    pub packets: u64,
    /// Sum of bytes, at most `i64::MAX`.
    pub bytes: u64,
    /// `ACCEPT`, `REJECT`, whatever else the records say, or `-`.
    pub action: &'d [u8],
    /// What it is told apart by beyond this, where that is kept.
    pub dimensions: Dimensions<'d>,
    /// What the edge remembers of its records, where that is kept.
    pub history: Option<History>,
}

impl Edge<'_> {
    /// Nothing: a place for an edge.
    pub(crate) const NONE: Self = Self {
        account_id: &[],
        interface_id: &[],
        srcaddr: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        dstaddr: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        ports: None,
        protocol: 0,
        packets: 0,
        bytes: 0,
        action: &[],
        dimensions: Dimensions::NONE,
        history: None,
    };

    /// Which of two edges comes first in a digest: by what its text shows (account and interface by bytes with `-` first,
    /// addresses with IPv4 first, ports, protocol, action), then by the rest. Equal ones differ in sums and history alone.
    #[must_use]
    pub fn order(&self, other: &Edge<'_>) -> Ordering {
        order_of_names(self.account_id, other.account_id)
            .then_with(|| order_of_names(self.interface_id, other.interface_id))
            .then_with(|| self.srcaddr.cmp(&other.srcaddr))
            .then_with(|| self.dstaddr.cmp(&other.dstaddr))
            .then_with(|| (self.ports, self.protocol).cmp(&(other.ports, other.protocol)))
            .then_with(|| self.action.cmp(other.action))
            .then_with(|| dimensions::order(self, other))
    }
}

/// Which of two accounts or interfaces comes first.
#[inline]
pub(crate) fn order_of_names(one: &[u8], other: &[u8]) -> Ordering {
    if one == other {
        return Ordering::Equal;
    }
    (one != ABSENT, one).cmp(&(other != ABSENT, other))
}

impl<M: Memory> Section<M> {
    /// An edge of the interface, in words.
    pub(crate) fn edge<'d>(&'d self, entry: &Entry<M>, facets: &'d Facets) -> Edge<'d> {
        let mut edge = Edge::NONE;
        self.write_edge(entry, facets, &mut edge);
        edge
    }

    /// The same, made where it is to stand: an edge is several lines of the cache, and a copy waits for all its parts.
    #[inline]
    pub(crate) fn write_edge<'d>(&'d self, entry: &Entry<M>, facets: &'d Facets, out: &mut Edge<'d>) {
        let key = entry.key;
        let own = [self.address(key.src()), self.address(key.dst())];
        let Edge {
            account_id,
            interface_id,
            srcaddr,
            dstaddr,
            ports,
            protocol,
            packets,
            bytes,
            action,
            dimensions,
            history,
        } = out;
        *account_id = &self.account;
        *interface_id = &self.interface;
        *srcaddr = own[0].into();
        *dstaddr = own[1].into();
        *ports = key.ports();
        *protocol = key.protocol();
        *packets = entry.packets;
        *bytes = entry.bytes;
        let named = facets.actions().get(facets.action(key.facet()) as usize);
        *action = named.map_or(ABSENT, Vec::as_slice);
        match facets.further(key.facet()) {
            None => *dimensions = Dimensions::NONE,
            further => *dimensions = Dimensions::of(further, own),
        }
        *history = entry.memory.history(&self.wide);
    }
}

impl Part {
    /// One of its rows, in words.
    pub(crate) fn edge<'d>(&'d self, row: &'d Row, sums: &Sums, actions: &'d [Vec<u8>]) -> Edge<'d> {
        Edge {
            account_id: &self.names.0,
            interface_id: &self.names.1,
            srcaddr: row.src.into(),
            dstaddr: row.dst.into(),
            ports: ports_of(row.service),
            protocol: row.service as u8,
            packets: sums.packets,
            bytes: sums.bytes,
            action: actions.get(row.action as usize).map_or(ABSENT, Vec::as_slice),
            dimensions: Dimensions::of(row.further.as_deref(), [row.src, row.dst]),
            history: sums.history,
        }
    }
}
