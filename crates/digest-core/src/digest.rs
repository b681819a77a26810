//! A finished digest: every edge once, in an order that depends on the records alone. Edges that differ only in what the
//! text does not show stand side by side, and are one line of it.
//!
//! The order of the whole is the order of the interfaces' names and, inside each, of the keys, so that each table is
//! sorted by itself, on all threads and mostly in cache; nothing is merged and nothing is sorted as a whole.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use crate::address::Address;
use crate::edge::Edge;
use crate::error::FoldError;
use crate::facet::Facets;
use crate::flow_record::Span;
use crate::folder::Gathered;
use crate::history::History;
use crate::key::{Key, KeyAddress};
use crate::memory::{Compact, Memory};
use crate::merge::{Merge, overflow};
use crate::run::{Row, Sums};
use crate::spill::SpilledRun;
use crate::standing::Named;
use crate::standing_runs::Standings;
use crate::table::Entry;
use crate::tables::Tables;
use crate::tally::ObjectTally;
use crate::vector::prefetch;

pub(crate) mod numbered;
mod sorting;

pub(crate) use sorting::sections_in_order;

/// Edges that are handed out at once: what they are made of next is asked of memory meanwhile.
const EDGES_AT_ONCE: usize = 32;

/// Edges of one interface that are merged before they are handed on.
const MERGED_AT_ONCE: usize = 4096;

/// Sorted edges, the span of their records and the tally of what was read.
#[derive(Debug)]
pub struct Digest {
    pub(crate) body: Body,
    pub(crate) standings: Standings,
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
    /// The facets by the numbers in keys, which are ranks.
    pub(crate) facets: Facets,
    pub(crate) lines: usize,
}

