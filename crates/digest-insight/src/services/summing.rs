//! Who uses which services how much, summed by several threads: by service and client.

use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv4Addr};

use digest_core::Edge;
use foldhash::fast::{FixedState, RandomState};
use hashbrown::HashSet;

use crate::gathered::{Gathered, Gatherer, Keyed, TooManySums, spread};
use crate::links::LinksOptions;
use crate::numbers::{Numbering, Numbers};
use crate::observers::Sights;
use crate::seen_by::SeenBy;
use crate::service::{End, Port, Rule, Served, served};
use crate::services::Use;
use crate::sources::{Answer, AskError, Standing};
use crate::subject::Sums;

/// A server, its port and protocol.
pub(super) type ServiceKey = (IpAddr, Port, u8);
/// A client, in a number of its own.
pub(super) type Client = u64;

/// What a client told a service, or the service a client, in 40 bytes.
///
/// Its key in two words, from the top. The server (32 bits), its port or the bounds between which it lies (16 each); what
/// kind of port (1), whether the server is a number (1), protocol (8); then the client: whether it is a number (1), and 32 bits;
/// last which way it went.
#[derive(Debug, Clone, Copy)]
struct UseSum {
    key: (u64, u64),
    packets: u64,
    bytes: u64,
    /// Records with the flags that decided.
    evidence: u32,
    /// So many edges, and in the highest bits the rule (2) and whose interfaces told of them.
    edges: u32,
}

const IS_BETWEEN: u64 = 1 << 63;
const IS_NUMBER: u64 = 1 << 62;
const PROTOCOL_AT: u32 = 54;
const CLIENT_IS_NUMBER: u64 = 1 << 33;
const CLIENT_AT: u32 = 1;
const SENT: u64 = 1;
/// The client, and which way.
const BY_CLIENT: u64 = (1 << 34) - 1;

const RULE_AT: u32 = 30;
const SEEN_BY_SOURCE: u32 = 1 << 29;
const SEEN_BY_DESTINATION: u32 = 1 << 28;
const EDGES: u32 = SEEN_BY_DESTINATION - 1;

impl UseSum {
    fn service(&self) -> (u64, u64) {
        (self.key.0, self.key.1 & !BY_CLIENT)
    }

    fn client(&self) -> Client {
        (self.key.1 & BY_CLIENT) >> CLIENT_AT
    }
}

impl Keyed for UseSum {
    type Key = (u64, u64);

    #[inline]
    fn key(&self) -> (u64, u64) {
        self.key
    }

    /// All clients of a service are in one part.
    #[inline]
    fn spread(&self) -> u64 {
        let (one, other) = self.service();
        spread(one, other)
    }

    #[inline]
    fn add(&mut self, other: &Self) -> bool {
        let edges = (self.edges & EDGES) + (other.edges & EDGES);
        let (Some(packets), Some(bytes), Some(evidence)) = (
            self.packets.checked_add(other.packets),
            self.bytes.checked_add(other.bytes),
            self.evidence.checked_add(other.evidence),
        ) else {
            return false;
        };
        if edges > EDGES {
            return false;
        }
        let rule = (self.edges >> RULE_AT).max(other.edges >> RULE_AT) << RULE_AT;
        let seen = (self.edges | other.edges) & (SEEN_BY_SOURCE | SEEN_BY_DESTINATION);
        *self = Self {
            key: self.key,
            packets,
            bytes,
            evidence,
            edges: rule | seen | edges,
        };
        true
    }
}

/// Sums that threads add to, and addresses that have numbers in their keys.
#[derive(Debug)]
pub(super) struct Summing<'a> {
    addresses: &'a Numbers<IpAddr>,
    gathered: Gathered<UseSum>,
    most: usize,
}

/// What they have added up to.
#[derive(Debug)]
pub(super) struct UseSums<'a> {
    addresses: &'a Numbers<IpAddr>,
    parts: Vec<Vec<UseSum>>,
}

