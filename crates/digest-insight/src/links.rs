//! Edges summed by what their ends stand for: the table under graphs, differences by group, and questions.

use digest_core::Edge;
use std::collections::HashMap;
use thiserror::Error;

use crate::edges::{Edges, ReadError};
use crate::filter::Filter;
use crate::grouping::{Grouping, Node};
use crate::listed::{Heaviest, Listed};
use crate::network::Network;
use crate::observers::Observers;
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

/// What edges are summed by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LinkKey {
    pub(crate) source: Node,
    pub(crate) destination: Node,
    pub(crate) service: Option<(Option<(u16, u16)>, u8)>,
    pub(crate) action: Option<String>,
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
    pub(crate) sums: HashMap<LinkKey, (Sums, u64)>,
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
        self.filter.holds(edge) && !self.ignore.iter().any(|ignore| ignore.holds(edge))
    }

    pub(crate) fn key(&self, edge: &Edge<'_>) -> LinkKey {
        let node = |address| self.grouping.node(address, &self.observers, &self.inside);
        LinkKey {
            source: node(edge.srcaddr),
            destination: node(edge.dstaddr),
            service: self.services.then_some((edge.ports, edge.protocol)),
            action: name(edge.action),
        }
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
            action: self.action.clone(),
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
            let edge = &line.edge;
            if !options.wants(edge) {
                return Ok(());
            }
            if options.observers.is_second_sight(edge) {
                links.second_sights += 1;
                return Ok(());
            }
            let sums = Sums::of(edge);
            links.total.add(sums);
            links.edges += 1;
            let (link, count) = links.sums.entry(options.key(edge)).or_default();
            link.add(sums);
            *count += 1;
            if links.sums.len() > options.most {
                return Err(TooManyLinks::TooMany(options.most));
            }
            Ok(())
        })?;
        Ok(links)
    }

    /// Those with the most bytes, packets or edges, most first; of equal ones in the order of their names.
    #[must_use]
    pub fn heaviest(self, most: usize, measure: Measure) -> Listed<Link> {
        let weight = |(sums, edges): &(Sums, u64)| match measure {
            Measure::Bytes => sums.bytes,
            Measure::Packets => sums.packets,
            Measure::Edges => u128::from(*edges),
        };
        let mut all: Vec<_> = self.sums.into_iter().collect();
        all.sort_unstable_by(|(one, sums), (other, others)| {
            weight(others).cmp(&weight(sums)).then_with(|| one.cmp(other))
        });
        let count = all.len() as u64;
        let link = |(key, (sums, edges)): (LinkKey, (Sums, u64))| Link {
            subject: key.subject(),
            source: key.source,
            destination: key.destination,
            sums,
            edges,
        };
        Listed {
            count,
            items: all.into_iter().take(most).map(link).collect(),
        }
    }
}

/// The edges of a digest, by themselves, with the most bytes, packets or edges.
///
/// # Errors
/// [`ReadError`].
pub fn heaviest_edges(
    edges: &mut Edges,
    options: &LinksOptions,
    most: usize,
    measure: Measure,
) -> Result<Listed<(Subject, Sums)>, ReadError> {
    let mut heaviest = Heaviest::new(most);
    edges.for_each::<ReadError>(|line| {
        let edge = &line.edge;
        if options.wants(edge) {
            let weight = match measure {
                Measure::Bytes => edge.bytes,
                Measure::Packets => edge.packets,
                Measure::Edges => 1,
            };
            heaviest.push(weight, || (Subject::of(edge), Sums::of(edge)));
        }
        Ok(())
    })?;
    Ok(heaviest.finish())
}
