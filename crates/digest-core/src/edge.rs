//! An edge of a digest: who talked to whom, on which service port, allowed or rejected, and how much. Where the format
//! says more of it, several edges may be one line of the text.

use std::net::IpAddr;

use crate::facet::Dimensions;
use crate::history::History;

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
