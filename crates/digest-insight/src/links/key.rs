//! What links are summed by: in full, and in two words.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

use digest_core::Edge;

use crate::grouping::Node;
use crate::links::LinksOptions;
use crate::network::Network;
use crate::numbers::{Numbering, Numbers};
use crate::subject::{Subject, kept, name};

/// What edges are summed by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LinkKey {
    pub(crate) source: Node,
    pub(crate) destination: Node,
    pub(crate) service: Option<(Option<(u16, u16)>, u8)>,
    pub(crate) action: Option<Cow<'static, str>>,
}

/// The same in two words. From the top, source and destination, 32 bits each; and both ports, 16 bits each, protocol (8),
/// what the others are (8, below), action (16).
pub(super) type Words = (u64, u64);

/// What an end is, in two bits: an IPv4 address, a network of such, or a node by its number.
const ADDRESS: u8 = 0;
const NETWORK: u8 = 1;
const NUMBERED: u8 = 2;
/// Where the destination's two bits are.
const OF_DESTINATION: u8 = 2;
/// Ports and protocol are told apart; there are ports.
const HAS_SERVICE: u8 = 1 << 4;
const HAS_PORTS: u8 = 1 << 5;

/// Actions that AWS has, and the first number of others.
const ACTIONS: [(&[u8], &str); 2] = [(b"ACCEPT", "ACCEPT"), (b"REJECT", "REJECT")];
const NO_ACTION: u16 = 0;
const OTHERS_FROM: u32 = 1 + ACTIONS.len() as u32;

/// What has a number, because it is none.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Leading bits of networks of IPv4.
    bits: u8,
    nodes: Numbers<Node>,
    actions: Numbers<String>,
}

/// A thread's own look at the names.
#[derive(Debug)]
pub(super) struct Naming<'n> {
    nodes: Numbering<'n, Node>,
    actions: Numbering<'n, String>,
}

impl Names {
    /// No names yet.
    pub(super) fn new(options: &LinksOptions) -> Self {
        Self {
            bits: options.grouping.bits(),
            ..Self::default()
        }
    }

    /// A thread's look at them.
    pub(super) fn naming(&self) -> Naming<'_> {
        Naming {
            nodes: self.nodes.numbering(),
            actions: self.actions.numbering(),
        }
    }

    /// The key of these words.
    pub(super) fn key(&self, (ends, how): Words) -> LinkKey {
        let kinds = (how >> 16) as u8;
        let service = || {
            let ports = ((how >> 48) as u16, (how >> 32) as u16);
            ((kinds & HAS_PORTS > 0).then_some(ports), (how >> 24) as u8)
        };
        LinkKey {
            source: self.node((ends >> 32) as u32, kinds),
            destination: self.node(ends as u32, kinds >> OF_DESTINATION),
            service: (kinds & HAS_SERVICE > 0).then(service),
            action: self.action(how as u16),
        }
    }

    fn node(&self, value: u32, kind: u8) -> Node {
        let address = IpAddr::V4(Ipv4Addr::from(value));
        match kind & 3 {
            ADDRESS => Node::Address(address),
            NETWORK => Node::Network(Network::of(address, self.bits)),
            // Every number that is in a key has been given.
            _ => self.nodes.get(value).unwrap_or(Node::Elsewhere),
        }
    }

    fn action(&self, number: u16) -> Option<Cow<'static, str>> {
        let at = usize::from(number).checked_sub(1)?;
        match ACTIONS.get(at) {
            Some((_, text)) => Some(Cow::Borrowed(text)),
            None => self.actions.get(u32::from(number) - OTHERS_FROM).map(Cow::Owned),
        }
    }
}

impl Naming<'_> {
    /// The words of an edge's key; `None` where there are too many actions.
    #[inline]
    pub(super) fn words(&mut self, edge: &Edge<'_>, options: &LinksOptions) -> Option<Words> {
        let (source, from) = self.end(edge.srcaddr, options);
        let (destination, to) = self.end(edge.dstaddr, options);
        let mut kinds = from | to << OF_DESTINATION;
        let mut how = u64::from(self.action(edge.action)?);
        if options.services {
            kinds |= HAS_SERVICE;
            how |= u64::from(edge.protocol) << 24;
            if let Some((src, dst)) = edge.ports {
                kinds |= HAS_PORTS;
                how |= u64::from(src) << 48 | u64::from(dst) << 32;
            }
        }
        let ends = u64::from(source) << 32 | u64::from(destination);
        Some((ends, how | u64::from(kinds) << 16))
    }

    #[inline]
    fn end(&mut self, address: IpAddr, options: &LinksOptions) -> (u32, u8) {
        match options
            .grouping
            .node(address, &options.observers, &options.inside)
        {
            Node::Address(IpAddr::V4(address)) => (address.into(), ADDRESS),
            Node::Network(network) => match network.range().0 {
                IpAddr::V4(first) => (first.into(), NETWORK),
                IpAddr::V6(_) => (self.nodes.number(Node::Network(network)), NUMBERED),
            },
            node => (self.nodes.number(node), NUMBERED),
        }
    }

    #[inline]
    fn action(&mut self, action: &[u8]) -> Option<u16> {
        if let Some(at) = ACTIONS.iter().position(|(text, _)| *text == action) {
            return Some(1 + at as u16);
        }
        match name(action) {
            None => Some(NO_ACTION),
            Some(name) => u16::try_from(self.actions.number(name).saturating_add(OTHERS_FROM)).ok(),
        }
    }
}

impl LinkKey {
    pub(crate) fn of(edge: &Edge<'_>, options: &LinksOptions) -> Self {
        let node = |address| {
            options
                .grouping
                .node(address, &options.observers, &options.inside)
        };
        Self {
            source: node(edge.srcaddr),
            destination: node(edge.dstaddr),
            service: options.services.then_some((edge.ports, edge.protocol)),
            action: action(edge.action),
        }
    }

    pub(crate) fn subject(&self) -> Subject {
        let (srcport, dstport) = kept(self.service.and_then(|(ports, _)| ports));
        Subject {
            account_id: None,
            interface_id: None,
            source: self.source.to_string(),
            destination: self.destination.to_string(),
            srcport,
            dstport,
            protocol: self.service.map(|(_, protocol)| protocol),
            action: self.action.as_deref().map(str::to_owned),
        }
    }
}

/// An action's name; nothing is allocated for those that AWS has.
fn action(action: &[u8]) -> Option<Cow<'static, str>> {
    match ACTIONS.iter().find(|(text, _)| *text == action) {
        Some((_, name)) => Some(Cow::Borrowed(name)),
        None => name(action).map(Cow::Owned),
    }
}
