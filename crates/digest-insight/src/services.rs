//! Who serves what: by flags where they are logged, else by the order of ports, with the rule that decided.

use std::hash::BuildHasher;
use std::net::IpAddr;

use digest_core::Edge;
use digest_tables::Wanted;
use foldhash::fast::{FixedState, RandomState};
use hashbrown::{HashMap, HashSet};
use serde::Serialize;

use crate::grouping::Node;
use crate::links::{LinksOptions, Measure};
use crate::listed::Listed;
use crate::seen_by::SeenBy;
use crate::service::{End, Port, Rule, Served, served};
use crate::sources::{Answer, AskError, Source, Standing, ask};
use crate::subject::Sums;

/// A service, and who uses it how much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    /// Who serves: an address, or the group that it belongs to.
    pub server: String,
    /// The port.
    pub port: Port,
    /// Its protocol.
    pub protocol: u8,
    /// The strongest rule by which that is known.
    pub rule: Rule,
    /// Records with the flags that decided; none where the order of ports did.
    pub evidence: u64,
    /// Addresses that use it.
    pub clients: u64,
    /// To the service.
    pub received: Sums,
    /// From it.
    pub sent: Sums,
    /// Whose interfaces told of it, where a source is a client's answer or a request.
    pub seen_by: SeenBy,
}

/// A server, its port and protocol.
type Key = (IpAddr, Port, u8);

#[derive(Debug, Default)]
struct Use {
    rule: Option<Rule>,
    evidence: u64,
    /// Hashes of clients' addresses: two of them are alike once in many billions.
    clients: HashSet<u64, RandomState>,
    received: Sums,
    sent: Sums,
    edges: u64,
    seen: SeenBy,
}

impl Use {
    fn add(&mut self, other: Self) {
        self.rule = self.rule.max(other.rule);
        self.evidence += other.evidence;
        self.clients.extend(other.clients);
        self.received.add(other.received);
        self.sent.add(other.sent);
        self.edges += other.edges;
        self.seen = self.seen.or(other.seen);
    }
}

#[derive(Debug)]
struct Finding<'o> {
    uses: HashMap<Key, Use, RandomState>,
    /// Ports from which someone opened: whatever their order, they serve nothing.
    opened_from: HashSet<Key, RandomState>,
    options: &'o LinksOptions,
}

/// Asks who serves what. Only traffic that was not rejected is looked at.
///
/// # Errors
/// [`AskError`].
pub fn services(
    sources: &mut [Source],
    options: &LinksOptions,
    most: usize,
    measure: Measure,
) -> Result<Listed<Service>, AskError> {
    let new = || Finding {
        uses: HashMap::default(),
        opened_from: HashSet::default(),
        options,
    };
    let wanted = Wanted {
        connections: true,
        ..Wanted::default()
    };
    let found = ask(sources, wanted, &options.filter, new)?;
    Ok(found.finish(most, measure))
}

impl Answer for Finding<'_> {
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
        let found = self.uses.entry((server, served.port, edge.protocol)).or_default();
        found.rule = found.rule.max(Some(served.rule));
        let history = edge.history.unwrap_or_default();
        found.evidence += match served.rule {
            Rule::PortOrder => 0,
            Rule::Syn => history.syn,
            Rule::SynAck => history.synack,
        };
        found.clients.insert(FixedState::default().hash_one(client));
        found.seen = found.seen.or(SeenBy::of(edge, &self.options.observers));
        if !self.options.observers.is_second_sight(edge) {
            let way = match served.by {
                End::Source => &mut found.sent,
                End::Destination => &mut found.received,
            };
            way.add(Sums::of(edge));
            found.edges += 1;
        }
        self.bounded()
    }

    fn merge(&mut self, other: Self) -> Result<(), AskError> {
        for (key, theirs) in other.uses {
            self.uses.entry(key).or_default().add(theirs);
        }
        self.opened_from.extend(other.opened_from);
        self.bounded()
    }
}

impl Finding<'_> {
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

    fn bounded(&self) -> Result<(), AskError> {
        if self.uses.len() > self.options.most {
            return Err(AskError::TooMany(self.options.most));
        }
        Ok(())
    }

    fn finish(self, most: usize, measure: Measure) -> Listed<Service> {
        let Self {
            uses,
            opened_from,
            options,
        } = self;
        let mut grouped: HashMap<(Node, Port, u8), Use, RandomState> = HashMap::default();
        for (key, found) in uses {
            if found.rule == Some(Rule::PortOrder) && opened_from.contains(&key) {
                continue;
            }
            let (server, port, protocol) = key;
            let node = options.grouping.node(server, &options.observers, &options.inside);
            grouped.entry((node, port, protocol)).or_default().add(found);
        }
        let weight = |found: &Use| match measure {
            Measure::Bytes => found.received.bytes + found.sent.bytes,
            Measure::Packets => found.received.packets + found.sent.packets,
            Measure::Edges => u128::from(found.edges),
        };
        let mut all: Vec<_> = grouped.into_iter().collect();
        all.sort_unstable_by(|(one, found), (other, others)| {
            weight(others).cmp(&weight(found)).then_with(|| one.cmp(other))
        });
        let service = |((node, port, protocol), found): ((Node, Port, u8), Use)| Service {
            server: node.to_string(),
            port,
            protocol,
            rule: found.rule.unwrap_or(Rule::PortOrder),
            evidence: found.evidence,
            clients: found.clients.len() as u64,
            received: found.received,
            sent: found.sent,
            seen_by: found.seen,
        };
        Listed::of(all.into_iter().map(service), most)
    }
}
