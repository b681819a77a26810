//! Who serves what: by flags where they are logged, else by the order of ports, with the rule that decided.

use digest_tables::Wanted;
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use serde::Serialize;

use crate::grouping::{Grouping, Node};
use crate::links::{Links, LinksOptions, Measure};
use crate::listed::{Foremost, Listed};
use crate::numbers::Numbers;
use crate::seen_by::SeenBy;
use crate::service::{Port, Rule};
use crate::sources::{AskError, Source, ask};
use crate::subject::Sums;

mod summing;

use summing::{Client, Finding, Summing};

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

/// What is told of a service, once it is known who uses it.
#[derive(Debug, Default)]
pub(super) struct Use {
    rule: Option<Rule>,
    evidence: u64,
    clients: u64,
    received: Sums,
    sent: Sums,
    edges: u64,
    seen: SeenBy,
}

/// Asks who serves what. Only traffic that was not rejected is looked at. Where more would have to be held than may be and all
/// sources are tables, they are read several times, a part of the services each.
///
/// # Errors
/// [`AskError`].
pub fn services(
    sources: &mut [Source],
    options: &LinksOptions,
    most: usize,
    measure: Measure,
) -> Result<Listed<Service>, AskError> {
    Links::in_parts(sources, options, |sources, parts| {
        by_parts(sources, options, parts, most, measure)
    })
}

fn by_parts(
    sources: &mut [Source],
    options: &LinksOptions,
    parts: u64,
    most: usize,
    measure: Measure,
) -> Result<Listed<Service>, AskError> {
    let wanted = Wanted {
        connections: true,
        ..Wanted::default()
    };
    let addresses = Numbers::default();
    let mut foremost = Foremost::new(most);
    // Who uses several of a group's services is one client of it.
    let mut grouped: HashMap<_, (Use, HashSet<Client, RandomState>), RandomState> = HashMap::default();
    for part in 0..parts {
        let summing = Summing::new(&addresses, options.most_links);
        let new = || Finding::new(&summing, options, (part, parts));
        let opened_from = ask(sources, wanted, &options.filter, new)?.finish()?;
        let sums = summing.finish()?;
        for (served, found, clients) in sums.services() {
            if found.rule == Some(Rule::PortOrder) && opened_from.contains(&served) {
                continue;
            }
            let (server, port, protocol) = served;
            if options.grouping == Grouping::Address {
                let key = || (Node::Address(server), port, protocol);
                foremost.push(found.weight(measure), || (key(), found));
                continue;
            }
            let node = options.grouping.node(server, &options.observers, &options.inside);
            let (all, by) = grouped.entry((node, port, protocol)).or_default();
            all.add(found);
            by.extend(clients);
        }
    }
    for (key, (mut found, clients)) in grouped {
        found.clients = clients.len() as u64;
        foremost.push(found.weight(measure), || (key, found));
    }
    Ok(foremost.finish(Service::of))
}

impl Service {
    fn of((node, port, protocol): (Node, Port, u8), found: Use) -> Self {
        Self {
            server: node.to_string(),
            port,
            protocol,
            rule: found.rule.unwrap_or(Rule::PortOrder),
            evidence: found.evidence,
            clients: found.clients,
            received: found.received,
            sent: found.sent,
            seen_by: found.seen,
        }
    }
}

impl Use {
    fn add(&mut self, other: Self) {
        self.rule = self.rule.max(other.rule);
        self.evidence += other.evidence;
        self.clients += other.clients;
        self.received.add(other.received);
        self.sent.add(other.sent);
        self.edges += other.edges;
        self.seen = self.seen.or(other.seen);
    }

    fn weight(&self, measure: Measure) -> u128 {
        let mut both = self.received;
        both.add(self.sent);
        measure.of_sums(both, self.edges)
    }
}
