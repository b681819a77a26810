//! Rows of text: the default format, and one with every field of version 5.

use std::io::Write;
use std::net::IpAddr;

use clap::ValueEnum;

use super::dice::hash;
use super::flow::Flow;
use super::talk::Peers;
use super::world::{Interface, Network, hexadecimal};

/// The format of the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, ValueEnum)]
pub enum Format {
    /// The default format: version 2, 14 fields.
    #[default]
    Default,
    /// A custom format: the 29 fields up to version 5, TCP flags and flow direction among them.
    V5,
}

/// What a row says beside its interface and its times.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content {
    /// A flow.
    Flow(Flow),
    /// No traffic.
    NoData,
    /// Records were lost.
    SkipData,
}

const DEFAULT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start \
    end action log-status";

const LATER: &str = " vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id \
    sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path";

impl Format {
    /// The header line.
    pub(super) fn header(self) -> String {
        match self {
            Self::Default => format!("{DEFAULT}\n"),
            Self::V5 => format!("{DEFAULT}{LATER}\n"),
        }
    }

    /// Adds a row.
    pub(super) fn write(
        self,
        text: &mut Vec<u8>,
        network: &Network,
        interface: &Interface,
        (start, end): (i64, i64),
        content: &Content,
    ) {
        text.extend_from_slice(match self {
            Self::Default => b"2 ",
            Self::V5 => b"5 ",
        });
        text.extend_from_slice(network.account.as_bytes());
        text.push(b' ');
        text.extend_from_slice(interface.name.as_bytes());
        match content {
            Content::Flow(flow) => {
                address(text, flow.src);
                address(text, flow.dst);
                let protocol = u64::from(flow.protocol);
                for value in [flow.srcport, flow.dstport, protocol, flow.packets, flow.bytes] {
                    number(text, value);
                }
            }
            Content::NoData | Content::SkipData => text.extend_from_slice(b" - - - - - - -"),
        }
        number(text, start.unsigned_abs());
        number(text, end.unsigned_abs());
        text.extend_from_slice(match content {
            Content::Flow(flow) if flow.accepted => b" ACCEPT OK",
            Content::Flow(_) => b" REJECT OK",
            Content::NoData => b" - NODATA",
            Content::SkipData => b" - SKIPDATA",
        });
        if self == Self::V5 {
            later(text, network, interface, content);
        }
        text.push(b'\n');
    }
}

/// The fields of versions 3 to 5.
fn later(text: &mut Vec<u8>, network: &Network, interface: &Interface, content: &Content) {
    let subnet = hexadecimal(&[hash(&[network.number]), interface.role as u64]);
    let instance = hexadecimal(&[interface.salt, 7]);
    print(
        text,
        format_args!(" {} subnet-{subnet} i-{instance}", network.vpc),
    );
    let (region, zone) = (network.region, network.zone);
    let Content::Flow(flow) = content else {
        print(text, format_args!(" - - - - {region} {zone} - - - - - -"));
        return;
    };
    match flow.flags {
        Some(flags) => number(text, flags.into()),
        None => text.extend_from_slice(b" -"),
    }
    text.extend_from_slice(if flow.src.is_ipv4() { b" IPv4" } else { b" IPv6" });
    address(text, flow.src);
    address(text, flow.dst);
    let service = if flow.peers == Peers::Cloud { "S3" } else { "-" };
    let (from, to) = if flow.ingress {
        (service, "-")
    } else {
        ("-", service)
    };
    let direction = if flow.ingress { "ingress" } else { "egress" };
    let path = match flow.peers {
        _ if flow.ingress => "-",
        Peers::Internet => "8",
        Peers::Cloud => "7",
        _ => "1",
    };
    print(
        text,
        format_args!(" {region} {zone} - - {from} {to} {direction} {path}"),
    );
}

/// A blank and a number.
fn number(text: &mut Vec<u8>, value: u64) {
    text.push(b' ');
    digits(text, value);
}

fn digits(text: &mut Vec<u8>, value: u64) {
    if value >= 10 {
        digits(text, value / 10);
    }
    text.push(b'0' + (value % 10) as u8);
}

/// A blank and an address.
fn address(text: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            for (octet, before) in address.octets().into_iter().zip(*b" ...") {
                text.push(before);
                digits(text, octet.into());
            }
        }
        IpAddr::V6(address) => print(text, format_args!(" {address}")),
    }
}

fn print(text: &mut Vec<u8>, what: std::fmt::Arguments<'_>) {
    // Memory takes whatever is written to it.
    let _ = text.write_fmt(what);
}
