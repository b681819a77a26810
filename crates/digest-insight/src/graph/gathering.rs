//! Which nodes and links of many a graph shows, and how much it leaves out.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::graph::Graph;
use crate::grouping::Node;
use crate::links::{Link, Links};
use crate::subject::Sums;

/// What all links add up to.
#[derive(Debug, Default)]
pub(super) struct Weights {
    nodes: HashMap<Node, u128>,
    links: u64,
    total: Sums,
}

impl Weights {
    /// Adds links up; those that only second sights tell of are none.
    pub(super) fn weigh(&mut self, links: &Links) {
        for (key, link) in links.all() {
            self.links += 1;
            self.total.add(link.sums);
            let other = (key.source != key.destination).then_some(key.destination);
            for node in [Some(key.source), other].into_iter().flatten() {
                let bytes = self.nodes.entry(node).or_default();
                *bytes = bytes.saturating_add(link.sums.bytes);
            }
        }
    }

    /// How many nodes there are.
    pub(super) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The nodes with the most bytes; `None` where all are kept.
    pub(super) fn kept(&self, most: usize) -> Option<HashSet<Node>> {
        let all = || self.nodes.iter().map(|(node, bytes)| (node, *bytes));
        (self.nodes.len() > most).then(|| heaviest(all(), most).into_iter().cloned().collect())
    }

    /// The graph of the links that are shown.
    pub(super) fn graph(mut self, links: Vec<Link>) -> Graph {
        let mut nodes = BTreeMap::new();
        let mut shown = Sums::default();
        for link in &links {
            shown.add(link.sums);
            for node in [&link.source, &link.destination] {
                // One that is there already has been moved.
                if let Some((node, bytes)) = self.nodes.remove_entry(node) {
                    nodes.insert(node, bytes);
                }
            }
        }
        Graph {
            more_links: self.links - links.len() as u64,
            more_bytes: self.total.bytes.saturating_sub(shown.bytes),
            more_nodes: self.nodes.len() as u64,
            nodes,
            links,
            notes: Vec::new(),
        }
    }
}

/// Of these nodes those with the most bytes; of equal ones the first by name.
pub(super) fn heaviest<'n>(nodes: impl Iterator<Item = (&'n Node, u128)>, most: usize) -> HashSet<&'n Node> {
    let mut all: Vec<(&Node, u128)> = nodes.collect();
    all.sort_unstable_by(|(one, bytes), (other, others)| others.cmp(bytes).then_with(|| one.cmp(other)));
    all.truncate(most);
    all.into_iter().map(|(node, _)| node).collect()
}
