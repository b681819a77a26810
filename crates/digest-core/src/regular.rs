//! Regular rows, a column of many rows at a time.
//!
//! Text whose tokens stand one blank apart, as many to a line as the layout has columns, needs no splitting: the places
//! of its delimiters are a table. Records come in bursts of one interface whose rows agree in most columns: these are
//! compared with the row above and read once a burst (`bursts.rs`). What is left, addresses and numbers, is read by
//! the loops of `vector.rs`, a column at a time. A row that is not as most rows are (its status is not OK, a number is
//! larger than 32 bits, a token is no number at all) is marked as odd and judged by itself, as all rows of irregular
//! text are (`flow_record.rs`): both ways mean the same.

use crate::address::Address;
use crate::error::FoldError;
use crate::field::Field;
use crate::key::Key;
use crate::layout::Layout;
use crate::logs::Logs;
use crate::memory::Memory;
use crate::vector::{Grid, KeyColumns, Level, Padded, Seen};
use crate::window::Window;

mod bursts;
mod facets;
mod fold;

use bursts::{Burst, Repeated};
pub(crate) use fold::Read;

/// The columns of some regular rows, kept to be used again.
#[derive(Debug)]
pub(crate) struct Regular {
    level: Level,
    at: Vec<u32>,
    firsts: Vec<u32>,
    bursts: Vec<Burst>,
    columns: Columns,
    /// IPv6 addresses, whose places here are their numbers in the rows' keys.
    v6: Vec<u128>,
}

/// What each row has of its own.
#[derive(Debug, Default)]
struct Columns {
    /// Rows that are to be judged by themselves.
    odd: Vec<u8>,
    src: Vec<u32>,
    dst: Vec<u32>,
    /// Which source and destination addresses are not IPv4.
    other_src: Vec<u8>,
    other_dst: Vec<u8>,
    srcport: Vec<u32>,
    dstport: Vec<u32>,
    protocol: Vec<u32>,
    packets: Vec<u32>,
    bytes: Vec<u32>,
    flags: Vec<u32>,
    /// Facets, where edges have more to them than the burst's action.
    facets: Vec<u32>,
    /// Keys that lack their action, and the ports that were folded away.
    keys: Vec<Key>,
    folded: Vec<u32>,
}

/// What the rows are read for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) window: Option<&'a Window>,
    pub(crate) max_row: usize,
}

impl Regular {
    pub(crate) fn new(level: Level) -> Self {
        Self {
            level,
            at: Vec::new(),
            firsts: Vec::new(),
            bursts: Vec::new(),
            columns: Columns::default(),
            v6: Vec::new(),
        }
    }

