//! What one host does: in and out by window, its peers and which of them are new, what it serves, what was rejected.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use digest_core::Edge;
use digest_tables::Wanted;
use serde::Serialize;

use crate::filter::Filter;
use crate::grouping::Node;
use crate::links::{LinksOptions, SeenBy};
use crate::listed::Listed;
use crate::service::{End, Port, Rule, Served, served};
use crate::sources::{Answer, AskError, Source, Standing, ask};
use crate::subject::{Subject, Sums, kept};

/// Which host, and how it is looked at.
#[derive(Debug, Clone)]
pub struct HostOptions {
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Grouping of its peers, filters, and whose addresses are known.
    pub links: LinksOptions,
    /// First and past-the-last second of each source's window.
    pub windows: Vec<(i64, i64)>,
    /// Whoever was first seen at this time or later is new; `None` where nothing can be called so.
    pub new_since: Option<i64>,
    /// Most items of each list.
    pub most: usize,
}

/// What a host did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Host {
    /// By window, as the sources are.
    pub windows: Vec<HostWindow>,
    /// Whom it talked to, most bytes first.
    pub peers: Listed<Peer>,
    /// How many of them are new.
    pub new_peers: u64,
    /// What it served, most bytes first.
    pub services: Listed<Offered>,
    /// What was rejected, most packets first.
    pub rejected: Listed<Rejected>,
}

/// What went in and out within a window; what was rejected is in neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct HostWindow {
    /// To the host.
    pub received: Sums,
    /// From it.
    pub sent: Sums,
    /// What was rejected, either way.
    pub rejected: Sums,
}

/// Someone the host talked to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Peer {
    /// An address, or the group that it belongs to.
    pub peer: String,
    /// From it to the host.
    pub received: Sums,
    /// From the host to it.
    pub sent: Sums,
    /// Least start of a record, Unix seconds.
    pub first_seen: i64,
    /// Greatest end.
    pub last_seen: i64,
    /// Whether it was not seen in the earlier part of the time.
    pub is_new: bool,
    /// Whose interfaces told of it.
    pub seen_by: SeenBy,
}

/// A service that the host offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offered {
    /// Its port.
    pub port: Port,
    /// Its protocol.
    pub protocol: u8,
    /// The strongest rule by which that is known.
    pub rule: Rule,
    /// How many peers used it.
    pub clients: u64,
    /// To the host.
    pub received: Sums,
    /// From it.
    pub sent: Sums,
    /// Least start of a record, Unix seconds.
    pub first_seen: i64,
    /// Whether it was not seen in the earlier part of the time.
    pub is_new: bool,
}

/// Traffic that was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// From whom to whom, on which service.
    #[serde(flatten)]
    pub subject: Subject,
    /// How much.
    #[serde(flatten)]
    pub sums: Sums,
    /// Least start of a record, Unix seconds.
    pub first_seen: i64,
    /// Greatest end.
    pub last_seen: i64,
    /// Whose interfaces told of it.
    pub seen_by: SeenBy,
}

/// Edges that tell of the same traffic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Flow {
    source: usize,
    from: IpAddr,
    to: IpAddr,
    ports: Option<(u16, u16)>,
    protocol: u8,
    is_rejected: bool,
}

/// What was told of a flow: by its source's interface, by its destination's, and by others.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    by: [Option<Sums>; 3],
    seen: SeenBy,
    span: Option<(i64, i64)>,
    served: Option<Served>,
}

#[derive(Debug)]
struct Telling<'o> {
    flows: HashMap<Flow, Told>,
    options: &'o HostOptions,
}

impl Host {
    /// Asks the sources.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn ask(sources: &mut [Source], options: &HostOptions) -> Result<Self, AskError> {
        let filter = Filter::of_addresses(&options.addresses).and(options.links.filter.clone());
        let wanted = Wanted {
            connections: true,
            seen: true,
            further: false,
        };
        let new = || Telling {
            flows: HashMap::new(),
            options,
        };
        Ok(Summing::of(ask(sources, wanted, &filter, new)?).finish(options))
    }
}

impl Answer for Telling<'_> {
    fn take(&mut self, at: Standing, edge: &Edge<'_>) -> Result<(), AskError> {
        let options = &self.options.links;
        if options.is_ignored(edge) {
            return Ok(());
        }
        let flow = Flow {
            source: at.source,
            from: edge.srcaddr,
            to: edge.dstaddr,
            ports: edge.ports,
            protocol: edge.protocol,
            is_rejected: edge.action == b"REJECT",
        };
        let seen = SeenBy::of(edge, &options.observers);
        let by = match (seen.source, seen.destination) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        };
        // A text says of its edges only that they lie in its window.
        let window = self.options.windows.get(at.source).copied();
        let span = match edge.history {
            Some(history) => Some((history.first_seen, history.last_seen)),
            None => window,
        };
        let mut told = Told {
            seen,
            span,
            served: served(edge).filter(|_| !flow.is_rejected),
            ..Told::default()
        };
        if let Some(place) = told.by.get_mut(by) {
            *place = Some(Sums::of(edge));
        }
        self.flows.entry(flow).or_default().add(told);
        if self.flows.len() > options.most {
            return Err(AskError::TooMany(options.most));
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<(), AskError> {
        for (flow, told) in other.flows {
            self.flows.entry(flow).or_default().add(told);
        }
        if self.flows.len() > self.options.links.most {
            return Err(AskError::TooMany(self.options.links.most));
        }
        Ok(())
    }
}

