//! Edges summed by what their ends stand for: the table under graphs, differences by group, and questions.

use std::borrow::Cow;
use std::hash::BuildHasher;

use digest_core::Edge;
use digest_tables::Wanted;
use foldhash::fast::{FixedState, RandomState};
use hashbrown::HashMap;
use thiserror::Error;

use crate::edges::{Edges, ReadError};
use crate::filter::Filter;
use crate::grouping::{Grouping, Node};
use crate::listed::Listed;
use crate::network::Network;
use crate::observers::Observers;
use crate::seen_by::SeenBy;
use crate::sources::{Answer, AskError, Source, Standing, ask};
use crate::subject::{Subject, Sums, kept, name};

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
    /// Most links that are held.
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
/// Rows of tables from which on links are summed in parts from the beginning.
const ROWS_OF_A_PART: u64 = 500_000;

/// What edges are summed by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LinkKey {
    pub(crate) source: Node,
    pub(crate) destination: Node,
    pub(crate) service: Option<(Option<(u16, u16)>, u8)>,
    pub(crate) action: Option<Cow<'static, str>>,
}

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
    pub(crate) sums: HashMap<LinkKey, Summed, RandomState>,
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

    /// Whether an edge is one of those that are not to be looked at.
    #[must_use]
    #[inline]
    pub fn is_ignored(&self, edge: &Edge<'_>) -> bool {
        self.ignore.iter().any(|ignore| ignore.holds(edge))
    }

    pub(crate) fn key(&self, edge: &Edge<'_>) -> LinkKey {
        let node = |address| self.grouping.node(address, &self.observers, &self.inside);
        LinkKey {
            source: node(edge.srcaddr),
            destination: node(edge.dstaddr),
            service: self.services.then_some((edge.ports, edge.protocol)),
            action: action(edge.action),
        }
    }
}

/// An action's name; nothing is allocated for those that AWS has.
fn action(action: &[u8]) -> Option<Cow<'static, str>> {
    match action {
        b"ACCEPT" => Some(Cow::Borrowed("ACCEPT")),
        b"REJECT" => Some(Cow::Borrowed("REJECT")),
        other => name(other).map(Cow::Owned),
    }
}

impl Link {
    /// Those with most first; of equal ones in the order of their names.
    pub(crate) fn sort(links: &mut [Self], measure: Measure) {
        let names = |link: &Self| {
            let of = &link.subject;
            let service = (of.srcport, of.dstport, of.protocol, of.action.clone());
            (link.source.clone(), link.destination.clone(), service)
        };
        links.sort_by(|one, other| {
            let order = measure.of_link(other).cmp(&measure.of_link(one));
            order.then_with(|| names(one).cmp(&names(other)))
        });
    }
}

impl Summed {
    pub(crate) fn add(&mut self, sums: Sums) {
        self.sums.add(sums);
        self.edges += 1;
    }
}

impl LinkKey {
    pub(crate) fn subject(&self) -> Subject {
        let (srcport, dstport) = kept(self.service.and_then(|(ports, _)| ports));
        Subject {
            account_id: None,
            interface_id: None,
            source: self.source.to_string(),
            destination: self.destination.to_string(),
            srcport,
            dstport,
            protocol: self.service.map(|(_, protocol)| protocol),
            action: self.action.as_deref().map(str::to_owned),
        }
    }
}

impl Links {
    /// Sums a digest's edges.
    ///
    /// # Errors
    /// [`TooManyLinks`].
    pub fn of(edges: &mut Edges, options: &LinksOptions) -> Result<Self, TooManyLinks> {
        let mut links = Self::default();
        edges.for_each::<TooManyLinks>(|line| {
            if !options.wants(&line.edge) {
                return Ok(());
            }
            match links.take(&line.edge, options) {
                true => Ok(()),
                false => Err(TooManyLinks::TooMany(options.most)),
            }
        })?;
        Ok(links)
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
            true => (rows / ROWS_OF_A_PART).clamp(1, 4),
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
        let new = || Linking {
            links: Self::default(),
            options,
            part,
        };
        Ok(ask(sources, Wanted::default(), &options.filter, new)?.links)
    }

