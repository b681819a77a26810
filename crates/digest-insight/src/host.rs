//! What one host does: in and out by window, its peers and which of them are new, what it serves, what was rejected.

use std::net::IpAddr;
use std::sync::mpsc::sync_channel;
use std::thread;

use digest_tables::Wanted;
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use serde::Serialize;

mod flows;

use flows::{Flow, Telling, Told, joined};

use crate::filter::Filter;
use crate::grouping::Node;
use crate::links::LinksOptions;
use crate::listed::Listed;
use crate::seen_by::SeenBy;
use crate::service::{End, Port, Rule};
use crate::sources::{AskError, Source, ask};
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
        let mut summing = Summing::default();
        // A window at a time: no flow is told of in two of them, and the flows of all are far more than what is made of them.
        // The next one is asked while those of the last are summed.
        let (told, windows) = sync_channel(1);
        let asking = move || {
            for (at, source) in sources.iter_mut().enumerate() {
                let new = || Telling {
                    flows: HashMap::default(),
                    window: options.windows.get(at).copied(),
                    options: &options.links,
                };
                let flows =
                    ask(std::slice::from_mut(source), wanted, &filter, new).map(|telling| telling.flows);
                let is_last = flows.is_err();
                if told.send(flows).is_err() || is_last {
                    break;
                }
            }
        };
        thread::scope(|scope| {
            scope.spawn(asking);
            for flows in windows {
                let window = summing.add(flows?, options);
                summing.windows.push(window);
            }
            Ok::<_, AskError>(())
        })?;
        Ok(summing.finish(options))
    }
}

/// Either way.
#[derive(Debug, Default)]
struct Ways {
    received: Sums,
    sent: Sums,
    span: Option<(i64, i64)>,
    seen: SeenBy,
}

impl Ways {
    fn add(&mut self, is_sent: bool, told: &Told) {
        let way = if is_sent {
            &mut self.sent
        } else {
            &mut self.received
        };
        way.add(told.sums());
        self.span = joined(self.span, told.span);
        self.seen = self.seen.or(told.seen);
    }

    fn bytes(&self) -> u128 {
        self.received.bytes + self.sent.bytes
    }
}

/// Rejected traffic: from, to, ports and protocol.
type Refused = (IpAddr, IpAddr, Option<(u16, u16)>, u8);

/// What is made of the flows of all windows.
#[derive(Debug, Default)]
struct Summing {
    windows: Vec<HostWindow>,
    peers: HashMap<Node, Ways, RandomState>,
    services: HashMap<(Port, u8), Serving, RandomState>,
    rejected: HashMap<Refused, Told, RandomState>,
}

#[derive(Debug, Default)]
struct Serving {
    ways: Ways,
    rule: Option<Rule>,
    clients: HashSet<IpAddr, RandomState>,
}

impl Summing {
    /// Adds a window's flows, and gives the window's sums.
    fn add(&mut self, flows: HashMap<Flow, Told, RandomState>, options: &HostOptions) -> HostWindow {
        let mut window = HostWindow::default();
        let links = &options.links;
        for (flow, mut told) in flows {
            let is_sent = options.addresses.contains(&flow.from);
            let peer = if is_sent { flow.to } else { flow.from };
            let way = match (flow.is_rejected, is_sent) {
                (true, _) => &mut window.rejected,
                (false, true) => &mut window.sent,
                (false, false) => &mut window.received,
            };
            way.add(told.sums());
            if flow.is_rejected {
                let refused = (flow.from, flow.to, flow.ports, flow.protocol);
                // Of each window one observer's word: windows add up whoever told of them.
                told.by = [Some(told.sums()), None, None];
                self.rejected.entry(refused).or_default().add(told);
                continue;
            }
            let node = links.grouping.node(peer, &links.observers, &links.inside);
            self.peers.entry(node).or_default().add(is_sent, &told);
            if let Some(served) = told.served
                && (served.by == End::Source) == is_sent
            {
                let serving = self.services.entry((served.port, flow.protocol)).or_default();
                serving.ways.add(is_sent, &told);
                serving.rule = serving.rule.max(Some(served.rule));
                serving.clients.insert(peer);
            }
        }
        window
    }

    fn finish(self, options: &HostOptions) -> Host {
        let Self {
            windows,
            peers,
            services,
            rejected,
        } = self;
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
        let services =
            heaviest(services, |serving| serving.ways.bytes()).map(|((port, protocol), serving)| {
                let Serving { ways, rule, clients } = serving;
                let (first_seen, _) = ways.span.unwrap_or_default();
                Offered {
                    port,
                    protocol,
                    rule: rule.unwrap_or(Rule::PortOrder),
                    clients: clients.len() as u64,
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
fn heaviest<K: Ord, V>(
    all: HashMap<K, V, RandomState>,
    weight: impl Fn(&V) -> u128,
) -> impl Iterator<Item = (K, V)> {
    let mut all: Vec<(K, V)> = all.into_iter().collect();
    all.sort_unstable_by(|(one, value), (other, others)| {
        weight(others).cmp(&weight(value)).then_with(|| one.cmp(other))
    });
    all.into_iter()
}
