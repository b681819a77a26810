//! The links of one window: who talked to whom on which service, by numbers that stand for them, in whichever direction.
//!
//! A link is the same whichever of its ends is taken for the server: of two windows one may know by flags what the other
//! can only take from the order of ports.

use std::hash::BuildHasher;
use std::net::IpAddr;

use digest_core::Edge;
use foldhash::fast::{FixedState, RandomState};
use hashbrown::{HashMap, HashSet};

use crate::grouping::Node;
use crate::links::LinksOptions;
use crate::seen_by::SeenBy;
use crate::service::{End, Port, Rule, served};
use crate::sources::{Answer, AskError, Standing};

/// The least port that clients are given. What the order of ports alone takes for a service on such a port may as well be a
/// client's: it is no service that could be new.
pub(super) const EPHEMERAL: u16 = 32_768;

/// A link that an edge is of, with the names of its ends.
#[derive(Debug)]
pub(super) struct Told {
    /// Its number: names are hashed, and two are alike once in many billions.
    pub(super) id: u64,
    /// What its ends stand for, the lesser first.
    pub(super) nodes: [Node; 2],
    /// Which of them sent.
    pub(super) from: usize,
    /// Which of them serves.
    pub(super) server: usize,
    pub(super) rule: Option<Rule>,
    pub(super) port: Option<u16>,
    is_outside: [bool; 2],
    /// Client and port, where flags say that it opened from the port that folding kept.
    opened_from: Option<(usize, u16)>,
    /// Whether both ends use the same port, and either may serve.
    is_even: bool,
}

/// What a link sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Link {
    /// Numbers of its ends, the lesser node's first.
    pub(super) nodes: [u64; 2],
    /// From the lesser node and from the greater: as the source's interface tells it, the destination's, and others.
    by: [[u64; 3]; 2],
    /// Records likewise; none where only a text tells.
    records: [[u32; 3]; 2],
    /// Which end serves.
    pub(super) server: u8,
    pub(super) rule: Option<Rule>,
    /// The port that is served, where it is known.
    pub(super) port: Option<u16>,
    pub(super) protocol: u8,
    pub(super) is_rejected: bool,
    pub(super) is_even: bool,
    /// Whether the lesser node lies outside, and whether the greater does.
    pub(super) is_outside: [bool; 2],
}

/// The links of a window.
#[derive(Debug)]
pub(super) struct Window<'o> {
    pub(super) links: HashMap<u64, Link, RandomState>,
    /// Services that would be by the order of ports, of ports from which somebody opened.
    pub(super) opened_from: HashSet<u64, RandomState>,
    options: &'o LinksOptions,
}

/// A number that stands for something.
pub(super) fn number(of: impl std::hash::Hash) -> u64 {
    FixedState::default().hash_one(of)
}

/// The number of the same link where it is rejected, or accepted.
pub(super) fn opposite(id: u64) -> u64 {
    !id
}

/// The number of a service of an end.
pub(super) fn service(node: u64, port: u16, protocol: u8) -> u64 {
    number((node, port, protocol))
}

impl Told {
    /// The link of an edge.
    pub(super) fn of(edge: &Edge<'_>, options: &LinksOptions) -> Self {
        let node = |address: IpAddr| {
            options
                .grouping
                .node(address, &options.observers, &options.inside)
        };
        let is_outside = |address: IpAddr| {
            let is_inside = options.inside.iter().any(|network| network.contains(address));
            !is_inside && options.observers.owner(address).is_none()
        };
        let mut nodes = [node(edge.srcaddr), node(edge.dstaddr)];
        let mut outside = [is_outside(edge.srcaddr), is_outside(edge.dstaddr)];
        let [source, destination] = &nodes;
        let from = usize::from(source > destination);
        if from == 1 {
            nodes.swap(0, 1);
            outside.swap(0, 1);
        }
        let served = served(edge);
        let rule = served.map(|served| served.rule);
        let server = match served.map(|served| served.by) {
            Some(End::Source) => from,
            Some(End::Destination) => 1 - from,
            None => 1,
        };
        let kept = edge.ports.map_or(0, |(src, dst)| src.max(dst));
        let port = match served.map(|served| (served.port, served.rule)) {
            Some((Port::One(port), Rule::PortOrder)) => Some(port).filter(|port| *port < EPHEMERAL),
            Some((Port::One(port), _)) => Some(port),
            Some((Port::Between(..), _)) | None => None,
        };
        let opened_from = served
            .filter(|served| served.rule > Rule::PortOrder && served.port != Port::One(kept))
            .map(|_| (1 - server, kept));
        let folded = edge.history.and_then(|history| history.folded_ports);
        let id = number((&nodes, port, edge.protocol));
        Self {
            id: if edge.action == b"REJECT" {
                opposite(id)
            } else {
                id
            },
            nodes,
            from,
            server,
            rule,
            port,
            is_outside: outside,
            opened_from,
            is_even: kept > 0 && folded == Some((kept, kept)),
        }
    }

