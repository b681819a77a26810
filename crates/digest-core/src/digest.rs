//! A finished digest: every edge once, in an order that depends on the records alone.
//!
//! The order of the whole is the order of the interfaces' names and, inside each, of the keys, so that each table is
//! sorted by itself, on all threads and mostly in cache; nothing is merged and nothing is sorted as a whole.

use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::address::Address;
use crate::addresses::Ranks;
use crate::edge::Edge;
use crate::flow_record::{ABSENT, Span};
use crate::folder::Gathered;
use crate::history::History;
use crate::key::KeyAddress;
use crate::memory::{Compact, Memory};
use crate::table::{Entry, Table};
use crate::tables::{Tables, lock};
use crate::tally::ObjectTally;

/// Sorted edges, the span of their records and the tally of what was read.
#[derive(Debug)]
pub struct Digest {
    sections: Sections,
    pub(crate) names: Names,
    edges: usize,
    span: Option<Span>,
    tally: ObjectTally,
    pub(crate) threads: usize,
}

/// What the numbers in keys stand for; each number is a rank.
#[derive(Debug)]
pub(crate) struct Names {
    addresses: Vec<u128>,
    pub(crate) actions: Vec<Vec<u8>>,
}

/// The edges of one interface, in order.
#[derive(Debug)]
pub(crate) struct Section<M> {
    pub(crate) account: Vec<u8>,
    pub(crate) interface: Vec<u8>,
    pub(crate) entries: Vec<Entry<M>>,
    wide: Vec<History>,
    /// Edges of all sections before this one.
    before: usize,
}

/// The interfaces in order.
#[derive(Debug)]
pub(crate) enum Sections {
    Sums(Vec<Section<()>>),
    Edges(Vec<Section<Compact>>),
}

/// Does the same to either kind of sections.
macro_rules! either {
    ($sections:expr, $list:ident => $action:expr) => {
        match $sections {
            Sections::Sums($list) => $action,
            Sections::Edges($list) => $action,
        }
    };
}

impl Digest {
    /// Puts tables in order, whose every log has been folded.
    pub(crate) fn new<M: Memory>(tables: &Tables<M>, gathered: Gathered, threads: usize) -> Self {
        let (actions, action_ranks) = ranked(tables.actions());
        let addresses = tables.addresses.ranked();
        let mut sections = sorted(tables, &addresses, &action_ranks, threads);
        // `-` comes before every name.
        let rank = |name: &[u8]| name != ABSENT;
        sections.sort_unstable_by(|one, other| {
            (
                rank(&one.account),
                &one.account,
                rank(&one.interface),
                &one.interface,
            )
                .cmp(&(
                    rank(&other.account),
                    &other.account,
                    rank(&other.interface),
                    &other.interface,
                ))
        });
        let mut edges = 0;
        for section in &mut sections {
            section.before = edges;
            edges += section.entries.len();
        }
        let Gathered { tally, span } = gathered;
        Self {
            sections: M::sections(sections),
            names: Names {
                addresses: addresses.ordered,
                actions,
            },
            edges,
            span,
            tally,
            threads,
        }
    }

    /// Number of edges, hence of lines.
    #[must_use]
    pub fn edges(&self) -> usize {
        self.edges
    }

    /// Sum of all edges' packets.
    #[must_use]
    pub fn packets(&self) -> u128 {
        either!(&self.sections, list => {
            list.iter().flat_map(|section| &section.entries).map(|entry| u128::from(entry.packets)).sum()
        })
    }

    /// Sum of all edges' bytes.
    #[must_use]
    pub fn bytes(&self) -> u128 {
        either!(&self.sections, list => {
            list.iter().flat_map(|section| &section.entries).map(|entry| u128::from(entry.bytes)).sum()
        })
    }

    /// Least start and greatest end of the records counted, Unix seconds; `None` if there were none.
    #[must_use]
    pub fn span(&self) -> Option<(i64, i64)> {
        self.span.map(|Span { start, end }| (start, end))
    }

    /// What became of the rows of all objects.
    #[must_use]
    pub fn tally(&self) -> &ObjectTally {
        &self.tally
    }

    /// The edges in the digest's order.
    #[must_use]
    pub fn lines(&self) -> Box<dyn Iterator<Item = Edge<'_>> + '_> {
        either!(&self.sections, list => {
            Box::new(list.iter().flat_map(|section| {
                section.entries.iter().map(|entry| self.names.edge(section, entry))
            }))
        })
    }

