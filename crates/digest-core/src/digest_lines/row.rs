//! One of many lines, of which only what is asked for is put in words.

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv4Addr};

use super::{
    ACCEPT, DST_AT, DST_PORT_AT, DigestLines, HAS_PORTS, Names, Other, PROTOCOL_AT, Row, SERVICE, SRC_AT,
    SRC_PORT_AT,
};
use crate::digest_line::DigestLine;
use crate::dimensions::Dimensions;
use crate::edge::{Edge, order_of_names};

/// A line of some that were read.
#[derive(Debug, Clone, Copy)]
pub struct DigestRow<'t> {
    lines: &'t DigestLines,
    row: &'t Row,
}

impl<'t> DigestRow<'t> {
    #[inline]
    pub(super) fn of(lines: &'t DigestLines, row: &'t Row) -> Self {
        Self { lines, row }
    }

    /// The line in words.
    #[must_use]
    pub fn line(&self) -> DigestLine<'t> {
        let (start, end) = self.shared().map_or((0, 0), |names| (names.start, names.end));
        DigestLine {
            edge: self.edge(),
            start,
            end,
        }
    }

    /// Its edge.
    #[inline]
    #[must_use]
    pub fn edge(&self) -> Edge<'t> {
        let (account_id, interface_id) = self.names();
        Edge {
            account_id,
            interface_id,
            srcaddr: self.srcaddr(),
            dstaddr: self.dstaddr(),
            ports: self.ports(),
            protocol: self.protocol(),
            packets: self.packets(),
            bytes: self.bytes(),
            action: self.action(),
            dimensions: Dimensions::default(),
            history: None,
        }
    }

    /// Account and interface.
    #[inline]
    #[must_use]
    pub fn names(&self) -> (&'t [u8], &'t [u8]) {
        let token = |cell| self.lines.token(cell);
        let names = self.shared();
        names.map_or((&[], &[]), |names| (token(names.account), token(names.interface)))
    }

    /// Source address.
    #[inline]
    #[must_use]
    pub fn srcaddr(&self) -> IpAddr {
        match self.other() {
            Some(other) => other.srcaddr,
            None => Ipv4Addr::from((self.row.key >> SRC_AT) as u32).into(),
        }
    }

    /// Destination address.
    #[inline]
    #[must_use]
    pub fn dstaddr(&self) -> IpAddr {
        match self.other() {
            Some(other) => other.dstaddr,
            None => Ipv4Addr::from((self.row.key >> DST_AT) as u32).into(),
        }
    }

    /// Source and destination port, where there are any.
    #[inline]
    #[must_use]
    pub fn ports(&self) -> Option<(u16, u16)> {
        let key = self.row.key;
        (key & HAS_PORTS > 0).then_some(((key >> SRC_PORT_AT) as u16, (key >> DST_PORT_AT) as u16))
    }

    /// Protocol number.
    #[inline]
    #[must_use]
    pub fn protocol(&self) -> u8 {
        (self.row.key >> PROTOCOL_AT) as u8
    }

    /// Sum of packets.
    #[inline]
    #[must_use]
    pub fn packets(&self) -> u64 {
        self.row.packets
    }

    /// Sum of bytes.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.row.bytes
    }

    /// `ACCEPT`, `REJECT`, or whatever else the line says.
    #[inline]
    #[must_use]
    pub fn action(&self) -> &'t [u8] {
        match self.other() {
            Some(other) => self.lines.token(other.action),
            None if self.row.key as u8 == ACCEPT as u8 => b"ACCEPT",
            None => b"REJECT",
        }
    }

    /// Which of two lines comes first in a digest: see [`Edge::order`]. Equal ones differ in nothing but sums and times.
    #[inline]
    #[must_use]
    pub fn order(&self, other: &DigestRow<'_>) -> Ordering {
        self.order_of_names(other).then_with(|| {
            if self.row.other | other.row.other == 0 {
                return self.row.key.cmp(&other.row.key);
            }
            let ends = |row: &DigestRow<'_>| (row.srcaddr(), row.dstaddr());
            let service = |row: &DigestRow<'_>| row.row.key & SERVICE;
            ends(self)
                .cmp(&ends(other))
                .then_with(|| service(self).cmp(&service(other)))
                .then_with(|| self.action().cmp(other.action()))
        })
    }

    #[inline]
    fn order_of_names(&self, other: &DigestRow<'_>) -> Ordering {
        if self.row.names == other.row.names && std::ptr::eq(self.lines, other.lines) {
            return Ordering::Equal;
        }
        let (one, another) = (self.names(), other.names());
        order_of_names(one.0, another.0).then_with(|| order_of_names(one.1, another.1))
    }

    #[inline]
    fn shared(&self) -> Option<&'t Names> {
        self.lines.rows.names.get(self.row.names as usize)
    }

    #[inline]
    fn other(&self) -> Option<&'t Other> {
        self.lines
            .rows
            .others
            .get((self.row.other as usize).wrapping_sub(1))
    }
}