    /// Reads whole lines, each with its newline; `None` where they are not regular. Actions and interfaces get
    /// their numbers from `logs`.
    ///
    /// # Errors
    /// [`FoldError::Overflow`] where numbers run out.
    pub(crate) fn read<'a, M: Memory>(
        &'a mut self,
        text: Padded<'a>,
        terms: Terms<'a>,
        logs: &mut Logs<M>,
    ) -> Result<Option<Read<'a>>, FoldError> {
        let Some(seen) = self.find_rows(text, terms) else {
            return Ok(None);
        };
        let Some(rows) = Grid::new(&self.at, seen, terms.layout.width()) else {
            return Ok(None);
        };
        let Some(repeated) = Repeated::of(terms.layout) else {
            return Ok(None);
        };
        self.level.changes(text, rows, repeated.runs(), &mut self.firsts);
        bursts::read(text, rows, terms, &repeated, &self.firsts, &mut self.bursts);
        // Where no row counts, none of them needs another column.
        if self.bursts.iter().any(Burst::counts) {
            bursts::resolve(text, rows, &repeated, &mut self.bursts, logs)?;
            if self.read_columns(text, rows.width, seen, terms.layout).is_none() {
                return Ok(None);
            }
            self.read_others(text, seen, terms.layout);
            self.read_facets(text, seen, terms.layout, logs)?;
            let columns = &mut self.columns;
            let ports = terms.layout.has_ports();
            let read = KeyColumns {
                src: (&columns.src, &columns.other_src),
                dst: (&columns.dst, &columns.other_dst),
                ports: ports.then_some((columns.srcport.as_slice(), columns.dstport.as_slice())),
                protocol: &columns.protocol,
            };
            self.level
                .keys(seen.newlines, read, &mut columns.keys, &mut columns.folded);
        }
        Ok(self.as_read(text, seen, terms.layout))
    }

    /// What was read last, out of this text.
    pub(crate) fn as_read<'a>(
        &'a self,
        text: Padded<'a>,
        seen: Seen,
        layout: &'a Layout,
    ) -> Option<Read<'a>> {
        Grid::new(&self.at, seen, layout.width()).map(|rows| Read {
            rows,
            columns: &self.columns,
            bursts: &self.bursts,
            v6: &self.v6,
            text,
            layout,
        })
    }

    /// Finds the rows; `None` where the text is not regular, or a row is longer than one may be.
    fn find_rows(&mut self, text: Padded<'_>, terms: Terms<'_>) -> Option<Seen> {
        let seen = self.level.delimiters(text, &mut self.at);
        if !seen.regular || !text.lines().ends_with(b"\n") {
            return None;
        }
        // As many delimiters as the rows ask for, and every width-th a newline: then none is anywhere else.
        let rows = Grid::new(&self.at, seen, terms.layout.width())?;
        let mut begin = 0;
        for end in rows.ends() {
            if text.byte(end) != b'\n' || (end - begin) as usize > terms.max_row {
                return None;
            }
            begin = end + 1;
        }
        Some(seen)
    }

    fn read_columns(&mut self, text: Padded<'_>, width: usize, seen: Seen, layout: &Layout) -> Option<()> {
        let rows = Grid::new(&self.at, seen, width)?;
        let level = self.level;
        let columns = &mut self.columns;
        columns.odd.clear();
        columns.odd.resize(rows.count, 0);
        let odd = &mut columns.odd;
        let byte = u32::from(u8::MAX);
        for (field, most, out) in [
            (Field::Protocol, byte, &mut columns.protocol),
            (Field::Packets, u32::MAX, &mut columns.packets),
            (Field::Bytes, u32::MAX, &mut columns.bytes),
            (Field::TcpFlags, byte, &mut columns.flags),
            (Field::SrcPort, u32::from(u16::MAX), &mut columns.srcport),
            (Field::DstPort, u32::from(u16::MAX), &mut columns.dstport),
        ] {
            let is_read = layout.has_ports() || !matches!(field, Field::SrcPort | Field::DstPort);
            match layout.column(field).filter(|_| is_read) {
                Some(column) => level.numbers(text, rows, column, most, out, odd),
                None => {
                    out.clear();
                    out.resize(rows.count, 0);
                }
            }
        }
        for (field, out, other) in [
            (Field::SrcAddr, &mut columns.src, &mut columns.other_src),
            (Field::DstAddr, &mut columns.dst, &mut columns.other_dst),
        ] {
            level.addresses(text, rows, layout.column(field)?, out, other);
        }
        layout.sightings().mark(text, rows, odd);
        Some(())
    }

    /// Numbers what edges are told apart by beside their keys, where that is more than the action.
    fn read_facets<M: Memory>(
        &mut self,
        text: Padded<'_>,
        seen: Seen,
        layout: &Layout,
        logs: &mut Logs<M>,
    ) -> Result<(), FoldError> {
        let Some(rows) = Grid::new(&self.at, seen, layout.width()) else {
            return Ok(());
        };
        let columns = &mut self.columns;
        let (odd, out) = (&columns.odd, &mut columns.facets);
        facets::read(text, rows, layout, &self.bursts, (odd, out), logs)
    }

    /// Reads the addresses that are not IPv4.
    fn read_others(&mut self, text: Padded<'_>, seen: Seen, layout: &Layout) {
        self.v6.clear();
        let Some(rows) = Grid::new(&self.at, seen, layout.width()) else {
            return;
        };
        let columns = &mut self.columns;
        for (field, values, other) in [
            (Field::SrcAddr, &mut columns.src, &columns.other_src),
            (Field::DstAddr, &mut columns.dst, &columns.other_dst),
        ] {
            let Some(column) = layout.column(field) else {
                continue;
            };
            // Rows that do not count are read as well: that is cheaper than to tell them apart.
            let others = other.get(..rows.count).unwrap_or_default();
            for row in memchr::memchr_iter(1, others) {
                let (start, end) = rows.field(row, column);
                match (Address::parse(text.get(start, end)), values.get_mut(row)) {
                    (Some(Address::V6(address)), Some(value)) => {
                        *value = self.v6.len() as u32;
                        self.v6.push(address);
                    }
                    _ => {
                        if let Some(odd) = columns.odd.get_mut(row) {
                            *odd = 1;
                        }
                    }
                }
            }
        }
    }
}
