//! Lines of a digest: the 14 columns of the default format.

use std::net::IpAddr;
use std::ops::Range;

use crate::address::Address;
use crate::digest::{Held, Section, Visitor};
use crate::edge::Edge;
use crate::facet::Facets;
use crate::grouped::{ROOM, grouped};
use crate::key::ports_of;
use crate::memory::Memory;
use crate::merge::Part;
use crate::page::{Page, Piece};
use crate::run::Row;

/// Writes lines into a buffer that is used again.
pub(crate) struct Lines {
    /// What follows the bytes of a line with this action: times, action, status.
    endings: Vec<Piece>,
    page: Page,
    /// The IPv6 addresses written last, as text with a blank behind it: many lines in a row share one.
    last: [(u128, [u8; ROOM], usize); 2],
}

impl Lines {
    /// Lines of a digest with this span and these actions.
    pub(crate) fn of(span: Option<(i64, i64)>, actions: &[Vec<u8>]) -> Self {
        let times = span.map_or(String::new(), |(start, end)| format!("{start} {end}"));
        let ending = |action: &Vec<u8>| Piece::new([times.as_bytes(), b" ", action, b" OK\n"].concat());
        Self {
            endings: actions.iter().map(ending).collect(),
            page: Page::default(),
            last: [(0, [0; ROOM], 0); 2],
        }
    }

    /// Writes these lines of a digest in memory.
    pub(crate) fn write(&mut self, held: &Held, lines: Range<usize>, out: &mut Vec<u8>) {
        self.page.again(std::mem::take(out));
        held.visit(lines, &mut Writing(self));
        *out = self.page.take();
    }

    /// Writes the lines of merged edges.
    pub(crate) fn write_parts(&mut self, parts: &[Part], out: &mut Vec<u8>) {
        self.page.again(std::mem::take(out));
        for part in parts {
            let begin = begin(&part.names.0, &part.names.1);
            for (row, sums) in &part.rows {
                self.push(&begin, row, sums.packets, sums.bytes);
            }
        }
        *out = self.page.take();
    }

    fn push(&mut self, begin: &Piece, row: &Row, packets: u64, bytes: u64) {
        self.page.piece(begin);
        self.address(0, row.src);
        self.address(1, row.dst);
        match ports_of(row.service) {
            Some((src, dst)) => {
                self.page.number(src.into(), b' ');
                self.page.number(dst.into(), b' ');
            }
            None => self.page.slice(b"- - "),
        }
        for number in [(row.service & 0xff).into(), packets, bytes] {
            self.page.number(number, b' ');
        }
        match self.endings.get(row.action as usize) {
            Some(ending) => self.page.piece(ending),
            None => self.page.slice(b"\n"),
        }
    }

    /// An address and a blank.
    fn address(&mut self, side: usize, address: Address) {
        match address {
            Address::V4(value) => self.page.dotted(value),
            Address::V6(value) => {
                let Some((last, text, length)) = self.last.get_mut(side) else {
                    return;
                };
                if *last != value || *length == 0 {
                    (*last, *length) = (value, grouped_and_blank(value, text));
                }
                self.page.put(text, *length);
            }
        }
    }
}

/// Writes an IPv6 address and a blank; gives how long both are.
fn grouped_and_blank(address: u128, text: &mut [u8; ROOM]) -> usize {
    let length = grouped(address, text);
    if let Some(blank) = text.get_mut(length) {
        *blank = b' ';
    }
    length + 1
}

/// Appends an edge's line, as a digest of this span has it.
pub(crate) fn push_line(page: &mut Page, edge: &Edge<'_>, (start, end): (i64, i64)) {
    for token in [b"2".as_slice(), edge.account_id, edge.interface_id] {
        page.slice(token);
        page.slice(b" ");
    }
    for address in [edge.srcaddr, edge.dstaddr] {
        match address {
            IpAddr::V4(address) => page.dotted(address.into()),
            IpAddr::V6(address) => {
                let mut text = [0; ROOM];
                let length = grouped_and_blank(address.into(), &mut text);
                page.put(&text, length);
            }
        }
    }
    match edge.ports {
        Some((src, dst)) => {
            page.number(src.into(), b' ');
            page.number(dst.into(), b' ');
        }
        None => page.slice(b"- - "),
    }
    let protocol = edge.protocol.into();
    for number in [protocol, edge.packets, edge.bytes, start as u64, end as u64] {
        page.number(number, b' ');
    }
    page.slice(edge.action);
    page.slice(b" OK\n");
}

/// What every line of an interface begins with.
fn begin(account: &[u8], interface: &[u8]) -> Piece {
    Piece::new([b"2 ", account, b" ", interface, b" "].concat())
}

/// Lines between the one that is written and the one whose edge is asked of memory.
const AHEAD: usize = 16;

/// Lines on their way from a digest in memory.
struct Writing<'l>(&'l mut Lines);

impl Visitor for Writing<'_> {
    fn visit<M: Memory>(&mut self, section: &Section<M>, lines: Range<usize>, facets: &Facets) {
        let begin = begin(&section.account, &section.interface);
        for line in lines {
            section.expect(line + AHEAD);
            let edges = section.edges_of(line);
            let Some(first) = edges.first() else { continue };
            let row = section.line(first.key, facets);
            // Sums that pass their range have been refused.
            let packets = edges.iter().map(|edge| edge.packets).sum();
            let bytes = edges.iter().map(|edge| edge.bytes).sum();
            self.0.push(&begin, &row, packets, bytes);
        }
    }
}
