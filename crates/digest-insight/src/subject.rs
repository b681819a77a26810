//! What a line of an answer is about, and how much: owned, and in the words that JSON has for it.

use std::borrow::Cow;
use std::fmt;

use digest_core::Edge;
use serde::Serialize;

/// What a digest's format shows where there is no value.
pub(crate) const ABSENT: &[u8] = b"-";

/// An edge, or a group of edges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// Account of the interface that logged it; not told of a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// Interface that logged it; not told of a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface_id: Option<String>,
    /// Source address, or the group that it belongs to.
    pub source: String,
    /// Destination address, or its group.
    pub destination: String,
    /// Source port, where it is the one that folding kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub srcport: Option<u16>,
    /// Destination port, where it is the one that folding kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dstport: Option<u16>,
    /// Protocol number; not told where protocols are summed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<u8>,
    /// ACCEPT, REJECT, or whatever the records say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
}

/// How much went over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Sums {
    /// Packets.
    pub packets: u128,
    /// Bytes.
    pub bytes: u128,
}

impl Sums {
    /// An edge's.
    #[must_use]
    pub fn of(edge: &Edge<'_>) -> Self {
        Self {
            packets: edge.packets.into(),
            bytes: edge.bytes.into(),
        }
    }

    /// Adds others: no count of edges reaches the bound.
    pub fn add(&mut self, other: Self) {
        self.packets = self.packets.saturating_add(other.packets);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

impl Subject {
    /// An edge as it is.
    #[must_use]
    pub fn of(edge: &Edge<'_>) -> Self {
        let (srcport, dstport) = kept(edge.ports);
        Self {
            account_id: name(edge.account_id),
            interface_id: name(edge.interface_id),
            source: edge.srcaddr.to_string(),
            destination: edge.dstaddr.to_string(),
            srcport,
            dstport,
            protocol: Some(edge.protocol),
            action: name(edge.action),
        }
    }

    /// Protocol and port, as people write them: `tcp/443`, `tcp/443 back` where the source serves, `icmp`.
    #[must_use]
    pub fn service(&self) -> String {
        let Some(protocol) = self.protocol else {
            return String::new();
        };
        let protocol = protocol_name(protocol);
        match (self.srcport, self.dstport) {
            (_, Some(port)) => format!("{protocol}/{port}"),
            (Some(port), None) => format!("{protocol}/{port} back"),
            (None, None) => protocol.into_owned(),
        }
    }
}

/// A protocol and the port that is served: `tcp/443`, or the protocol alone.
#[must_use]
pub fn service_of(protocol: u8, port: Option<impl fmt::Display>) -> String {
    let protocol = protocol_name(protocol);
    match port {
        Some(port) => format!("{protocol}/{port}"),
        None => protocol.into_owned(),
    }
}

/// The ports that folding has kept: of both at most one.
pub(crate) fn kept(ports: Option<(u16, u16)>) -> (Option<u16>, Option<u16>) {
    match ports {
        Some((src, dst)) => (
            Some(src).filter(|port| *port > 0),
            Some(dst).filter(|port| *port > 0),
        ),
        None => (None, None),
    }
}

/// A name, unless it says that there is none.
pub(crate) fn name(name: &[u8]) -> Option<String> {
    (name != ABSENT).then(|| String::from_utf8_lossy(name).into_owned())
}

/// A protocol's usual name, or its number.
#[must_use]
pub fn protocol_name(protocol: u8) -> Cow<'static, str> {
    Cow::Borrowed(match protocol {
        1 => "icmp",
        2 => "igmp",
        4 => "ipip",
        6 => "tcp",
        17 => "udp",
        41 => "ipv6",
        47 => "gre",
        50 => "esp",
        51 => "ah",
        58 => "icmpv6",
        89 => "ospf",
        132 => "sctp",
        other => return Cow::Owned(format!("protocol {other}")),
    })
}
