//! Dimensions: what edges of one line are told apart by, in words; and the order in which such edges stand.

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::address::Address;
use crate::edge::Edge;
use crate::facet::{self, OWN, Tokens, V4, V6};
use crate::fact::{FactSet, OF_EDGES};

/// What an edge is told apart by beyond the columns of the digest's text. `None` where the format lacks the column or
/// the value is `-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Dimensions<'d> {
    /// Source address in the packet.
    pub pkt_srcaddr: Option<IpAddr>,
    /// Destination address in the packet.
    pub pkt_dstaddr: Option<IpAddr>,
    /// `ingress` or `egress`, as the interface sees it.
    pub flow_direction: Option<&'d [u8]>,
    /// Which way egress traffic leaves.
    pub traffic_path: Option<i32>,
    /// Why traffic was rejected.
    pub reject_reason: Option<&'d [u8]>,
    /// AWS service of the packet's source address.
    pub pkt_src_aws_service: Option<&'d [u8]>,
    /// AWS service of the packet's destination address.
    pub pkt_dst_aws_service: Option<&'d [u8]>,
    /// Where the format names no interface: its VPC, subnet, instance and tags.
    pub interface: FactSet<'d>,
}

impl<'d> Dimensions<'d> {
    /// An edge that nothing further tells apart.
    pub(crate) const NONE: Self = Self {
        pkt_srcaddr: None,
        pkt_dstaddr: None,
        flow_direction: None,
        traffic_path: None,
        reject_reason: None,
        pkt_src_aws_service: None,
        pkt_dst_aws_service: None,
        interface: FactSet::NONE,
    };

    /// What a facet has further, in words, for an edge with these addresses.
    pub(crate) fn of(further: Option<&'d [u8]>, own: [Address; 2]) -> Self {
        let Some((&marks, mut rest)) = further.and_then(<[u8]>::split_first) else {
            return Self::default();
        };
        let mut address = |kind: u8, own: Address| match kind & 3 {
            OWN => Some(own.into()),
            V4 => {
                let (value, behind) = rest.split_first_chunk::<4>()?;
                rest = behind;
                Some(IpAddr::from(Ipv4Addr::from(*value)))
            }
            V6 => {
                let (value, behind) = rest.split_first_chunk::<16>()?;
                rest = behind;
                Some(IpAddr::from(Ipv6Addr::from(*value)))
            }
            _ => None,
        };
        let (pkt_srcaddr, pkt_dstaddr) = (address(marks, own[0]), address(marks >> 2, own[1]));
        let mut text = || {
            let (&length, behind) = rest.split_first()?;
            let (text, behind) = behind.split_at_checked(length.into())?;
            rest = behind;
            (!text.is_empty()).then_some(text)
        };
        Self {
            pkt_srcaddr,
            pkt_dstaddr,
            flow_direction: text(),
            traffic_path: text().and_then(|path| str::from_utf8(path).ok()?.parse().ok()),
            reject_reason: text(),
            pkt_src_aws_service: text(),
            pkt_dst_aws_service: text(),
            interface: FactSet::of(rest),
        }
    }
}

/// The order of what two edges of one line have further: as facets that were read from logs are.
pub(crate) fn order(one: &Edge<'_>, other: &Edge<'_>) -> Ordering {
    if one.dimensions == other.dimensions {
        return Ordering::Equal;
    }
    let facet = |edge: &Edge<'_>| {
        let mut facet = Vec::new();
        let of = &edge.dimensions;
        let address = |address: Option<IpAddr>| address.map(|address| address.to_string().into_bytes());
        let (source, destination) = (address(of.pkt_srcaddr), address(of.pkt_dstaddr));
        let path = of.traffic_path.map(|path| path.to_string().into_bytes());
        let placed = [
            source.as_deref(),
            destination.as_deref(),
            of.flow_direction,
            path.as_deref(),
            of.reject_reason,
            of.pkt_src_aws_service,
            of.pkt_dst_aws_service,
        ];
        let told = OF_EDGES.map(|(_, fact)| of.interface.get(fact.into()));
        let mut tokens: Tokens<'_> = Tokens::default();
        for (token, value) in tokens.iter_mut().zip(placed.into_iter().chain(told)) {
            *token = value.unwrap_or_default();
        }
        let own = [edge.srcaddr.into(), edge.dstaddr.into()];
        facet::write(&mut facet, edge.action, own, &tokens);
        facet
    };
    facet::order(&facet(one), &facet(other))
}
