//! A finished digest: every edge once, in an order that depends on the records alone.
//!
//! The order of the whole is the order of the interfaces' names and, inside each, of the keys, so that each table is
//! sorted by itself, on all threads and mostly in cache; nothing is merged and nothing is sorted as a whole.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::address::Address;
use crate::edge::Edge;
use crate::error::FoldError;
use crate::flow_record::{ABSENT, Span};
use crate::folder::Gathered;
use crate::history::History;
use crate::key::{Key, KeyAddress, ports_of};
use crate::memory::{Compact, Memory};
use crate::merge::{Merge, Part, name_order};
use crate::run::{Row, Sums};
use crate::spill::SpilledRun;
use crate::table::{Entry, Table};
use crate::tables::{Tables, lock};
use crate::tally::ObjectTally;

/// Edges of one interface that are merged before they are handed on.
const MERGED_AT_ONCE: usize = 4096;

/// Sorted edges, the span of their records and the tally of what was read.
#[derive(Debug)]
pub struct Digest {
    pub(crate) body: Body,
    span: Option<Span>,
    tally: ObjectTally,
    pub(crate) threads: usize,
}

/// Where the edges are.
#[derive(Debug)]
pub(crate) enum Body {
    /// In memory.
    Held(Held),
    /// In runs that are merged whenever the edges are read.
    Spilled(Vec<Arc<dyn SpilledRun>>),
}

/// Edges in memory.
#[derive(Debug)]
pub(crate) struct Held {
    sections: Sections,
    /// The actions by the numbers in keys, which are ranks.
    pub(crate) actions: Vec<Vec<u8>>,
    pub(crate) edges: usize,
}

/// The edges of one interface, in order.
#[derive(Debug)]
pub(crate) struct Section<M: Memory> {
    pub(crate) account: Vec<u8>,
    pub(crate) interface: Vec<u8>,
    pub(crate) entries: Vec<Entry<M>>,
    pub(crate) wide: Vec<History>,
    /// IPv6 addresses by the numbers in keys, which are ranks.
    addresses: Vec<u128>,
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
    pub(crate) fn new<M: Memory>(
        tables: &Tables<M>,
        gathered: Gathered,
        threads: usize,
    ) -> Result<Self, FoldError> {
        let body = if tables.spilling.runs().is_empty() {
            Body::Held(Held::of(tables, threads))
        } else {
            tables.write_run(threads)?;
            Body::Spilled(tables.spilling.runs())
        };
        let Gathered { tally, span } = gathered;
        Ok(Self {
            body,
            span,
            tally,
            threads,
        })
    }

    /// Whether edges had to leave memory.
    #[must_use]
    pub fn is_spilled(&self) -> bool {
        matches!(self.body, Body::Spilled(_))
    }

