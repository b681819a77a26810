//! The lines of a fetched digest, added up: what a person wants to know of it first.

use std::fmt;
use std::net::IpAddr;

use anyhow::{Context, bail};

/// A digest's lines, added up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Edges {
    /// Lines.
    pub(crate) count: u64,
    /// Sum of all packets.
    pub(crate) packets: u128,
    /// Sum of all bytes.
    pub(crate) bytes: u128,
    /// Lines of action REJECT.
    pub(crate) rejected: u64,
    /// Packets of those.
    pub(crate) rejected_packets: u128,
    /// The edges with the most bytes, most first.
    pub(crate) busiest: Vec<Edge>,
}

/// One line of a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) source: End,
    pub(crate) destination: End,
    pub(crate) protocol: Protocol,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) action: String,
}

/// One end of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    address: IpAddr,
    /// Absent where the port is folded away, or the format has none.
    port: Option<u16>,
}

/// A protocol by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Protocol(u8);

impl Edges {
    /// Adds up a digest's text and keeps its `most` busiest edges.
    pub(crate) fn of(text: &str, most: usize) -> anyhow::Result<Self> {
        let mut edges = Self::default();
        for (line, number) in text.lines().zip(1..) {
            let edge =
                Edge::parse(line).with_context(|| format!("line {number} of the digest cannot be read"))?;
            edges.add(edge, most);
        }
        Ok(edges)
    }

    fn add(&mut self, edge: Edge, most: usize) {
        self.count += 1;
        self.packets += u128::from(edge.packets);
        self.bytes += u128::from(edge.bytes);
        if edge.action == "REJECT" {
            self.rejected += 1;
            self.rejected_packets += u128::from(edge.packets);
        }
        let place = self.busiest.partition_point(|busier| busier.bytes >= edge.bytes);
        if place < most {
            self.busiest.insert(place, edge);
            self.busiest.truncate(most);
        }
    }
}

impl Edge {
    fn parse(line: &str) -> anyhow::Result<Self> {
        let fields: Vec<&str> = line.split(' ').collect();
        let [
            _,
            _,
            _,
            src,
            dst,
            src_port,
            dst_port,
            protocol,
            packets,
            bytes,
            _,
            _,
            action,
            _,
        ] = fields[..]
        else {
            bail!("{} columns, not 14", fields.len());
        };
        Ok(Self {
            source: End::parse(src, src_port)?,
            destination: End::parse(dst, dst_port)?,
            protocol: Protocol(protocol.parse()?),
            packets: packets.parse()?,
            bytes: bytes.parse()?,
            action: action.to_owned(),
        })
    }
}

impl End {
    fn parse(address: &str, port: &str) -> anyhow::Result<Self> {
        let port = match port {
            "-" | "0" => None,
            port => Some(port.parse()?),
        };
        Ok(Self {
            address: address.parse()?,
            port,
        })
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.address, self.port) {
            (IpAddr::V6(address), Some(port)) => f.pad(&format!("[{address}]:{port}")),
            (address, Some(port)) => f.pad(&format!("{address}:{port}")),
            (address, None) => f.pad(&address.to_string()),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.pad("icmp"),
            6 => f.pad("tcp"),
            17 => f.pad("udp"),
            58 => f.pad("icmpv6"),
            other => f.pad(&other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
2 1 eni-1 10.0.0.1 10.0.0.2 0 443 6 3 100 0 1 ACCEPT OK
2 1 eni-1 10.0.0.1 10.0.0.3 22 0 6 2 700 0 1 REJECT OK
2 1 eni-1 2001:db8::1 2001:db8::2 0 53 17 1 300 0 1 ACCEPT OK
2 1 - 10.0.0.1 10.0.0.2 - - 47 1 5 0 1 - OK
";

    #[test]
    fn lines_are_added_up_and_the_busiest_come_first() {
        let edges = Edges::of(TEXT, 2).unwrap();
        assert_eq!((edges.count, edges.packets, edges.bytes), (4, 7, 1105));
        assert_eq!((edges.rejected, edges.rejected_packets), (1, 2));
        let bytes: Vec<u64> = edges.busiest.iter().map(|edge| edge.bytes).collect();
        assert_eq!(bytes, [700, 300]);
    }

    #[test]
    fn ends_show_the_port_that_is_left() {
        let edges = Edges::of(TEXT, 4).unwrap();
        let shown: Vec<String> = edges
            .busiest
            .iter()
            .map(|edge| format!("{} {} {}", edge.source, edge.destination, edge.protocol))
            .collect();
        assert_eq!(
            shown,
            [
                "10.0.0.1:22 10.0.0.3 tcp",
                "2001:db8::1 [2001:db8::2]:53 udp",
                "10.0.0.1 10.0.0.2:443 tcp",
                "10.0.0.1 10.0.0.2 47",
            ]
        );
    }

    #[test]
    fn what_is_no_digest_is_refused_by_its_line() {
        let refused = Edges::of(&format!("{TEXT}2 1 eni-1\n"), 1).unwrap_err();
        assert_eq!(
            format!("{refused:#}"),
            "line 5 of the digest cannot be read: 3 columns, not 14"
        );
    }
}