impl<'a> Summing<'a> {
    pub(super) fn new(addresses: &'a Numbers<IpAddr>, most: usize) -> Self {
        Self {
            addresses,
            gathered: Gathered::new(most),
            most,
        }
    }

    pub(super) fn finish(self) -> Result<UseSums<'a>, AskError> {
        let parts = self.gathered.finish();
        Ok(UseSums {
            addresses: self.addresses,
            parts: parts.map_err(|TooManySums| AskError::TooMany(self.most))?,
        })
    }
}

impl UseSums<'_> {
    /// The services, how each is used, and by whom.
    pub(super) fn services(&self) -> impl Iterator<Item = (ServiceKey, Use, impl Iterator<Item = Client>)> {
        let parts = self.parts.iter();
        let same = parts.flat_map(|part| part.chunk_by(|one, other| one.service() == other.service()));
        same.filter_map(|same| {
            let mut found = Use::default();
            let by = same.chunk_by(|one, other| one.client() == other.client());
            for sum in same {
                found.add(sum.told());
            }
            found.clients = by.clone().count() as u64;
            let clients = by.filter_map(|one| one.first()).map(UseSum::client);
            Some((self.key(same.first()?), found, clients))
        })
    }

    fn key(&self, sum: &UseSum) -> ServiceKey {
        let (service, further) = sum.service();
        let value = (service >> 32) as u32;
        let server = match further & IS_NUMBER > 0 {
            true => self.addresses.get(value),
            false => None,
        };
        let (least, greatest) = ((service >> 16) as u16, service as u16);
        let port = match further & IS_BETWEEN > 0 {
            true => Port::Between(least, greatest),
            false => Port::One(least),
        };
        let server = server.unwrap_or_else(|| Ipv4Addr::from(value).into());
        (server, port, (further >> PROTOCOL_AT) as u8)
    }
}

impl UseSum {
    fn told(&self) -> Use {
        let sums = Sums {
            packets: self.packets.into(),
            bytes: self.bytes.into(),
        };
        let (received, sent) = match self.key.1 & SENT > 0 {
            true => (Sums::default(), sums),
            false => (sums, Sums::default()),
        };
        Use {
            rule: Some(match self.edges >> RULE_AT {
                0 => Rule::PortOrder,
                1 => Rule::Syn,
                _ => Rule::SynAck,
            }),
            evidence: self.evidence.into(),
            clients: 0,
            received,
            sent,
            edges: (self.edges & EDGES).into(),
            seen: SeenBy {
                source: self.edges & SEEN_BY_SOURCE > 0,
                destination: self.edges & SEEN_BY_DESTINATION > 0,
            },
        }
    }
}

/// A thread's services on their way.
pub(super) struct Finding<'o> {
    gatherer: Gatherer<'o, UseSum>,
    addresses: Numbering<'o, IpAddr>,
    sights: Sights<'o>,
    /// Ports from which someone opened: whatever their order, they serve nothing.
    opened_from: HashSet<ServiceKey, RandomState>,
    options: &'o LinksOptions,
    /// Which of how many parts of the services is summed.
    part: (u64, u64),
}

impl<'o> Finding<'o> {
    pub(super) fn new(summing: &'o Summing<'_>, options: &'o LinksOptions, part: (u64, u64)) -> Self {
        Self {
            gatherer: summing.gathered.gatherer(),
            addresses: summing.addresses.numbering(),
            sights: options.observers.sights(),
            opened_from: HashSet::default(),
            options,
            part,
        }
    }

    /// Ports that serve nothing whatever their order, once all else is where it belongs.
    pub(super) fn finish(mut self) -> Result<HashSet<ServiceKey, RandomState>, AskError> {
        self.flush()?;
        Ok(self.opened_from)
    }

    fn flush(&mut self) -> Result<(), AskError> {
        let flushed = self.gatherer.flush();
        flushed.map_err(|TooManySums| self.too_many())
    }

