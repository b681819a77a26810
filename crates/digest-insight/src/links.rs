//! Edges summed by what their ends stand for: the table under graphs, differences by group, and questions.

use std::collections::HashSet;

use digest_core::Edge;
use digest_tables::Wanted;
use thiserror::Error;

use crate::edges::ReadError;
use crate::filter::Filter;
use crate::grouping::{Grouping, Node};
use crate::listed::{Foremost, Listed};
use crate::network::Network;
use crate::observers::Observers;
use crate::seen_by::SeenBy;
use crate::sources::{AskError, Source, ask};
use crate::subject::{Subject, Sums};

mod key;
mod summing;

pub(crate) use key::LinkKey;
use summing::{LinkSums, Linking, Summing};

/// What is summed, and how.
#[derive(Debug, Clone)]
pub struct LinksOptions {
    /// What the ends stand for.
    pub grouping: Grouping,
    /// Networks that are inside, where the grouping asks.
    pub inside: Vec<Network>,
    /// Which edges count.
    pub filter: Filter,
    /// Which do not.
    pub ignore: Vec<Filter>,
    /// Whether ports and protocols are told apart.
    pub services: bool,
    /// Most links that are held, of 40 bytes each.
    pub most_links: usize,
    /// Most of anything else: services, findings, groups that are compared.
    pub most: usize,
    /// Whose addresses are known: what two interfaces tell of is summed once.
    pub observers: Observers,
}

impl Default for LinksOptions {
    fn default() -> Self {
        Self {
            grouping: Grouping::default(),
            inside: Grouping::usual_inside(),
            filter: Filter::default(),
            ignore: Vec::new(),
            services: true,
            most_links: 3_000_000,
            most: 1_000_000,
            observers: Observers::default(),
        }
    }
}

/// More links than may be held, or a digest that cannot be read.
#[derive(Debug, Error)]
pub enum TooManyLinks {
    /// Too many.
    #[error(
        "there are more than {0} of them: narrow it by a filter, or group more coarsely (/16, account, internet)"
    )]
    TooMany(usize),
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Most parts of links that tables are read for, one after the other.
const MOST_PARTS: u64 = 64;

/// What a link sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Summed {
    pub(crate) sums: Sums,
    pub(crate) edges: u64,
    pub(crate) seen: SeenBy,
}

/// Edges that are summed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where from.
    pub source: Node,
    /// Where to.
    pub destination: Node,
    /// The same, with service and action.
    pub subject: Subject,
    /// How much.
    pub sums: Sums,
    /// How many edges.
    pub edges: u64,
    /// Whose interfaces told of it.
    pub seen: SeenBy,
}

/// What is most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Measure {
    /// Bytes.
    #[default]
    Bytes,
    /// Packets.
    Packets,
    /// Edges.
    Edges,
}

/// Sums by link.
#[derive(Debug, Default)]
pub struct Links {
    sums: LinkSums,
    /// All that counted.
    pub total: Sums,
    /// Edges that counted.
    pub edges: u64,
    /// Edges that told a second time of traffic that another interface told of, and did not count.
    pub second_sights: u64,
}

impl LinksOptions {
    /// Whether an edge counts.
    #[must_use]
    #[inline]
    pub fn wants(&self, edge: &Edge<'_>) -> bool {
        self.filter.holds(edge) && !self.is_ignored(edge)
    }

    /// Whether every edge counts.
    pub(crate) fn wants_all(&self) -> bool {
        self.filter.is_all() && self.ignore.is_empty()
    }

    /// Whether an edge is one of those that are not to be looked at.
    #[must_use]
    #[inline]
    pub fn is_ignored(&self, edge: &Edge<'_>) -> bool {
        self.ignore.iter().any(|ignore| ignore.holds(edge))
    }
}

impl Link {
    pub(crate) fn of(key: LinkKey, summed: Summed) -> Self {
        Self {
            subject: key.subject(),
            source: key.source,
            destination: key.destination,
            sums: summed.sums,
            edges: summed.edges,
            seen: summed.seen,
        }
    }
}

