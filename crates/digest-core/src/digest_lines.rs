//! Lines of a digest that follow one another, read many at once by the vectors of the kernel.
//!
//! A line as nearly all are (IPv4, ACCEPT or REJECT, no number of more than eight digits) is split and read like a regular
//! row of flow logs; account, interface and times are compared as bytes with those of the line before, and read once. Any
//! other line is read by [`DigestLine::parse`](crate::DigestLine::parse): both ways mean the same.

use std::net::IpAddr;

use crate::digest_line::LineFault;
use crate::vector::{Level, PAD, Padded};

mod reading;
mod row;
#[cfg(test)]
mod tests;

use reading::Reading;
pub use row::DigestRow;

/// Lines of a digest, read. They can be read into again.
#[derive(Debug)]
pub struct DigestLines {
    level: Level,
    /// The lines, with [`PAD`] more bytes on either side.
    text: Vec<u8>,
    rows: Rows,
}

/// What was read.
#[derive(Debug, Default)]
struct Rows {
    rows: Vec<Row>,
    names: Vec<Names>,
    others: Vec<Other>,
    fault: Option<LineFault>,
}

/// Where a token begins and ends in the text.
type Cell = (u32, u32);

/// What neighbouring lines have in common.
#[derive(Debug, Clone, Copy)]
struct Names {
    account: Cell,
    interface: Cell,
    start: i64,
    end: i64,
}

/// A line. The key's order is that of lines which share their names, where both are regular; from the top:
///
/// | bits | what |
/// |---|---|
/// | 32 + 32 | source and destination address |
/// | 1 + 16 + 16 | whether there are ports, and both |
/// | 8 | protocol |
/// | 8 | 0 for ACCEPT, 1 for REJECT |
#[derive(Debug, Clone, Copy)]
struct Row {
    key: u128,
    packets: u64,
    bytes: u64,
    /// Which of the names.
    names: u32,
    /// Which of the others, from 1; 0 for a regular line.
    other: u32,
}

const PROTOCOL_AT: u32 = 8;
const DST_PORT_AT: u32 = 16;
const SRC_PORT_AT: u32 = 32;
const HAS_PORTS: u128 = 1 << 48;
const DST_AT: u32 = 49;
const SRC_AT: u32 = 81;
/// Ports and protocol.
const SERVICE: u128 = (1 << DST_AT) - (1 << PROTOCOL_AT);
const ACCEPT: u128 = 0;
const REJECT: u128 = 1;

/// What a regular line's key says.
#[derive(Debug, Clone, Copy)]
struct Other {
    srcaddr: IpAddr,
    dstaddr: IpAddr,
    action: Cell,
}

impl Default for DigestLines {
    fn default() -> Self {
        Self::at(Level::best())
    }
}

impl DigestLines {
    pub(crate) fn at(level: Level) -> Self {
        Self {
            level,
            text: Vec::new(),
            rows: Rows::default(),
        }
    }

    /// Reads whole lines, each ended by a newline, in place of what was read before.
    ///
    /// # Errors
    /// The first line that is none of a digest's, counted from 0, and what is wrong with it.
    pub fn read(&mut self, lines: &[u8]) -> Result<(), (u64, LineFault)> {
        self.text.clear();
        self.text.resize(PAD, 0);
        self.text.extend_from_slice(lines);
        self.text.resize(self.text.len() + PAD, 0);
        let rows = &mut self.rows;
        rows.rows.clear();
        rows.names.clear();
        rows.others.clear();
        let Some(text) = Padded::new(&self.text, PAD, PAD + lines.len()) else {
            return Err((0, LineFault::TooMuch));
        };
        self.level.run(Reading { text, rows });
        match rows.fault.take() {
            Some(fault) => Err((rows.rows.len() as u64, fault)),
            None => Ok(()),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.rows.is_empty()
    }

    /// One of them, counted from 0.
    #[inline]
    #[must_use]
    pub fn row(&self, at: usize) -> Option<DigestRow<'_>> {
        let row = self.rows.rows.get(at)?;
        Some(DigestRow::of(self, row))
    }

    /// The first line that does not come behind the one before it in the order of digests.
    #[must_use]
    pub fn first_unsorted(&self) -> Option<usize> {
        (1..self.len()).find(|&at| {
            let pair = self.row(at - 1).zip(self.row(at));
            pair.is_some_and(|(before, row)| before.order(&row).is_ge())
        })
    }

    fn token(&self, (from, to): Cell) -> &[u8] {
        self.text.get(from as usize..to as usize).unwrap_or_default()
    }
}

fn service(ports: Option<(u16, u16)>, protocol: u8) -> u128 {
    let ports = ports.map_or(0, |(src, dst)| {
        HAS_PORTS | u128::from(src) << SRC_PORT_AT | u128::from(dst) << DST_PORT_AT
    });
    ports | u128::from(protocol) << PROTOCOL_AT
}