    #[inline]
    fn add(&mut self, sum: UseSum) -> Result<(), AskError> {
        let added = self.gatherer.add(sum);
        added.map_err(|TooManySums| self.too_many())
    }

    fn too_many(&self) -> AskError {
        AskError::TooMany(self.options.most_links)
    }

    /// An address in 32 bits, and whether they are its number.
    #[inline]
    fn word(&mut self, address: IpAddr) -> (u64, bool) {
        match address {
            IpAddr::V4(address) => (u32::from(address).into(), false),
            other => (self.addresses.number(other).into(), true),
        }
    }

    /// Where flags say that the end with the lesser port opened, that port serves nothing.
    fn note_opener(&mut self, edge: &Edge<'_>, served: Served, client: IpAddr) {
        let Some((src, dst)) = edge.ports.filter(|_| served.rule > Rule::PortOrder) else {
            return;
        };
        let kept = src.max(dst);
        if served.port != Port::One(kept) {
            self.opened_from.insert((client, Port::One(kept), edge.protocol));
        }
    }
}

impl Answer for Finding<'_> {
    #[inline]
    fn take(&mut self, _: Standing, edge: &Edge<'_>) -> Result<(), AskError> {
        if edge.action == b"REJECT" || self.options.is_ignored(edge) {
            return Ok(());
        }
        let Some(served) = served(edge) else {
            return Ok(());
        };
        let (server, client) = match served.by {
            End::Source => (edge.srcaddr, edge.dstaddr),
            End::Destination => (edge.dstaddr, edge.srcaddr),
        };
        self.note_opener(edge, served, client);
        let (part, parts) = self.part;
        let of = || FixedState::default().hash_one((server, served.port, edge.protocol));
        if parts > 1 && of() % parts != part {
            return Ok(());
        }
        let (server, server_is_number) = self.word(server);
        let (client, client_is_number) = self.word(client);
        let (ports, is_between) = match served.port {
            Port::One(port) => (u64::from(port) << 16, false),
            Port::Between(least, greatest) => (u64::from(least) << 16 | u64::from(greatest), true),
        };
        let mark = |is: bool, mark: u64| if is { mark } else { 0 };
        let further = mark(is_between, IS_BETWEEN)
            | mark(server_is_number, IS_NUMBER)
            | u64::from(edge.protocol) << PROTOCOL_AT
            | mark(client_is_number, CLIENT_IS_NUMBER)
            | client << CLIENT_AT
            | mark(served.by == End::Source, SENT);
        let history = edge.history.unwrap_or_default();
        let (rule, mut evidence) = match served.rule {
            Rule::PortOrder => (0, 0),
            Rule::Syn => (1, history.syn),
            Rule::SynAck => (2, history.synack),
        };
        let (seen, is_second) = self.sights.of(edge);
        let mark = |is: bool, mark: u32| if is { mark } else { 0 };
        let mut sum = UseSum {
            key: (server << 32 | ports, further),
            packets: 0,
            bytes: 0,
            evidence: 0,
            edges: rule << RULE_AT
                | mark(seen.source, SEEN_BY_SOURCE)
                | mark(seen.destination, SEEN_BY_DESTINATION),
        };
        // More than 32 bits hold is told in several sums.
        while let Some(rest) = evidence.checked_sub(u64::from(u32::MAX)) {
            evidence = rest;
            let evidence = u32::MAX;
            self.add(UseSum { evidence, ..sum })?;
        }
        sum.evidence = evidence as u32;
        if !is_second {
            (sum.packets, sum.bytes) = (edge.packets, edge.bytes);
            sum.edges |= 1;
        }
        self.add(sum)
    }

    fn merge(&mut self, mut other: Self) -> Result<(), AskError> {
        other.flush()?;
        self.opened_from.extend(other.opened_from);
        Ok(())
    }
}