    /// The same with what the edge sums.
    pub(super) fn link(&self, edge: &Edge<'_>, options: &LinksOptions) -> Link {
        let seen = SeenBy::of(edge, &options.observers);
        let observer = match (seen.source, seen.destination) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        };
        let (mut by, mut records) = ([[0; 3]; 2], [[0; 3]; 2]);
        if let Some(place) = by.get_mut(self.from).and_then(|way| way.get_mut(observer)) {
            *place = edge.bytes;
        }
        if let Some(place) = records.get_mut(self.from).and_then(|way| way.get_mut(observer)) {
            let told = edge.history.map_or(0, |history| history.records);
            *place = u32::try_from(told).unwrap_or(u32::MAX);
        }
        Link {
            nodes: self.nodes.each_ref().map(number),
            by,
            records,
            server: u8::from(self.server == 1),
            rule: self.rule,
            port: self.port,
            protocol: edge.protocol,
            is_rejected: edge.action == b"REJECT",
            is_even: self.is_even,
            is_outside: self.is_outside,
        }
    }
}

impl Link {
    /// Bytes from the lesser node, and from the greater: one observer's word each.
    pub(super) fn ways(&self) -> [u64; 2] {
        self.by
            .map(|told| told.iter().copied().find(|bytes| *bytes > 0).unwrap_or(0))
    }

    /// Bytes either way.
    pub(super) fn bytes(&self) -> u64 {
        let [one, other] = self.ways();
        one.saturating_add(other)
    }

    /// Records one way as one interface tells them, at most.
    pub(super) fn records(&self) -> u32 {
        self.records.iter().flatten().copied().max().unwrap_or(0)
    }

    /// The number of its server, and of its client.
    pub(super) fn server_and_client(&self) -> (u64, u64) {
        let [lesser, greater] = self.nodes;
        if self.server == 1 {
            (greater, lesser)
        } else {
            (lesser, greater)
        }
    }

    /// Whether its server lies outside, and whether its client does.
    pub(super) fn server_and_client_outside(&self) -> (bool, bool) {
        let [lesser, greater] = self.is_outside;
        if self.server == 1 {
            (greater, lesser)
        } else {
            (lesser, greater)
        }
    }

    /// The number of the service that it uses, where its port is known.
    pub(super) fn service(&self) -> Option<u64> {
        let (server, _) = self.server_and_client();
        Some(service(server, self.port?, self.protocol))
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (ours, theirs) in self.by.iter_mut().zip(other.by) {
            for (ours, theirs) in ours.iter_mut().zip(theirs) {
                *ours = ours.saturating_add(theirs);
            }
        }
        for (ours, theirs) in self.records.iter_mut().zip(other.records) {
            for (ours, theirs) in ours.iter_mut().zip(theirs) {
                *ours = ours.saturating_add(theirs);
            }
        }
        // Both ends use this port: to somebody each of them serves.
        self.is_even |= self.server != other.server;
        if (other.rule, other.server) > (self.rule, self.server) {
            (self.rule, self.server) = (other.rule, other.server);
        }
        self.is_even |= other.is_even;
    }
}

impl<'o> Window<'o> {
    pub(super) fn new(options: &'o LinksOptions) -> Self {
        Self {
            links: HashMap::default(),
            opened_from: HashSet::default(),
            options,
        }
    }

    fn put(&mut self, id: u64, link: Link) {
        self.links
            .entry(id)
            .and_modify(|ours| ours.add(&link))
            .or_insert(link);
    }

    fn bounded(&self) -> Result<(), AskError> {
        if self.links.len() > self.options.most {
            return Err(AskError::TooMany(self.options.most));
        }
        Ok(())
    }
}

impl Answer for Window<'_> {
    fn take(&mut self, _: Standing, edge: &Edge<'_>) -> Result<(), AskError> {
        if self.options.is_ignored(edge) {
            return Ok(());
        }
        let told = Told::of(edge, self.options);
        let link = told.link(edge, self.options);
        if let Some((client, port)) = told.opened_from
            && let Some(client) = link.nodes.get(client)
        {
            self.opened_from.insert(service(*client, port, edge.protocol));
        }
        self.put(told.id, link);
        self.bounded()
    }

    fn merge(&mut self, other: Self) -> Result<(), AskError> {
        for (id, link) in other.links {
            self.put(id, link);
        }
        self.opened_from.extend(other.opened_from);
        self.bounded()
    }
}
