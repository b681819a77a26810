//! A graph of links: for Graphviz, in GraphML, or as JSON of nodes and links. It shows the heaviest links and says how
//! many more there are.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::io::Write;
use std::str::FromStr;

use serde_json::json;

use crate::grouping::Node;
use crate::links::{Link, Links, Measure};
use crate::quoting;

/// A graph to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// Every node that a link needs, and the bytes of its links.
    pub nodes: BTreeMap<Node, u128>,
    /// Heaviest first.
    pub links: Vec<Link>,
    /// Links that are not shown.
    pub more_links: u64,
    /// Nodes that are not shown.
    pub more_nodes: u64,
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
}

impl FromStr for GraphFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "dot" => Ok(Self::Dot),
            "graphml" => Ok(Self::GraphMl),
            "json" => Ok(Self::Json),
            _ => Err(format!(
                "there is no format {name:?} of a graph; there are dot, graphml, json"
            )),
        }
    }
}

const GRAPHML_HEADER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="node_bytes" for="node" attr.name="bytes" attr.type="double"/>
  <key id="service" for="edge" attr.name="service" attr.type="string"/>
  <key id="action" for="edge" attr.name="action" attr.type="string"/>
  <key id="packets" for="edge" attr.name="packets" attr.type="double"/>
  <key id="bytes" for="edge" attr.name="bytes" attr.type="double"/>
  <key id="edges" for="edge" attr.name="edges" attr.type="long"/>
  <key id="more_links" for="graph" attr.name="more_links" attr.type="long"/>
  <key id="more_nodes" for="graph" attr.name="more_nodes" attr.type="long"/>
  <graph edgedefault="directed">
"#;

impl Graph {
    /// The links with the most bytes.
    #[must_use]
    pub fn of(links: Links, most: usize) -> Self {
        let all: BTreeSet<&Node> = links
            .sums
            .iter()
            .filter(|(_, link)| link.edges > 0)
            .flat_map(|(key, _)| [&key.source, &key.destination])
            .collect();
        let all = all.len() as u64;
        let listed = links.heaviest(most, Measure::Bytes);
        let mut nodes = BTreeMap::new();
        for link in &listed.items {
            let ends = BTreeSet::from([&link.source, &link.destination]);
            for end in ends {
                let bytes: &mut u128 = nodes.entry(end.clone()).or_default();
                *bytes = bytes.saturating_add(link.sums.bytes);
            }
        }
        Self {
            more_links: listed.more(),
            more_nodes: all - nodes.len() as u64,
            nodes,
            links: listed.items,
        }
    }

    /// What is not shown, in words; `None` where all is.
    #[must_use]
    pub fn more(&self) -> Option<String> {
        (self.more_links > 0).then(|| {
            format!(
                "and {} more links, with {} more nodes",
                self.more_links, self.more_nodes
            )
        })
    }

    /// The graph in a format.
    #[must_use]
    pub fn write(&self, format: GraphFormat) -> Vec<u8> {
        match format {
            GraphFormat::Dot => self.dot(),
            GraphFormat::GraphMl => self.graphml(),
            GraphFormat::Json => self.json(),
        }
    }

    fn dot(&self) -> Vec<u8> {
        let mut out = b"digraph digest {\n  node [shape=box];\n".to_vec();
        for node in self.nodes.keys() {
            out.extend_from_slice(b"  ");
            quoting::dot(&mut out, &node.to_string());
            out.extend_from_slice(b";\n");
        }
        for link in &self.links {
            out.extend_from_slice(b"  ");
            quoting::dot(&mut out, &link.subject.source);
            out.extend_from_slice(b" -> ");
            quoting::dot(&mut out, &link.subject.destination);
            out.extend_from_slice(b" [label=");
            let service = link.subject.service();
            quoting::dot(&mut out, format!("{service} {}", action(link)).trim());
            // Writing into memory cannot fail.
            let _ = write!(
                out,
                ", packets={}, bytes={}, edges={}",
                link.sums.packets, link.sums.bytes, link.edges
            );
            if action(link) == "REJECT" {
                out.extend_from_slice(b", color=red, style=dashed");
            }
            out.extend_from_slice(b"];\n");
        }
        if let Some(more) = self.more() {
            out.extend_from_slice(b"  label=");
            quoting::dot(&mut out, &more);
            out.extend_from_slice(b";\n");
        }
        out.extend_from_slice(b"}\n");
        out
    }

    fn graphml(&self) -> Vec<u8> {
        let mut out = GRAPHML_HEADER.as_bytes().to_vec();
        for (name, count) in [("more_links", self.more_links), ("more_nodes", self.more_nodes)] {
            let _ = writeln!(out, "    <data key=\"{name}\">{count}</data>");
        }
        for (node, bytes) in &self.nodes {
            out.extend_from_slice(b"    <node id=\"");
            quoting::xml(&mut out, &node.to_string());
            let _ = writeln!(out, "\"><data key=\"node_bytes\">{bytes}</data></node>");
        }
        for link in &self.links {
            out.extend_from_slice(b"    <edge source=\"");
            quoting::xml(&mut out, &link.subject.source);
            out.extend_from_slice(b"\" target=\"");
            quoting::xml(&mut out, &link.subject.destination);
            out.extend_from_slice(b"\">");
            for (key, text) in [
                ("service", link.subject.service().as_str()),
                ("action", action(link)),
            ] {
                if !text.is_empty() {
                    let _ = write!(out, "<data key=\"{key}\">");
                    quoting::xml(&mut out, text);
                    out.extend_from_slice(b"</data>");
                }
            }
            let _ = writeln!(
                out,
                "<data key=\"packets\">{}</data><data key=\"bytes\">{}</data><data key=\"edges\">{}</data></edge>",
                link.sums.packets, link.sums.bytes, link.edges
            );
        }
        out.extend_from_slice(b"  </graph>\n</graphml>\n");
        out
    }

    fn json(&self) -> Vec<u8> {
        let nodes: Vec<_> = self
            .nodes
            .iter()
            .map(|(node, bytes)| json!({"id": node.to_string(), "bytes": number(*bytes)}))
            .collect();
        let links: Vec<_> = self
            .links
            .iter()
            .map(|link| {
                json!({
                    "source": link.subject.source, "target": link.subject.destination,
                    "service": link.subject.service(), "action": action(link),
                    "packets": number(link.sums.packets), "bytes": number(link.sums.bytes), "edges": link.edges,
                })
            })
            .collect();
        let graph = json!({
            "directed": true, "multigraph": true,
            "graph": {"more_links": self.more_links, "more_nodes": self.more_nodes},
            "nodes": nodes, "links": links,
        });
        let mut out = graph.to_string().into_bytes();
        out.push(b'\n');
        out
    }
}

/// A sum as JSON readers take it.
fn number(sum: u128) -> u64 {
    u64::try_from(sum).unwrap_or(u64::MAX)
}

fn action(link: &Link) -> &str {
    link.subject.action.as_deref().unwrap_or_default()
}

impl fmt::Display for GraphFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dot => "dot",
            Self::GraphMl => "graphml",
            Self::Json => "json",
        })
    }
}
