//! A sorted run of edges as bytes: what is written when memory is full, and read back in order.
//!
//! A run is the list of its actions, then a section per interface: the two names, the number of edges, the edges. An
//! edge says what differs from the one before it: sources repeat, and destinations and ports rise under one source. What
//! edges are told apart by beyond the action stands with each: there may be as many such values as edges.
//! Numbers are written seven bits to a byte, lowest first. Runs live for one build and are read by the program that
//! wrote them, so that the format has no version.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use crate::address::Address;
use crate::history::History;
use crate::run_bytes::{byte, cut, number, signed, text};

mod writing;

pub(crate) use writing::write;

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

/// How an address is written beside the one before it: IPv4 by what it is more.
fn base(last: Option<Address>) -> u32 {
    match last {
        Some(Address::V4(value)) => value,
        _ => 0,
    }
}

/// Reads a run back.
pub(crate) struct RunReader {
    input: BufReader<Box<dyn Read + Send>>,
    /// The run's actions, in order.
    pub(crate) actions: Vec<Vec<u8>>,
    left: u64,
    before: Before,
}

/// What the next edge of a section is written beside.
#[derive(Debug, Default)]
struct Before {
    /// The addresses of the edge before.
    addresses: Option<(Address, Address)>,
    /// The last facet's that had more than its action.
    further: Option<Arc<[u8]>>,
}

impl RunReader {
    pub(crate) fn open(run: Box<dyn Read + Send>) -> io::Result<Self> {
        let mut reader = Self {
            input: BufReader::with_capacity(BUFFER, run),
            actions: Vec::new(),
            left: 0,
            before: Before::default(),
        };
        for _ in 0..number(&mut reader.input)? {
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
            edges: number(&mut self.input)?,
        };
        self.left = heading.edges;
        self.before = Before::default();
        Ok(Some(heading))
    }

    /// The section's next edge; `None` at its end.
    pub(crate) fn row(&mut self) -> io::Result<Option<(Row, Sums)>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        // Nearly always all of it is at hand, and is read out of memory without asking for each byte whether there is more.
        let at_hand = self.input.buffer();
        let mut rest = at_hand;
        if let Ok(read) = self.before.row(&mut rest) {
            let taken = at_hand.len() - rest.len();
            self.input.consume(taken);
            return Ok(Some(read));
        }
        self.before.row(&mut self.input).map(Some)
    }
}

impl Before {
    /// Reads an edge. Where that fails, nothing has been noted of it.
    fn row(&mut self, input: &mut impl BufRead) -> io::Result<(Row, Sums)> {
        let marks = byte(input)?;
        let same = self.addresses.filter(|_| marks & SAME_SOURCE != 0);
        let src = match same {
            Some((src, _)) => src,
            None => address(
                input,
                marks & SRC_V6 != 0,
                base(self.addresses.map(|(src, _)| src)),
            )?,
        };
        let dst = address(input, marks & DST_V6 != 0, base(same.map(|(_, dst)| dst)))?;
        let (service, action) = (small(input)?, small(input)?);
        let own = match marks & FURTHER {
            0 => None,
            _ => Some(Arc::from(text(input)?)),
        };
        let (packets, bytes) = (number(input)?, number(input)?);
        let history = match marks & HISTORY {
            0 => None,
            _ => Some(history(input, marks)?),
        };
        self.addresses = Some((src, dst));
        if own.is_some() {
            self.further = own;
        }
        let has_further = marks & (FURTHER | SAME_FURTHER) != 0;
        let row = Row {
            src,
            dst,
            service,
            action,
            further: if has_further { self.further.clone() } else { None },
        };
        let sums = Sums {
            packets,
            bytes,
            history,
        };
        Ok((row, sums))
    }
}

fn history(input: &mut impl BufRead, marks: u8) -> io::Result<History> {
    let (records, syn, synack, rst) = (number(input)?, number(input)?, number(input)?, number(input)?);
    let first_seen = number(input)?.cast_signed();
    let last_seen = first_seen.wrapping_add(signed(input)?);
    let versions = small(input)?;
    let tcp_flags = match marks & FLAGS {
        0 => None,
        _ => Some(byte(input)?),
    };
    let folded_ports = match marks & FOLDED {
        0 => None,
        _ => {
            let least = small(input)? as u16;
            Some((least, least.saturating_add(small(input)? as u16)))
        }
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

fn address(input: &mut impl BufRead, is_v6: bool, base: u32) -> io::Result<Address> {
    if is_v6 {
        let mut bytes = [0; 16];
        input.read_exact(&mut bytes)?;
        return Ok(Address::V6(u128::from_be_bytes(bytes)));
    }
    Ok(Address::V4(base.wrapping_add(small(input)?)))
}

fn small(input: &mut impl BufRead) -> io::Result<u32> {
    u32::try_from(number(input)?).map_err(|_| cut())
}