    /// Hands out every edge, in the digest's order.
    ///
    /// # Errors
    /// What `take` returns, and failures of runs that are read back.
    pub fn for_each_edge(&self, mut take: impl FnMut(&Edge<'_>) -> io::Result<()>) -> io::Result<()> {
        match &self.body {
            Body::Held(held) => either!(&held.sections, list => {
                for section in list {
                    for entry in &section.entries {
                        take(&section.edge(entry, &held.actions))?;
                    }
                }
                Ok(())
            }),
            Body::Spilled(runs) => {
                let mut merge = Merge::open(runs)?;
                let actions = Arc::clone(&merge.actions);
                merge.read(MERGED_AT_ONCE, |part| {
                    part.rows
                        .iter()
                        .try_for_each(|(row, sums)| take(&part.edge(row, sums, &actions)))
                })
            }
        }
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
}

impl Held {
    fn of<M: Memory>(tables: &Tables<M>, threads: usize) -> Self {
        let (mut sections, actions) = sections_in_order(tables, threads);
        let mut edges = 0;
        for section in &mut sections {
            section.before = edges;
            edges += section.entries.len();
        }
        Self {
            sections: M::sections(sections),
            actions,
            edges,
        }
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

impl Part {
    fn edge<'d>(&'d self, row: &Row, sums: &Sums, actions: &'d [Vec<u8>]) -> Edge<'d> {
        Edge {
            account_id: &self.names.0,
            interface_id: &self.names.1,
            srcaddr: row.src.into(),
            dstaddr: row.dst.into(),
            ports: ports_of(row.service),
            protocol: row.service as u8,
            packets: sums.packets,
            bytes: sums.bytes,
            action: actions.get(row.action as usize).map_or(ABSENT, Vec::as_slice),
            history: sums.history,
        }
    }
}

impl<M: Memory> Section<M> {
    /// What a key of this section stands for.
    #[inline]
    pub(crate) fn row(&self, key: Key) -> Row {
        Row {
            src: self.address(key.src()),
            dst: self.address(key.dst()),
            service: key.service(),
            action: key.action(),
        }
    }

    fn edge<'d>(&'d self, entry: &Entry<M>, actions: &'d [Vec<u8>]) -> Edge<'d> {
        let key = entry.key;
        Edge {
            account_id: &self.account,
            interface_id: &self.interface,
            srcaddr: self.address(key.src()).into(),
            dstaddr: self.address(key.dst()).into(),
            ports: key.ports(),
            protocol: key.protocol(),
            packets: entry.packets,
            bytes: entry.bytes,
            action: actions.get(key.action() as usize).map_or(ABSENT, Vec::as_slice),
            history: entry.memory.history(&self.wide),
        }
    }

    #[inline]
    fn address(&self, address: KeyAddress) -> Address {
        match address {
            KeyAddress::V4(value) => Address::V4(value),
            KeyAddress::V6(rank) => {
                Address::V6(self.addresses.get(rank as usize).copied().unwrap_or_default())
            }
        }
    }
}

/// Takes all groups out of tables whose every log has been folded: sections in order, actions by rank.
pub(crate) fn sections_in_order<M: Memory>(
    tables: &Tables<M>,
    threads: usize,
) -> (Vec<Section<M>>, Vec<Vec<u8>>) {
    let (actions, action_ranks) = ranked(tables.actions());
    let mut sections = sorted(tables, &action_ranks, threads);
    sections.sort_unstable_by(|one, other| {
        name_order(&one.account, &other.account).then_with(|| name_order(&one.interface, &other.interface))
    });
    (sections, actions)
}

/// Sorts each interface's edges, the largest first, on all threads. The interfaces come in no order.
fn sorted<M: Memory>(tables: &Tables<M>, actions: &[u32], threads: usize) -> Vec<Section<M>> {
    let mut interfaces = tables.interfaces();
    interfaces.sort_by_cached_key(|interface| std::cmp::Reverse(interface.table().len()));
    let next = AtomicUsize::new(0);
    let sections = Mutex::new(Vec::with_capacity(interfaces.len()));
    let work = || {
        let mut made = Vec::new();
        while let Some(interface) = interfaces.get(next.fetch_add(1, Ordering::Relaxed)) {
            let section = in_order(
                &interface.account,
                &interface.interface,
                interface.take(),
                actions,
            );
            if !section.entries.is_empty() {
                made.push(section);
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

fn in_order<M: Memory>(account: &[u8], interface: &[u8], table: Table<M>, actions: &[u32]) -> Section<M> {
    let (mut entries, wide, addresses) = table.into_parts();
    let addresses = addresses.ranked();
    let action = |number: u32| actions.get(number as usize).copied().unwrap_or_default();
    let same = (0..).zip(actions).all(|(number, &rank): (u32, _)| number == rank);
    for entry in entries.iter_mut().filter(|entry| !same || entry.key.has_v6()) {
        entry.key = entry.key.renumbered(|number| addresses.rank(number), action);
    }
    entries.sort_unstable_by_key(|entry| entry.key);
    Section {
        account: account.to_owned(),
        interface: interface.to_owned(),
        entries,
        wide,
        addresses: addresses.ordered,
        before: 0,
    }
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
