//! The names of what was found: one more look at the edges, for those links alone.

use digest_core::Edge;
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use super::window::{Link, Told};
use crate::grouping::Node;
use crate::links::LinksOptions;
use crate::seen_by::SeenBy;
use crate::sources::{Answer, AskError, Standing};

/// A link with its names.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) nodes: [Node; 2],
    pub(super) link: Link,
    pub(super) first_seen: Option<i64>,
    /// Whether the interface of the lesser end told of it, and whether that of the greater.
    seen: [bool; 2],
}

/// Names on their way.
#[derive(Debug)]
pub(super) struct Naming<'o> {
    pub(super) named: HashMap<u64, Named, RandomState>,
    pub(super) wanted: &'o HashSet<u64, RandomState>,
    pub(super) options: &'o LinksOptions,
}

impl Named {
    /// The server's name, and the client's.
    pub(super) fn server_and_client(&self) -> (String, String) {
        let [lesser, greater] = self.nodes.each_ref().map(ToString::to_string);
        if self.link.server == 1 {
            (greater, lesser)
        } else {
            (lesser, greater)
        }
    }

    /// Whose interfaces told of it: the client's stands for the source's, whichever way bytes went.
    pub(super) fn seen(&self) -> SeenBy {
        let [lesser, greater] = self.seen;
        let (source, destination) = if self.link.server == 1 {
            (lesser, greater)
        } else {
            (greater, lesser)
        };
        SeenBy { source, destination }
    }

    fn add(&mut self, other: &Self) {
        self.link.add(&other.link);
        for (ours, theirs) in self.seen.iter_mut().zip(other.seen) {
            *ours |= theirs;
        }
        self.first_seen = match (self.first_seen, other.first_seen) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

impl Naming<'_> {
    fn put(&mut self, id: u64, named: Named) {
        self.named
            .entry(id)
            .and_modify(|ours| ours.add(&named))
            .or_insert(named);
    }
}

impl Answer for Naming<'_> {
    fn take(&mut self, _: Standing, edge: &Edge<'_>) -> Result<(), AskError> {
        if self.options.is_ignored(edge) {
            return Ok(());
        }
        let told = Told::of(edge, self.options);
        if self.wanted.contains(&told.id) {
            let seen = SeenBy::of(edge, &self.options.observers);
            let seen = if told.from == 0 {
                [seen.source, seen.destination]
            } else {
                [seen.destination, seen.source]
            };
            let named = Named {
                link: told.link(edge, self.options),
                nodes: told.nodes,
                first_seen: edge.history.map(|history| history.first_seen),
                seen,
            };
            self.put(told.id, named);
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<(), AskError> {
        for (id, named) in other.named {
            self.put(id, named);
        }
        Ok(())
    }
}
