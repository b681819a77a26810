//! A digest's text turned into another format, in pieces of any size. Nothing is held but the begin of a line, and for
//! GraphML, which names every node, the addresses.

use std::io::Write;
use std::net::IpAddr;

use digest_core::{DigestLine, LineFault, RowFault};
use memchr::{memchr, memrchr};
use std::collections::HashSet;

use crate::edges::ReadError;
use crate::format::Format;
use crate::quoting;
use crate::subject::ABSENT;
use crate::subject::protocol_name;

/// Longest line that is waited for.
const MOST_LINE: usize = 64 << 10;
/// Most nodes of a graph in GraphML: they are all that is held.
const MOST_NODES: usize = 250_000;

const CSV_HEADER: &[u8] = b"version,account_id,interface_id,srcaddr,dstaddr,srcport,dstport,protocol,packets,bytes,start,end,action,log_status\r\n";

const DOT_HEADER: &[u8] = b"digraph digest {\n  node [shape=box];\n";

const GRAPHML_HEADER: &[u8] = br#"<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="account_id" for="edge" attr.name="account_id" attr.type="string"/>
  <key id="interface_id" for="edge" attr.name="interface_id" attr.type="string"/>
  <key id="srcport" for="edge" attr.name="srcport" attr.type="int"/>
  <key id="dstport" for="edge" attr.name="dstport" attr.type="int"/>
  <key id="protocol" for="edge" attr.name="protocol" attr.type="int"/>
  <key id="packets" for="edge" attr.name="packets" attr.type="long"/>
  <key id="bytes" for="edge" attr.name="bytes" attr.type="long"/>
  <key id="action" for="edge" attr.name="action" attr.type="string"/>
  <key id="left_out" for="graph" attr.name="edges_left_out" attr.type="long"/>
  <graph edgedefault="directed">
"#;

/// A conversion under way.
#[derive(Debug)]
pub struct Conversion {
    format: Format,
    /// The begin of a line whose end has not come.
    begin: Vec<u8>,
    lines: u64,
    begun: bool,
    nodes: HashSet<IpAddr>,
    left_out: u64,
}

impl Conversion {
    /// To this format; to gzip there is none, and the text stays as it is.
    #[must_use]
    pub fn to(format: Format) -> Self {
        Self {
            format,
            begin: Vec::new(),
            lines: 0,
            begun: false,
            nodes: HashSet::new(),
            left_out: 0,
        }
    }

    /// Takes some text and appends what it becomes.
    ///
    /// # Errors
    /// [`ReadError::Line`] for what is no line of a digest.
    pub fn push(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<(), ReadError> {
        self.header(out);
        if matches!(self.format, Format::Gzip | Format::Text) {
            out.extend_from_slice(text);
            return Ok(());
        }
        let Some(last) = memrchr(b'\n', text) else {
            return self.keep(text);
        };
        let (whole, rest) = text.split_at(last + 1);
        let mut whole = whole;
        if !self.begin.is_empty() {
            let end = memchr(b'\n', whole).unwrap_or_default();
            let (end, others) = whole.split_at(end);
            let mut line = std::mem::take(&mut self.begin);
            line.extend_from_slice(end);
            self.line(&line, out)?;
            line.clear();
            self.begin = line;
            whole = others.get(1..).unwrap_or_default();
        }
        while let Some(end) = memchr(b'\n', whole) {
            let (line, others) = whole.split_at(end);
            self.line(line, out)?;
            whole = others.get(1..).unwrap_or_default();
        }
        self.keep(rest)
    }

    /// Ends the format behind the last text.
    ///
    /// # Errors
    /// [`ReadError::Line`] for a last line without newline that is none of a digest's.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), ReadError> {
        self.header(out);
        if !self.begin.is_empty() {
            let line = std::mem::take(&mut self.begin);
            self.line(&line, out)?;
        }
        match self.format {
            Format::Gzip | Format::Text | Format::Csv | Format::JsonLines => {}
            Format::Dot => out.extend_from_slice(b"}\n"),
            Format::GraphMl => {
                if self.left_out > 0 {
                    // Writing into memory cannot fail.
                    let _ = writeln!(out, "    <data key=\"left_out\">{}</data>", self.left_out);
                }
                out.extend_from_slice(b"  </graph>\n</graphml>\n");
            }
        }
        Ok(())
    }