impl Links {
    /// Sums the edges of several sources.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn ask(sources: &mut [Source], options: &LinksOptions) -> Result<Self, AskError> {
        Self::part(sources, options, (0, 1))
    }

    /// Sums the edges of several sources, and gives the links with most of them; those that are summed are gone from what is
    /// returned beside. Where there are more links than may be held and all sources are tables, they are read several times,
    /// a part of the links each.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn heaviest_of(
        sources: &mut [Source],
        options: &LinksOptions,
        most: usize,
        measure: Measure,
    ) -> Result<(Listed<Link>, Self), AskError> {
        Self::in_parts(sources, options, |sources, parts| {
            Self::by_parts(sources, options, parts, most, measure)
        })
    }

    /// Sums in as few parts of the links as fit, each of which is read for by itself.
    ///
    /// # Errors
    /// [`AskError`].
    pub(crate) fn in_parts<T>(
        sources: &mut [Source],
        options: &LinksOptions,
        mut by: impl FnMut(&mut [Source], u64) -> Result<T, AskError>,
    ) -> Result<T, AskError> {
        // Texts are read once.
        let are_tables = sources.iter().all(Source::is_table);
        // Nearly each edge of a large table is a link of its own: what would not fit is not tried.
        let rows: u64 = sources.iter().map(Source::rows).sum();
        let is_fine = are_tables && options.grouping == Grouping::Address && options.filter.is_all();
        let mut parts = match is_fine {
            true => rows.div_ceil(options.most_links.max(1) as u64).clamp(1, 4),
            false => 1,
        };
        loop {
            match by(sources, parts) {
                Err(AskError::TooMany(_)) if parts < MOST_PARTS && are_tables => parts *= 4,
                answered => return answered,
            }
        }
    }

    /// The links of one of so many parts.
    ///
    /// # Errors
    /// [`AskError`].
    pub(crate) fn part(
        sources: &mut [Source],
        options: &LinksOptions,
        part: (u64, u64),
    ) -> Result<Self, AskError> {
        let summing = Summing::new(options);
        let new = || Linking::new(&summing, options, part);
        let counted = ask(sources, Wanted::default(), &options.filter, new)?.finish()?;
        Ok(Self {
            sums: summing.finish()?,
            ..counted
        })
    }

    fn by_parts(
        sources: &mut [Source],
        options: &LinksOptions,
        parts: u64,
        most: usize,
        measure: Measure,
    ) -> Result<(Listed<Link>, Self), AskError> {
        let (mut foremost, mut totals) = (Foremost::new(most), Self::default());
        for part in 0..parts {
            let links = Self::part(sources, options, (part, parts))?;
            totals.total.add(links.total);
            totals.edges += links.edges;
            totals.second_sights += links.second_sights;
            links.offer(&mut foremost, measure, None);
        }
        Ok((foremost.finish(Link::of), totals))
    }

    /// Those with the most bytes, packets or edges, most first; of equal ones in the order of their names.
    #[must_use]
    pub fn heaviest(&self, most: usize, measure: Measure) -> Listed<Link> {
        let mut foremost = Foremost::new(most);
        self.offer(&mut foremost, measure, None);
        foremost.finish(Link::of)
    }

    /// Offers those between kept nodes to what is foremost of several parts.
    pub(crate) fn offer(
        &self,
        foremost: &mut Foremost<LinkKey, Summed>,
        measure: Measure,
        kept: Option<&HashSet<Node>>,
    ) {
        for (words, summed) in self.sums.links() {
            let key = || self.sums.key(words);
            let is_kept = kept.is_none_or(|kept| {
                let key = key();
                kept.contains(&key.source) && kept.contains(&key.destination)
            });
            if is_kept {
                foremost.push(measure.of_sums(summed.sums, summed.edges), || (key(), summed));
            }
        }
    }

    /// All of them, in no order.
    pub(crate) fn all(&self) -> impl Iterator<Item = (LinkKey, Summed)> {
        self.sums
            .links()
            .map(|(key, summed)| (self.sums.key(key), summed))
    }
}

impl Measure {
    /// How much there is of it.
    pub(crate) fn of_sums(self, sums: Sums, edges: u64) -> u128 {
        match self {
            Self::Bytes => sums.bytes,
            Self::Packets => sums.packets,
            Self::Edges => edges.into(),
        }
    }
}