    fn by_parts(
        sources: &mut [Source],
        options: &LinksOptions,
        parts: u64,
        most: usize,
        measure: Measure,
    ) -> Result<(Listed<Link>, Self), AskError> {
        let (mut all, mut totals) = (Listed::default(), Self::default());
        for part in 0..parts {
            let links = Self::part(sources, options, (part, parts))?;
            totals.total.add(links.total);
            totals.edges += links.edges;
            totals.second_sights += links.second_sights;
            let listed = links.heaviest(most, measure);
            all.count += listed.count;
            all.items.extend(listed.items);
        }
        Link::sort(&mut all.items, measure);
        all.items.truncate(most);
        Ok((all, totals))
    }

    /// Takes an edge that is wanted. False where there are too many links.
    fn take(&mut self, edge: &Edge<'_>, options: &LinksOptions) -> bool {
        let seen = SeenBy::of(edge, &options.observers);
        let link = self.sums.entry(options.key(edge)).or_default();
        link.seen = link.seen.or(seen);
        if options.observers.is_second_sight(edge) {
            self.second_sights += 1;
        } else {
            let sums = Sums::of(edge);
            link.add(sums);
            self.total.add(sums);
            self.edges += 1;
        }
        self.sums.len() <= options.most
    }

    /// Those with the most bytes, packets or edges, most first; of equal ones in the order of their names.
    #[must_use]
    pub fn heaviest(self, most: usize, measure: Measure) -> Listed<Link> {
        let weight = |link: &Summed| match measure {
            Measure::Bytes => link.sums.bytes,
            Measure::Packets => link.sums.packets,
            Measure::Edges => u128::from(link.edges),
        };
        let counted = self.sums.into_iter().filter(|(_, link)| link.edges > 0);
        let mut all: Vec<_> = counted.collect();
        all.sort_unstable_by(|(one, sums), (other, others)| {
            weight(others).cmp(&weight(sums)).then_with(|| one.cmp(other))
        });
        let count = all.len() as u64;
        let link = |(key, summed): (LinkKey, Summed)| Link {
            subject: key.subject(),
            source: key.source,
            destination: key.destination,
            sums: summed.sums,
            edges: summed.edges,
            seen: summed.seen,
        };
        Listed {
            count,
            items: all.into_iter().take(most).map(link).collect(),
        }
    }
}

/// Links on their way.
struct Linking<'o> {
    links: Links,
    options: &'o LinksOptions,
    /// Which of how many parts of the links is summed.
    part: (u64, u64),
}

impl Answer for Linking<'_> {
    fn take(&mut self, _: Standing, edge: &Edge<'_>) -> Result<(), AskError> {
        let (part, parts) = self.part;
        let is_other = || parts > 1 && FixedState::default().hash_one(self.options.key(edge)) % parts != part;
        if self.options.is_ignored(edge) || is_other() || self.links.take(edge, self.options) {
            return Ok(());
        }
        Err(AskError::TooMany(self.options.most))
    }

    fn merge(&mut self, other: Self) -> Result<(), AskError> {
        let (ours, theirs) = (&mut self.links, other.links);
        ours.total.add(theirs.total);
        ours.edges += theirs.edges;
        ours.second_sights += theirs.second_sights;
        for (key, link) in theirs.sums {
            let all = ours.sums.entry(key).or_default();
            all.sums.add(link.sums);
            all.edges += link.edges;
            all.seen = all.seen.or(link.seen);
        }
        if ours.sums.len() > self.options.most {
            return Err(AskError::TooMany(self.options.most));
        }
        Ok(())
    }
}

impl Measure {
    fn of_link(self, link: &Link) -> u128 {
        match self {
            Self::Bytes => link.sums.bytes,
            Self::Packets => link.sums.packets,
            Self::Edges => link.edges.into(),
        }
    }
}