    fn header(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.begun, true) {
            out.extend_from_slice(match self.format {
                Format::Gzip | Format::Text | Format::JsonLines => b"",
                Format::Csv => CSV_HEADER,
                Format::Dot => DOT_HEADER,
                Format::GraphMl => GRAPHML_HEADER,
            });
        }
    }

    fn keep(&mut self, rest: &[u8]) -> Result<(), ReadError> {
        self.begin.extend_from_slice(rest);
        if self.begin.len() > MOST_LINE {
            let fault = RowFault::TooLong { most: MOST_LINE };
            return Err(self.fault(fault.into()));
        }
        Ok(())
    }

    fn fault(&self, fault: LineFault) -> ReadError {
        ReadError::Line {
            line: self.lines + 1,
            fault,
        }
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<(), ReadError> {
        let read = DigestLine::parse(line).map_err(|fault| self.fault(fault))?;
        self.lines += 1;
        match self.format {
            Format::Gzip | Format::Text => {}
            Format::Csv => csv(line, out),
            Format::JsonLines => json(&read, out),
            Format::Dot => dot(&read, out),
            Format::GraphMl => self.graphml(&read, out),
        }
        Ok(())
    }

    fn graphml(&mut self, line: &DigestLine<'_>, out: &mut Vec<u8>) {
        let edge = &line.edge;
        let ends = [edge.srcaddr, edge.dstaddr];
        let unknown = ends.iter().filter(|end| !self.nodes.contains(*end)).count();
        if self.nodes.len() + unknown > MOST_NODES {
            self.left_out += 1;
            return;
        }
        for end in ends {
            if self.nodes.insert(end) {
                let _ = writeln!(out, "    <node id=\"{end}\"/>");
            }
        }
        let [source, target] = ends;
        let _ = write!(out, "    <edge source=\"{source}\" target=\"{target}\">");
        for (key, name) in [
            ("account_id", edge.account_id),
            ("interface_id", edge.interface_id),
            ("action", edge.action),
        ] {
            if name != ABSENT {
                let _ = write!(out, "<data key=\"{key}\">");
                quoting::xml(out, &String::from_utf8_lossy(name));
                out.extend_from_slice(b"</data>");
            }
        }
        if let Some((src, dst)) = edge.ports {
            let _ = write!(
                out,
                "<data key=\"srcport\">{src}</data><data key=\"dstport\">{dst}</data>"
            );
        }
        let (protocol, packets, bytes) = (edge.protocol, edge.packets, edge.bytes);
        let _ = writeln!(
            out,
            "<data key=\"protocol\">{protocol}</data><data key=\"packets\">{packets}</data>\
             <data key=\"bytes\">{bytes}</data></edge>"
        );
    }
}

/// The line's own spelling, between commas; `-` is an empty field.
fn csv(line: &[u8], out: &mut Vec<u8>) {
    for (at, field) in line.split(|&byte| byte == b' ').enumerate() {
        if at > 0 {
            out.push(b',');
        }
        if field != ABSENT {
            quoting::csv(out, field);
        }
    }
    out.extend_from_slice(b"\r\n");
}

fn json(line: &DigestLine<'_>, out: &mut Vec<u8>) {
    let DigestLine { edge, start, end } = line;
    let name = |out: &mut Vec<u8>, name: &[u8]| match name {
        ABSENT => out.extend_from_slice(b"null"),
        name => quoting::json(out, &String::from_utf8_lossy(name)),
    };
    out.extend_from_slice(b"{\"version\":2,\"account_id\":");
    name(out, edge.account_id);
    out.extend_from_slice(b",\"interface_id\":");
    name(out, edge.interface_id);
    let (srcaddr, dstaddr) = (edge.srcaddr, edge.dstaddr);
    let _ = write!(out, ",\"srcaddr\":\"{srcaddr}\",\"dstaddr\":\"{dstaddr}\"");
    match edge.ports {
        Some((src, dst)) => {
            let _ = write!(out, ",\"srcport\":{src},\"dstport\":{dst}");
        }
        None => out.extend_from_slice(b",\"srcport\":null,\"dstport\":null"),
    }
    let (protocol, packets, bytes) = (edge.protocol, edge.packets, edge.bytes);
    let _ = write!(
        out,
        ",\"protocol\":{protocol},\"packets\":{packets},\"bytes\":{bytes},\"start\":{start},\"end\":{end},\"action\":"
    );
    name(out, edge.action);
    out.extend_from_slice(b",\"log_status\":\"OK\"}\n");
}

fn dot(line: &DigestLine<'_>, out: &mut Vec<u8>) {
    let edge = &line.edge;
    let (source, target) = (edge.srcaddr, edge.dstaddr);
    let _ = write!(out, "  \"{source}\" -> \"{target}\" [label=\"");
    out.extend_from_slice(protocol_name(edge.protocol).as_bytes());
    if let Some(port) = edge.ports.map(|(src, dst)| src.max(dst)).filter(|port| *port > 0) {
        let _ = write!(out, " {port}");
    }
    out.push(b'"');
    for (key, name) in [
        (", action=", edge.action),
        (", account=", edge.account_id),
        (", interface=", edge.interface_id),
    ] {
        if name != ABSENT {
            out.extend_from_slice(key.as_bytes());
            quoting::dot(out, &String::from_utf8_lossy(name));
        }
    }
    let (packets, bytes) = (edge.packets, edge.bytes);
    let _ = write!(out, ", packets={packets}, bytes={bytes}");
    if edge.action == b"REJECT" {
        out.extend_from_slice(b", color=red, style=dashed");
    }
    out.extend_from_slice(b"];\n");
}
