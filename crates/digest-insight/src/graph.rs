//! A graph of links: for Graphviz, in GraphML, as JSON of nodes and links, or drawn. It shows the heaviest nodes and links
//! and says how much more there is.

mod boxes;
mod drawing;
mod gathering;
mod legend;
mod lines;
mod placing;
mod written;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use self::gathering::Weights;
use crate::figures::{bytes as shown_bytes, counted, grouped};
use crate::grouping::Node;
use crate::links::{Link, Links, LinksOptions, Measure};
use crate::listed::Foremost;
use crate::sources::{AskError, Source};

/// A graph to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// Every node that a link needs, and the bytes of all its links, whether they are shown or not.
    pub nodes: BTreeMap<Node, u128>,
    /// Heaviest first.
    pub links: Vec<Link>,
    /// Links that are not shown.
    pub more_links: u64,
    /// Their bytes.
    pub more_bytes: u128,
    /// Nodes that are not shown.
    pub more_nodes: u64,
    /// What else whoever looks at it has to know: each format has it in it.
    pub notes: Vec<String>,
}

/// How much of a graph is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GraphLimits {
    /// Most nodes: those with the most bytes.
    pub nodes: usize,
    /// Most links between these: those with the most bytes.
    pub links: usize,
}

/// What a graph is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GraphFormat {
    /// For Graphviz.
    Dot,
    /// GraphML.
    GraphMl,
    /// Nodes and links in JSON, as networkx and D3 read them.
    Json,
    /// A drawing of at most [`MOST_DRAWN`](GraphFormat::MOST_DRAWN) nodes.
    Svg,
}

impl Graph {
    /// The nodes and links with the most bytes.
    #[must_use]
    pub fn of(links: &Links, limits: GraphLimits) -> Self {
        let mut weights = Weights::default();
        weights.weigh(links);
        let kept = weights.kept(limits.nodes);
        let mut foremost = Foremost::new(limits.links);
        links.offer(&mut foremost, Measure::Bytes, kept.as_ref());
        weights.graph(foremost.finish(Link::of).items)
    }

    /// Sums the edges of several sources to a graph. Where there are more links than may be held and all sources are
    /// tables, they are read several times, a part of the links each.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn ask(
        sources: &mut [Source],
        options: &LinksOptions,
        limits: GraphLimits,
    ) -> Result<Self, AskError> {
        let asked = Links::in_parts(sources, options, |sources, parts| {
            if parts == 1 {
                return Ok(Some(Self::of(&Links::ask(sources, options)?, limits)));
            }
            let mut weights = Weights::default();
            for part in 0..parts {
                weights.weigh(&Links::part(sources, options, (part, parts))?);
                if weights.nodes() > options.most {
                    // More parts would not help.
                    return Ok(None);
                }
            }
            let kept = weights.kept(limits.nodes);
            let mut foremost = Foremost::new(limits.links);
            for part in 0..parts {
                let links = Links::part(sources, options, (part, parts))?;
                links.offer(&mut foremost, Measure::Bytes, kept.as_ref());
            }
            Ok(Some(weights.graph(foremost.finish(Link::of).items)))
        })?;
        asked.ok_or(AskError::TooMany(options.most))
    }

    /// What is not shown, in words; `None` where all is.
    #[must_use]
    pub fn more(&self) -> Option<String> {
        let nodes = match self.more_nodes {
            0 => String::new(),
            more => format!(
                ", with {} more node{}",
                grouped(more),
                if more == 1 { "" } else { "s" }
            ),
        };
        (self.more_links > 0).then(|| {
            format!(
                "and {} of {}{nodes}",
                counted(self.more_links, "more link"),
                shown_bytes(self.more_bytes)
            )
        })
    }

    /// What is not shown, and the notes: what each format says beside the graph.
    fn remarks(&self) -> Vec<String> {
        self.more()
            .into_iter()
            .chain(self.notes.iter().cloned())
            .collect()
    }

    /// The graph in a format.
    #[must_use]
    pub fn write(&self, format: GraphFormat) -> Vec<u8> {
        match format {
            GraphFormat::Dot => self.dot(),
            GraphFormat::GraphMl => self.graphml(),
            GraphFormat::Json => self.json(),
            GraphFormat::Svg => self.svg(),
        }
    }

    /// The same graph with the heaviest of its nodes and the links between them.
    fn at_most(&self, nodes: usize) -> Self {
        let mut part = self.clone();
        if self.nodes.len() <= nodes {
            return part;
        }
        let kept = gathering::heaviest(self.nodes.iter().map(|(node, bytes)| (node, *bytes)), nodes);
        part.links
            .retain(|link| kept.contains(&link.source) && kept.contains(&link.destination));
        part.nodes.retain(|node, _| {
            let needs = |link: &Link| link.source == *node || link.destination == *node;
            kept.contains(node) && part.links.iter().any(needs)
        });
        part.more_nodes += (self.nodes.len() - part.nodes.len()) as u64;
        part.more_links += (self.links.len() - part.links.len()) as u64;
        let bytes = |graph: &Self| graph.links.iter().map(|link| link.sums.bytes).sum::<u128>();
        part.more_bytes += bytes(self) - bytes(&part);
        part
    }
}

impl Serialize for Graph {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl GraphFormat {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Dot, Self::GraphMl, Self::Json, Self::Svg];
    /// Most nodes that are drawn: beyond, nobody finds one among the others.
    pub const MOST_DRAWN: usize = 300;

    /// Its name, as requests and commands spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dot => "dot",
            Self::GraphMl => "graphml",
            Self::Json => "json",
            Self::Svg => "svg",
        }
    }

    /// Its media type, without parameters.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Dot => "text/vnd.graphviz",
            Self::GraphMl => "application/graphml+xml",
            Self::Json => "application/json",
            Self::Svg => "image/svg+xml",
        }
    }

    /// Most nodes that a graph in this format has.
    #[must_use]
    pub fn most_nodes(self) -> usize {
        match self {
            Self::Svg => Self::MOST_DRAWN,
            Self::Dot | Self::GraphMl | Self::Json => usize::MAX,
        }
    }

    /// The names of all of them, in a sentence.
    #[must_use]
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl FromStr for GraphFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|format| format.name() == name);
        known.ok_or_else(|| {
            let name: String = name.chars().take(64).collect();
            format!(
                "there is no format {name:?} of a graph; there are {}",
                Self::names()
            )
        })
    }
}

impl fmt::Display for GraphFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