    /// Calls `write` with the parts of sections that make up these lines.
    pub(crate) fn visit(&self, lines: std::ops::Range<usize>, visitor: &mut impl Visitor) {
        either!(&self.sections, list => {
            let first = list.partition_point(|section| section.before + section.entries.len() <= lines.start);
            for section in list.iter().skip(first).take_while(|section| section.before < lines.end) {
                let from = lines.start.saturating_sub(section.before);
                let to = section.entries.len().min(lines.end - section.before);
                visitor.visit(section, section.entries.get(from..to).unwrap_or_default());
            }
        });
    }
}

/// Takes runs of edges of one interface.
pub(crate) trait Visitor {
    fn visit<M: Memory>(&mut self, section: &Section<M>, entries: &[Entry<M>]);
}

impl Names {
    fn edge<'d, M: Memory>(&'d self, section: &'d Section<M>, entry: &Entry<M>) -> Edge<'d> {
        let key = entry.key;
        Edge {
            account_id: &section.account,
            interface_id: &section.interface,
            srcaddr: self.address(key.src()),
            dstaddr: self.address(key.dst()),
            ports: key.ports(),
            protocol: key.protocol(),
            packets: entry.packets,
            bytes: entry.bytes,
            action: self
                .actions
                .get(key.action() as usize)
                .map_or(ABSENT, Vec::as_slice),
            history: entry.memory.history(&section.wide),
        }
    }

    /// The address that a key names.
    pub(crate) fn address(&self, address: KeyAddress) -> IpAddr {
        IpAddr::from(match address {
            KeyAddress::V4(value) => Address::V4(value),
            KeyAddress::V6(rank) => {
                Address::V6(self.addresses.get(rank as usize).copied().unwrap_or_default())
            }
        })
    }
}

/// Sorts each interface's edges, the largest first, on all threads. The interfaces come in no order.
fn sorted<M: Memory>(
    tables: &Tables<M>,
    addresses: &Ranks,
    actions: &[u32],
    threads: usize,
) -> Vec<Section<M>> {
    let mut interfaces = tables.interfaces();
    interfaces.sort_by_cached_key(|interface| std::cmp::Reverse(interface.table().len()));
    let next = AtomicUsize::new(0);
    let sections = Mutex::new(Vec::with_capacity(interfaces.len()));
    let work = || {
        let mut made = Vec::new();
        while let Some(interface) = interfaces.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (entries, wide) = in_order(interface.take(), addresses, actions);
            if !entries.is_empty() {
                made.push(Section {
                    account: interface.account.clone(),
                    interface: interface.interface.clone(),
                    entries,
                    wide,
                    before: 0,
                });
            }
        }
        lock(&sections).append(&mut made);
    };
    if threads < 2 || interfaces.len() < 2 {
        work();
    } else {
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(work);
            }
        });
    }
    sections
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn in_order<M: Memory>(table: Table<M>, addresses: &Ranks, actions: &[u32]) -> (Vec<Entry<M>>, Vec<History>) {
    let (mut entries, wide) = table.into_parts();
    let action = |number: u32| actions.get(number as usize).copied().unwrap_or_default();
    let same = (0..).zip(actions).all(|(number, &rank): (u32, _)| number == rank);
    for entry in entries.iter_mut().filter(|entry| !same || entry.key.has_v6()) {
        entry.key = entry.key.renumbered(|number| addresses.rank(number), action);
    }
    entries.sort_unstable_by_key(|entry| entry.key);
    (entries, wide)
}

/// Sorts names, and says for each old number which rank it has now.
fn ranked(names: Vec<Vec<u8>>) -> (Vec<Vec<u8>>, Vec<u32>) {
    let mut numbered: Vec<(usize, Vec<u8>)> = names.into_iter().enumerate().collect();
    numbered.sort_by(|one, other| one.1.cmp(&other.1));
    let mut ranks = vec![0; numbered.len()];
    for (rank, (number, _)) in (0..).zip(&numbered) {
        if let Some(place) = ranks.get_mut(*number) {
            *place = rank;
        }
    }
    (numbered.into_iter().map(|(_, name)| name).collect(), ranks)
}