impl Told {
    fn add(&mut self, other: Self) {
        for (ours, theirs) in self.by.iter_mut().zip(other.by) {
            if let Some(theirs) = theirs {
                ours.get_or_insert_default().add(theirs);
            }
        }
        self.seen = self.seen.or(other.seen);
        self.span = joined(self.span, other.span);
        if self.served.map(|served| served.rule) < other.served.map(|served| served.rule) {
            self.served = other.served;
        }
    }

    /// What counts: one observer's word.
    fn sums(&self) -> Sums {
        self.by.iter().flatten().next().copied().unwrap_or_default()
    }
}

fn joined(one: Option<(i64, i64)>, other: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (one, other) {
        (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
        (one, other) => one.or(other),
    }
}

/// Either way.
#[derive(Debug, Default)]
struct Ways {
    received: Sums,
    sent: Sums,
    span: Option<(i64, i64)>,
    seen: SeenBy,
    rule: Option<Rule>,
    peers: std::collections::HashSet<IpAddr>,
}

impl Ways {
    fn add(&mut self, is_sent: bool, told: &Told, peer: IpAddr) {
        let way = if is_sent { &mut self.sent } else { &mut self.received };
        way.add(told.sums());
        self.span = joined(self.span, told.span);
        self.seen = self.seen.or(told.seen);
        self.rule = self.rule.max(told.served.map(|served| served.rule));
        self.peers.insert(peer);
    }

    fn bytes(&self) -> u128 {
        self.received.bytes + self.sent.bytes
    }
}

/// Rejected traffic: from, to, ports and protocol.
type Refused = (IpAddr, IpAddr, Option<(u16, u16)>, u8);

/// Flows put together.
#[derive(Debug, Default)]
struct Summing {
    flows: Vec<(Flow, Told)>,
}

impl Summing {
    fn of(told: Telling<'_>) -> Self {
        let mut flows: Vec<_> = told.flows.into_iter().collect();
        flows.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Self { flows }
    }

    fn finish(self, options: &HostOptions) -> Host {
        let mut windows = vec![HostWindow::default(); options.windows.len()];
        let mut peers: BTreeMap<Node, Ways> = BTreeMap::new();
        let mut services: BTreeMap<(Port, u8), Ways> = BTreeMap::new();
        let mut rejected: BTreeMap<Refused, Told> = BTreeMap::new();
        for (flow, told) in &self.flows {
            let is_sent = options.addresses.contains(&flow.from);
            let peer = if is_sent { flow.to } else { flow.from };
            if let Some(window) = windows.get_mut(flow.source) {
                let way = match (flow.is_rejected, is_sent) {
                    (true, _) => &mut window.rejected,
                    (false, true) => &mut window.sent,
                    (false, false) => &mut window.received,
                };
                way.add(told.sums());
            }
            if flow.is_rejected {
                let subject = (flow.from, flow.to, flow.ports, flow.protocol);
                let all = rejected.entry(subject).or_default();
                // Of each window one observer's word: sums of windows add up whoever told of them.
                let mut told = *told;
                told.by = [Some(told.sums()), None, None];
                all.add(told);
                continue;
            }
            let links = &options.links;
            let node = links.grouping.node(peer, &links.observers, &links.inside);
            peers.entry(node).or_default().add(is_sent, told, peer);
            if let Some(served) = told.served
                && (served.by == End::Source) == is_sent
            {
                let service = services.entry((served.port, flow.protocol)).or_default();
                service.add(is_sent, told, peer);
            }
        }
        let is_new = |first: i64| options.new_since.is_some_and(|since| first >= since);
        let peers: Vec<Peer> = heaviest(peers, |ways| ways.bytes())
            .map(|(node, ways)| {
                let (first_seen, last_seen) = ways.span.unwrap_or_default();
                Peer {
                    peer: node.to_string(),
                    received: ways.received,
                    sent: ways.sent,
                    first_seen,
                    last_seen,
                    is_new: is_new(first_seen),
                    seen_by: ways.seen,
                }
            })
            .collect();
        let services = heaviest(services, |ways| ways.bytes()).map(|((port, protocol), ways)| {
            let (first_seen, _) = ways.span.unwrap_or_default();
            Offered {
                port,
                protocol,
                rule: ways.rule.unwrap_or(Rule::PortOrder),
                clients: ways.peers.len() as u64,
                received: ways.received,
                sent: ways.sent,
                first_seen,
                is_new: is_new(first_seen),
            }
        });
        let rejected = heaviest(rejected, |told| told.sums().packets).map(|(refused, told)| {
            let (first_seen, last_seen) = told.span.unwrap_or_default();
            Rejected {
                subject: subject(refused),
                sums: told.sums(),
                first_seen,
                last_seen,
                seen_by: told.seen,
            }
        });
        Host {
            windows,
            new_peers: peers.iter().filter(|peer| peer.is_new).count() as u64,
            peers: Listed::of(peers, options.most),
            services: Listed::of(services, options.most),
            rejected: Listed::of(rejected, options.most),
        }
    }
}

fn subject((from, to, ports, protocol): Refused) -> Subject {
    let (srcport, dstport) = kept(ports);
    Subject {
        account_id: None,
        interface_id: None,
        source: from.to_string(),
        destination: to.to_string(),
        srcport,
        dstport,
        protocol: Some(protocol),
        action: Some("REJECT".to_owned()),
    }
}

/// The heaviest first; equal ones in the order of their keys.
fn heaviest<K, V>(all: BTreeMap<K, V>, weight: impl Fn(&V) -> u128) -> impl Iterator<Item = (K, V)> {
    let mut all: Vec<(K, V)> = all.into_iter().collect();
    all.sort_by_key(|(_, value)| std::cmp::Reverse(weight(value)));
    all.into_iter()
}
