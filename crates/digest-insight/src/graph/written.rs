//! A graph for programs: DOT, GraphML, and JSON of nodes and links.

use std::io::Write;

use serde_json::{Value, json};

use crate::graph::Graph;
use crate::graph::lines::Widths;
use crate::links::Link;
use crate::quoting;

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
  <key id="more_bytes" for="graph" attr.name="more_bytes" attr.type="double"/>
  <key id="remarks" for="graph" attr.name="remarks" attr.type="string"/>
  <graph edgedefault="directed">
"#;

impl Graph {
    pub(super) fn dot(&self) -> Vec<u8> {
        let widths = Widths::of(&self.links);
        let mut out = b"digraph digest {\n  node [shape=box];\n".to_vec();
        for (node, bytes) in &self.nodes {
            out.extend_from_slice(b"  ");
            quoting::dot(&mut out, &node.to_string());
            // Writing into memory cannot fail.
            let _ = writeln!(out, " [bytes={bytes}];");
        }
        for link in &self.links {
            out.extend_from_slice(b"  ");
            quoting::dot(&mut out, &link.subject.source);
            out.extend_from_slice(b" -> ");
            quoting::dot(&mut out, &link.subject.destination);
            out.extend_from_slice(b" [label=");
            let service = link.subject.service();
            quoting::dot(&mut out, format!("{service} {}", action(link)).trim());
            let _ = write!(
                out,
                ", packets={}, bytes={}, edges={}, penwidth={:.1}",
                link.sums.packets,
                link.sums.bytes,
                link.edges,
                widths.of_link(link)
            );
            if is_rejected(link) {
                out.extend_from_slice(b", color=red, style=dashed");
            }
            out.extend_from_slice(b"];\n");
        }
        let remarks = self.remarks();
        if !remarks.is_empty() {
            out.extend_from_slice(b"  label=");
            quoting::dot(&mut out, &remarks.join("; "));
            out.extend_from_slice(b";\n");
        }
        out.extend_from_slice(b"}\n");
        out
    }

    pub(super) fn graphml(&self) -> Vec<u8> {
        let mut out = GRAPHML_HEADER.as_bytes().to_vec();
        for (name, count) in [
            ("more_links", u128::from(self.more_links)),
            ("more_nodes", u128::from(self.more_nodes)),
            ("more_bytes", self.more_bytes),
        ] {
            let _ = writeln!(out, "    <data key=\"{name}\">{count}</data>");
        }
        let remarks = self.remarks();
        if !remarks.is_empty() {
            out.extend_from_slice(b"    <data key=\"remarks\">");
            quoting::xml(&mut out, &remarks.join("; "));
            out.extend_from_slice(b"</data>\n");
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

    pub(super) fn json(&self) -> Vec<u8> {
        let mut out = self.to_value().to_string().into_bytes();
        out.push(b'\n');
        out
    }

    /// Nodes and links in JSON, as networkx and D3 read them: `graph` says what belongs to no node or link.
    #[must_use]
    pub fn to_value(&self) -> Value {
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
        json!({
            "directed": true, "multigraph": true,
            "graph": {
                "more_links": self.more_links, "more_nodes": self.more_nodes,
                "more_bytes": number(self.more_bytes), "notes": self.notes,
            },
            "nodes": nodes, "links": links,
        })
    }
}

/// A sum as JSON readers take it.
fn number(sum: u128) -> u64 {
    u64::try_from(sum).unwrap_or(u64::MAX)
}

pub(super) fn action(link: &Link) -> &str {
    link.subject.action.as_deref().unwrap_or_default()
}

pub(super) fn is_rejected(link: &Link) -> bool {
    action(link) == "REJECT"
}