/// The edges of one interface, in order.
#[derive(Debug)]
pub(crate) struct Section<M: Memory> {
    pub(crate) account: Arc<[u8]>,
    pub(crate) interface: Arc<[u8]>,
    pub(crate) entries: Vec<Entry<M>>,
    pub(crate) wide: Vec<History>,
    /// IPv6 addresses by the numbers in keys, which are ranks.
    addresses: Vec<u128>,
    /// The first edge of each line; nothing where every edge is one.
    firsts: Vec<u32>,
    /// Lines of all sections before this one.
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
        let (body, standings) = if tables.spilling.runs().is_empty() {
            let (held, standings) = Held::of(tables, threads)?;
            (Body::Held(held), Standings::held(M::EDGES, standings))
        } else {
            tables.write_run(threads)?;
            let runs = tables.spilling.standing_runs();
            (
                Body::Spilled(tables.spilling.runs()),
                Standings::spilled(M::EDGES, runs),
            )
        };
        let Gathered { tally, span } = gathered;
        Ok(Self {
            body,
            standings,
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

    /// Hands out every edge, in the digest's order. Where edges have a history, those of one line that differ in their
    /// [`Dimensions`](crate::Dimensions) are several.
    ///
    /// # Errors
    /// What `take` returns, and failures of runs that are read back.
    pub fn for_each_edge(&self, mut take: impl FnMut(&Edge<'_>) -> io::Result<()>) -> io::Result<()> {
        match &self.body {
            Body::Held(held) => either!(&held.sections, list => {
                for section in list {
                    for entry in &section.entries {
                        take(&section.edge(entry, &held.facets))?;
                    }
                }
                Ok(())
            }),
            Body::Spilled(runs) => {
                let mut merge = Merge::edges(runs)?;
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
    fn of<M: Memory>(tables: &Tables<M>, threads: usize) -> Result<(Self, Vec<Named>), FoldError> {
        let (mut sections, facets, standings) = sections_in_order(tables, threads)?;
        let mut lines = 0;
        for section in &mut sections {
            section.before = lines;
            lines += section.lines();
        }
        let held = Self {
            sections: M::sections(sections),
            facets,
            lines,
        };
        Ok((held, standings))
    }

    /// The edges before each interface's, and all of them at the end.
    pub(crate) fn starts(&self) -> Vec<usize> {
        either!(&self.sections, list => numbered::starts(list))
    }

    /// Hands out the edges of these numbers, a few of one interface at a time, with what [`Held::starts`] gave.
    pub(crate) fn edges<'d>(
        &'d self,
        starts: &[usize],
        edges: Range<usize>,
        mut take: impl FnMut(&[Edge<'d>]),
    ) {
        let mut room = [Edge::NONE; EDGES_AT_ONCE];
        either!(&self.sections, list => {
            for (section, own) in numbered::parts(list, starts, edges) {
                let entries = section.entries.get(own).unwrap_or_default();
                for (at, some) in entries.chunks(EDGES_AT_ONCE).enumerate() {
                    let next = (at + 1) * EDGES_AT_ONCE;
                    (next..next + EDGES_AT_ONCE).for_each(|at| prefetch(entries, at));
                    for (entry, edge) in some.iter().zip(&mut room) {
                        section.write_edge(entry, &self.facets, edge);
                    }
                    take(room.get(..some.len()).unwrap_or_default());
                }
            }
        });
    }

    /// Calls the visitor with the parts of sections that make up these lines.
    pub(crate) fn visit(&self, lines: Range<usize>, visitor: &mut impl Visitor) {
        either!(&self.sections, list => {
            let first = list.partition_point(|section| section.before + section.lines() <= lines.start);
            for section in list.iter().skip(first).take_while(|section| section.before < lines.end) {
                let from = lines.start.saturating_sub(section.before);
                let to = section.lines().min(lines.end - section.before);
                visitor.visit(section, from..to, &self.facets);
            }
        });
    }
}

/// Takes lines of one interface.
pub(crate) trait Visitor {
    fn visit<M: Memory>(&mut self, section: &Section<M>, lines: Range<usize>, facets: &Facets);
}

impl<M: Memory> Section<M> {
    /// The line that an edge of this key is of.
    #[inline]
    pub(crate) fn line(&self, key: Key, facets: &Facets) -> Row {
        Row {
            src: self.address(key.src()),
            dst: self.address(key.dst()),
            service: key.service(),
            action: facets.action(key.facet()),
            further: None,
        }
    }

    /// How many lines its edges are.
    pub(crate) fn lines(&self) -> usize {
        if self.firsts.is_empty() {
            self.entries.len()
        } else {
            self.firsts.len()
        }
    }

    /// The edges of one of its lines.
    #[inline]
    pub(crate) fn edges_of(&self, line: usize) -> &[Entry<M>] {
        let edges = match self.firsts.get(line) {
            Some(&first) => {
                let end = self.firsts.get(line + 1);
                first as usize..end.map_or(self.entries.len(), |&end| end as usize)
            }
            None => line..line + 1,
        };
        self.entries.get(edges).unwrap_or_default()
    }

    /// Finds the lines of edges that are in order, where edges may be fewer lines.
    fn find_lines(&mut self, facets: &Facets) -> Result<(), FoldError> {
        let mut firsts: Vec<u32> = Vec::new();
        let mut all: Option<(Key, Sums)> = None;
        for (at, entry) in (0..).zip(&self.entries) {
            let line = entry
                .key
                .renumbered(|address| address, |facet| facets.action(facet));
            let sums = Sums {
                packets: entry.packets,
                bytes: entry.bytes,
                history: None,
            };
            all = match all {
                Some((known, before)) if known == line => {
                    let both = before.with(&sums).map_err(|measure| {
                        let names = (&*self.account, &*self.interface);
                        overflow(measure, names, &self.line(entry.key, facets), facets.actions())
                    })?;
                    Some((line, both))
                }
                _ => {
                    firsts.push(at);
                    Some((line, sums))
                }
            };
        }
        if firsts.len() < self.entries.len() {
            self.firsts = firsts;
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn address(&self, address: KeyAddress) -> Address {
        match address {
            KeyAddress::V4(value) => Address::V4(value),
            KeyAddress::V6(rank) => Address::V6(self.v6(rank)),
        }
    }

    /// The IPv6 address of a rank.
    #[inline]
    pub(crate) fn v6(&self, rank: u32) -> u128 {
        self.addresses.get(rank as usize).copied().unwrap_or_default()
    }

    /// Asks for the memory of a line's first edge.
    #[inline]
    pub(crate) fn expect(&self, line: usize) {
        let first = self.firsts.get(line).map_or(line, |&first| first as usize);
        prefetch(&self.entries, first);
    }
}
