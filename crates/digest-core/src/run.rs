//! A sorted run of edges as bytes: what is written when memory is full, and read back in order.
//!
//! A run is the list of its actions, then a section per interface: the two names, the number of edges, the edges. An
//! edge says what differs from the one before it: sources repeat, and destinations and ports rise under one source. What
//! edges are told apart by beyond the action stands with each: there may be as many such values as edges.
//! Numbers are written seven bits to a byte, lowest first. Runs live for one build and are read by the program that
//! wrote them, so that the format has no version.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;

use crate::address::Address;
use crate::digest::Section;
use crate::facet::Facets;
use crate::history::History;
use crate::memory::Memory;
use crate::run_bytes::{byte, cut, number, push_number, push_signed, push_text, signed, text};

/// Bytes read from a run at a time.
const BUFFER: usize = 128 * 1024;

/// The source address is the one before.
const SAME_SOURCE: u8 = 1;
const SRC_V6: u8 = 2;
const DST_V6: u8 = 4;
const HISTORY: u8 = 8;
const FLAGS: u8 = 16;
const FOLDED: u8 = 32;
/// The edge's facet has more than its action: the same as the one before it that had, or its own.
const SAME_FURTHER: u8 = 64;
const FURTHER: u8 = 128;

/// An edge of a run, ordered as digests are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) src: Address,
    pub(crate) dst: Address,
    /// Ports and protocol as a key has them.
    pub(crate) service: u32,
    /// Number of the action in the run's list, which is in order.
    pub(crate) action: u32,
    /// What its facet has beside the action; nothing where the row is a line.
    pub(crate) further: Option<Arc<[u8]>>,
}

/// What a row adds up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) history: Option<History>,
}

/// The names of a section and its number of edges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heading {
    pub(crate) account: Vec<u8>,
    pub(crate) interface: Vec<u8>,
    pub(crate) edges: u64,
}

/// Writes sections of edges that are in order.
pub(crate) fn write<M: Memory>(
    out: &mut dyn Write,
    sections: &[Section<M>],
    facets: &Facets,
) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(BUFFER + 1024);
    push_number(&mut bytes, facets.actions().len() as u64);
    for action in facets.actions() {
        push_text(&mut bytes, action);
    }
    for section in sections {
        push_text(&mut bytes, &section.account);
        push_text(&mut bytes, &section.interface);
        push_number(&mut bytes, section.entries.len() as u64);
        let (mut last, mut last_further) = (None, None);
        for entry in &section.entries {
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
            push_row(&mut bytes, &row, &sums, last.as_ref(), (same, other));
            last = Some(row);
            if bytes.len() >= BUFFER {
                out.write_all(&bytes)?;
                bytes.clear();
            }
        }
    }
    out.write_all(&bytes)
}

/// How an address is written beside the one before it: IPv4 by what it is more.
fn base(last: Option<Address>) -> u32 {
    match last {
        Some(Address::V4(value)) => value,
        _ => 0,
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

/// Reads a run back.
pub(crate) struct RunReader {
    input: BufReader<Box<dyn Read + Send>>,
    /// The run's actions, in order.
    pub(crate) actions: Vec<Vec<u8>>,
    left: u64,
    last: Option<Row>,
    /// The last facet's that had more than its action.
    further: Option<Arc<[u8]>>,
}

impl RunReader {
    pub(crate) fn open(run: Box<dyn Read + Send>) -> io::Result<Self> {
        let mut reader = Self {
            input: BufReader::with_capacity(BUFFER, run),
            actions: Vec::new(),
            left: 0,
            last: None,
            further: None,
        };
        for _ in 0..reader.number()? {
            let action = text(&mut reader.input)?;
            reader.actions.push(action);
        }
        Ok(reader)
    }

    /// The next section's heading; `None` at the end. Its edges must be read before the next one.
    pub(crate) fn heading(&mut self) -> io::Result<Option<Heading>> {
        if self.input.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let heading = Heading {
            account: text(&mut self.input)?,
            interface: text(&mut self.input)?,
            edges: self.number()?,
        };
        self.left = heading.edges;
        self.last = None;
        self.further = None;
        Ok(Some(heading))
    }

    /// The section's next edge; `None` at its end.
    pub(crate) fn row(&mut self) -> io::Result<Option<(Row, Sums)>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let marks = byte(&mut self.input)?;
        let last = self.last.as_ref().map(|last| (last.src, last.dst));
        let before = last.filter(|_| marks & SAME_SOURCE != 0);
        let src = match before {
            Some((src, _)) => src,
            None => self.address(marks & SRC_V6 != 0, base(last.map(|(src, _)| src)))?,
        };
        let dst = self.address(marks & DST_V6 != 0, base(before.map(|(_, dst)| dst)))?;
        let (service, action) = (self.small()?, self.small()?);
        if marks & FURTHER != 0 {
            self.further = Some(text(&mut self.input)?.into());
        }
        let has_further = marks & (FURTHER | SAME_FURTHER) != 0;
        let row = Row {
            src,
            dst,
            service,
            action,
            further: self.further.clone().filter(|_| has_further),
        };
        self.last = Some(Row { further: None, ..row });
        let (packets, bytes) = (self.number()?, self.number()?);
        let history = if marks & HISTORY == 0 {
            None
        } else {
            Some(self.history(marks)?)
        };
        let sums = Sums {
            packets,
            bytes,
            history,
        };
        Ok(Some((row, sums)))
    }

    fn history(&mut self, marks: u8) -> io::Result<History> {
        let (records, syn, synack, rst) = (self.number()?, self.number()?, self.number()?, self.number()?);
        let first_seen = self.number()?.cast_signed();
        let last_seen = first_seen.wrapping_add(signed(&mut self.input)?);
        let versions = self.small()?;
        let tcp_flags = if marks & FLAGS == 0 {
            None
        } else {
            Some(byte(&mut self.input)?)
        };
        let folded_ports = if marks & FOLDED == 0 {
            None
        } else {
            let least = self.small()? as u16;
            Some((least, least.saturating_add(self.small()? as u16)))
        };
        Ok(History {
            records,
            syn,
            synack,
            rst,
            first_seen,
            last_seen,
            tcp_flags,
            versions,
            folded_ports,
        })
    }

    fn address(&mut self, is_v6: bool, base: u32) -> io::Result<Address> {
        if is_v6 {
            let mut bytes = [0; 16];
            self.input.read_exact(&mut bytes)?;
            return Ok(Address::V6(u128::from_be_bytes(bytes)));
        }
        Ok(Address::V4(base.wrapping_add(self.small()?)))
    }

    fn small(&mut self) -> io::Result<u32> {
        u32::try_from(self.number()?).map_err(|_| cut())
    }

    fn number(&mut self) -> io::Result<u64> {
        number(&mut self.input)
    }
}
