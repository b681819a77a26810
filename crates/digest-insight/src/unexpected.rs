//! Traffic that nobody would expect: on ports that IANA has given to no service, or that the user's policy does not allow.

use std::net::IpAddr;

use digest_core::Edge;
use digest_tables::Wanted;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use serde::Serialize;

use crate::grouping::Node;
use crate::links::{LinksOptions, Measure};
use crate::listed::Listed;
use crate::observers::Sights;
use crate::policy::Policy;
use crate::registry::{FIRST_DYNAMIC, service_name};
use crate::seen_by::SeenBy;
use crate::service::{End, Port, Rule, served};
use crate::sources::{Answer, AskError, Source, Standing, ask};
use crate::subject::{Sums, protocol_name};

/// Why traffic is unexpected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// IANA has given the port to no service.
    Unregistered,
    /// No rule of the policy allows it.
    NotAllowed,
}

/// Traffic between two ends that is unexpected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unexpected {
    /// Who uses the service: an address, or the group that it belongs to.
    pub client: String,
    /// Who serves, likewise.
    pub server: String,
    /// The port; `None` where the protocol has none or the format does not say.
    pub port: Option<Port>,
    /// Its protocol.
    pub protocol: u8,
    /// By which rule it is known who serves; `None` where nothing tells.
    pub rule: Option<Rule>,
    /// Why it is unexpected.
    pub reasons: Vec<Reason>,
    /// The same in words.
    pub why: String,
    /// From client to server.
    pub received: Sums,
    /// From server to client.
    pub sent: Sums,
    /// Least start of a record, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<i64>,
    /// Whose interfaces told of it.
    pub seen_by: SeenBy,
}

/// Client, server, port, protocol, and whether it is unregistered and not allowed.
type Key = (Node, Node, Option<Port>, u8, [bool; 2]);

#[derive(Debug, Default)]
struct Found {
    rule: Option<Rule>,
    ways: [Sums; 2],
    edges: u64,
    first_seen: Option<i64>,
    seen: SeenBy,
}

#[derive(Debug)]
struct Finding<'o> {
    found: HashMap<Key, Found, RandomState>,
    options: &'o LinksOptions,
    policy: Option<&'o Policy>,
    sights: Sights<'o>,
}

/// Asks for what is unexpected. Without a policy that is traffic on ports of no registered service; with one it is whatever no
/// rule allows. What was rejected is not looked at.
///
/// # Errors
/// [`AskError`].
pub fn unexpected(
    sources: &mut [Source],
    options: &LinksOptions,
    policy: Option<&Policy>,
    most: usize,
    measure: Measure,
) -> Result<Listed<Unexpected>, AskError> {
    let new = || Finding {
        found: HashMap::default(),
        options,
        policy,
        sights: options.observers.sights(),
    };
    let wanted = Wanted {
        connections: true,
        seen: true,
        further: false,
    };
    Ok(ask(sources, wanted, &options.filter, new)?.finish(most, measure))
}

/// Whether IANA has given none of these ports to a service.
fn is_unregistered(protocol: u8, port: Port) -> bool {
    match port {
        Port::One(port) => service_name(protocol, port).is_none(),
        Port::Between(least, greatest) => {
            service_name(protocol, least).is_none() || service_name(protocol, greatest).is_none()
        }
    }
}

