//! A run is written by all threads, for they wait for it: each makes bytes of some edges, and these are written in order.

use std::io::{self, Write};
use std::ops::Range;

use super::{DST_V6, FLAGS, FOLDED, FURTHER, HISTORY, Row, SAME_FURTHER, SAME_SOURCE, SRC_V6, Sums, base};
use crate::address::Address;
use crate::digest::Section;
use crate::digest::numbered::{parts, starts};
use crate::facet::Facets;
use crate::memory::Memory;
use crate::run_bytes::{push_number, push_signed, push_text};
use crate::turns::Turns;

/// Edges that a thread makes bytes of at once, at most and at least; and bytes of them, about.
const AT_ONCE: usize = 16 * 1024;
const LEAST: usize = 64;
const BYTES_AT_ONCE: usize = 1 << 20;
/// Bytes that an edge takes beside its facet, about.
const EACH: usize = 32;

/// Writes sections of edges that are in order.
pub(crate) fn write<M: Memory>(
    out: &mut (dyn Write + Send),
    sections: &[Section<M>],
    facets: &Facets,
    threads: usize,
) -> io::Result<()> {
    let mut actions = Vec::new();
    push_number(&mut actions, facets.actions().len() as u64);
    for action in facets.actions() {
        push_text(&mut actions, action);
    }
    out.write_all(&actions)?;
    let starts = starts(sections);
    let all = starts.last().copied().unwrap_or_default();
    // Every edge may have the longest.
    let at_once = (BYTES_AT_ONCE / (EACH + facets.longest())).clamp(LEAST, AT_ONCE);
    let turns = Turns::new(|bytes: Vec<u8>| out.write_all(&bytes), threads);
    turns.make(all.div_ceil(at_once), threads, |at| {
        let from = at * at_once;
        Ok(edges_of(sections, &starts, facets, from..all.min(from + at_once)))
    });
    turns.end()
}

/// These of all edges, and a heading where a section begins among them.
fn edges_of<M: Memory>(
    sections: &[Section<M>],
    starts: &[usize],
    facets: &Facets,
    edges: Range<usize>,
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity((edges.len() + 1) * EACH);
    for (section, own) in parts(sections, starts, edges) {
        if own.start == 0 {
            push_text(&mut bytes, &section.account);
            push_text(&mut bytes, &section.interface);
            push_number(&mut bytes, section.entries.len() as u64);
        }
        push_edges(&mut bytes, section, facets, own);
    }
    bytes
}

fn push_edges<M: Memory>(bytes: &mut Vec<u8>, section: &Section<M>, facets: &Facets, edges: Range<usize>) {
    let before = edges
        .start
        .checked_sub(1)
        .and_then(|before| section.entries.get(before));
    let mut last = before.map(|entry| section.line(entry.key, facets));
    let mut last_further = None;
    for entry in section.entries.get(edges).unwrap_or_default() {
        let row = section.line(entry.key, facets);
        let further = facets.further(entry.key.facet());
        let sums = Sums {
            packets: entry.packets,
            bytes: entry.bytes,
            history: entry.memory.history(&section.wide),
        };
        let (same, other) = match further {
            Some(_) if further == last_further => (true, None),
            further => (false, further),
        };
        last_further = further.or(last_further);
        push_row(bytes, &row, &sums, last.as_ref(), (same, other));
        last = Some(row);
    }
}

fn push_row(
    out: &mut Vec<u8>,
    row: &Row,
    sums: &Sums,
    last: Option<&Row>,
    (same_further, further): (bool, Option<&[u8]>),
) {
    let same = last.is_some_and(|last| last.src == row.src);
    let mark = |is: bool, mark: u8| if is { mark } else { 0 };
    let history = sums.history.as_ref();
    out.push(
        mark(same, SAME_SOURCE)
            | mark(matches!(row.src, Address::V6(_)), SRC_V6)
            | mark(matches!(row.dst, Address::V6(_)), DST_V6)
            | mark(history.is_some(), HISTORY)
            | mark(history.is_some_and(|history| history.tcp_flags.is_some()), FLAGS)
            | mark(
                history.is_some_and(|history| history.folded_ports.is_some()),
                FOLDED,
            )
            | mark(same_further, SAME_FURTHER)
            | mark(further.is_some(), FURTHER),
    );
    if !same {
        push_address(out, row.src, base(last.map(|last| last.src)));
    }
    push_address(out, row.dst, base(last.filter(|_| same).map(|last| last.dst)));
    push_number(out, row.service.into());
    push_number(out, row.action.into());
    if let Some(further) = further {
        push_text(out, further);
    }
    push_number(out, sums.packets);
    push_number(out, sums.bytes);
    if let Some(history) = history {
        push_number(out, history.records);
        push_number(out, history.syn);
        push_number(out, history.synack);
        push_number(out, history.rst);
        push_number(out, history.first_seen.cast_unsigned());
        // Records may end before they start.
        push_signed(out, history.last_seen.wrapping_sub(history.first_seen));
        push_number(out, history.versions.into());
        out.extend(history.tcp_flags);
        if let Some((least, greatest)) = history.folded_ports {
            push_number(out, least.into());
            push_number(out, (greatest - least).into());
        }
    }
}

fn push_address(out: &mut Vec<u8>, address: Address, base: u32) {
    match address {
        Address::V4(value) => push_number(out, value.wrapping_sub(base).into()),
        Address::V6(value) => out.extend(value.to_be_bytes()),
    }
}