impl Answer for Finding<'_> {
    fn take(&mut self, _: Standing, edge: &Edge<'_>) -> Result<(), AskError> {
        if edge.action == b"REJECT" || self.options.is_ignored(edge) {
            return Ok(());
        }
        let served = served(edge);
        let (server, client, way) = match served.map(|served| served.by) {
            Some(End::Source) => (edge.srcaddr, edge.dstaddr, 1),
            Some(End::Destination) | None => (edge.dstaddr, edge.srcaddr, 0),
        };
        let port = served.map(|served| served.port);
        let unregistered = port.is_some_and(|port| is_unregistered(edge.protocol, port));
        let not_allowed = match self.policy {
            None => false,
            // What is allowed is expected, whatever its port.
            Some(policy) if policy.allows(client, server, edge.protocol, port) => return Ok(()),
            // Nothing says which end of an edge without ports answers.
            Some(policy) if port.is_none() && policy.allows(server, client, edge.protocol, port) => {
                return Ok(());
            }
            Some(_) => true,
        };
        if !unregistered && !not_allowed {
            return Ok(());
        }
        let options = self.options;
        let node = |address: IpAddr| {
            options
                .grouping
                .node(address, &options.observers, &options.inside)
        };
        let key = (
            node(client),
            node(server),
            port,
            edge.protocol,
            [unregistered, not_allowed],
        );
        let found = self.found.entry(key).or_default();
        found.rule = found.rule.max(served.map(|served| served.rule));
        let (seen, is_second) = self.sights.of(edge);
        found.seen = found.seen.or(seen);
        let first = edge.history.map(|history| history.first_seen);
        found.first_seen = earlier(found.first_seen, first);
        if !is_second {
            if let Some(way) = found.ways.get_mut(way) {
                way.add(Sums::of(edge));
            }
            found.edges += 1;
        }
        self.bounded()
    }

    fn merge(&mut self, mut other: Self) -> Result<(), AskError> {
        if other.found.len() > self.found.len() {
            std::mem::swap(&mut self.found, &mut other.found);
        }
        for (key, theirs) in other.found {
            let ours = self.found.entry(key).or_default();
            ours.rule = ours.rule.max(theirs.rule);
            ours.ways
                .iter_mut()
                .zip(theirs.ways)
                .for_each(|(way, theirs)| way.add(theirs));
            ours.edges += theirs.edges;
            ours.first_seen = earlier(ours.first_seen, theirs.first_seen);
            ours.seen = ours.seen.or(theirs.seen);
        }
        self.bounded()
    }
}

fn earlier(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

impl Finding<'_> {
    fn bounded(&self) -> Result<(), AskError> {
        if self.found.len() > self.options.most {
            return Err(AskError::TooMany(self.options.most));
        }
        Ok(())
    }

    fn finish(self, most: usize, measure: Measure) -> Listed<Unexpected> {
        let weight = |found: &Found| match measure {
            Measure::Bytes => found.ways.iter().map(|way| way.bytes).sum(),
            Measure::Packets => found.ways.iter().map(|way| way.packets).sum(),
            Measure::Edges => u128::from(found.edges),
        };
        let mut all: Vec<(Key, Found)> = self.found.into_iter().collect();
        all.sort_unstable_by(|(one, found), (other, others)| {
            weight(others).cmp(&weight(found)).then_with(|| one.cmp(other))
        });
        Listed::of(all.into_iter().map(|(key, found)| shown(key, found)), most)
    }
}

fn shown((client, server, port, protocol, [unregistered, not_allowed]): Key, found: Found) -> Unexpected {
    let [received, sent] = found.ways;
    let mut reasons = Vec::new();
    reasons.extend(not_allowed.then_some(Reason::NotAllowed));
    reasons.extend(unregistered.then_some(Reason::Unregistered));
    let words: Vec<String> = reasons
        .iter()
        .map(|reason| reason.words(protocol, port))
        .collect();
    Unexpected {
        client: client.to_string(),
        server: server.to_string(),
        port,
        protocol,
        rule: found.rule,
        reasons,
        why: words.join("; "),
        received,
        sent,
        first_seen: found.first_seen,
        seen_by: found.seen,
    }
}

impl Reason {
    fn words(self, protocol: u8, port: Option<Port>) -> String {
        let name = protocol_name(protocol);
        match (self, port) {
            (Self::NotAllowed, _) => "no rule of the policy allows it".to_owned(),
            (Self::Unregistered, Some(Port::One(port))) if port >= FIRST_DYNAMIC => {
                format!("{name}/{port} is a dynamic port, which no service has")
            }
            (Self::Unregistered, Some(port)) => format!("{name}/{port} is registered for no service"),
            (Self::Unregistered, None) => "its port is not known".to_owned(),
        }
    }
}
