//! Regular rows, a column of many rows at a time.
//!
//! Text whose tokens stand one blank apart, as many to a line as the layout has columns, needs no splitting: the places
//! of its delimiters are a table. Columns of numbers and addresses are then read by the loops of `vector.rs`, and rows
//! are put together again only to find their interface. A row that is not as most rows are (its status is not OK, a
//! number is larger than 32 bits, a token is no number at all) is marked as odd and judged by itself, as all rows of
//! irregular text are (`flow_record.rs`): both ways mean the same.

use crate::address::Address;
use crate::compact_record::COMPACT_VERSIONS;
use crate::error::FoldError;
use crate::field::Field;
use crate::flow_record::ABSENT;
use crate::layout::Layout;
use crate::logs::Logs;
use crate::memory::Memory;
use crate::vector::{Grid, Level, Padded, Seen};
use crate::window::Window;

mod bursts;

pub(crate) use bursts::Read;

/// The columns of some regular rows, kept to be used again.
#[derive(Debug)]
pub(crate) struct Regular {
    level: Level,
    at: Vec<u32>,
    odd: Vec<u8>,
    start: Vec<u32>,
    end: Vec<u32>,
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
    version: Vec<u32>,
    action: Vec<u32>,
    /// IPv6 addresses of a column, with their rows.
    v6: Vec<(u128, usize)>,
}

/// What the rows are read for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) window: Option<&'a Window>,
    pub(crate) max_row: usize,
}

/// Starts that count: from, and up to but not with.
type Inside = (u64, u64);

impl Regular {
    pub(crate) fn new(level: Level) -> Self {
        Self {
            level,
            at: Vec::new(),
            odd: Vec::new(),
            start: Vec::new(),
            end: Vec::new(),
            src: Vec::new(),
            dst: Vec::new(),
            other_src: Vec::new(),
            other_dst: Vec::new(),
            srcport: Vec::new(),
            dstport: Vec::new(),
            protocol: Vec::new(),
            packets: Vec::new(),
            bytes: Vec::new(),
            flags: Vec::new(),
            version: Vec::new(),
            action: Vec::new(),
            v6: Vec::new(),
        }
    }

    /// Reads whole lines, each with its newline; `None` where they are not regular. Actions and IPv6 addresses get
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
        let Some((seen, inside, is_needed)) = self.read_starts(text, terms) else {
            return Ok(None);
        };
        let layout = terms.layout;
        if is_needed && self.read_columns(text, layout, seen).is_some() {
            self.number_names(text, layout, seen, inside, logs)?;
        }
        Ok(Grid::new(&self.at, seen, layout.width()).map(|rows| Read {
            rows,
            columns: self,
            text,
            terms,
            inside,
        }))
    }

    /// Finds the rows and reads when they start. `None` where the text is not regular; else also which starts count
    /// and whether any row's does: where all rows are outside, none of them needs another column.
    fn read_starts(&mut self, text: Padded<'_>, terms: Terms<'_>) -> Option<(Seen, Inside, bool)> {
        let seen = self.level.delimiters(text, &mut self.at);
        if !seen.regular || !text.lines().ends_with(b"\n") {
            return None;
        }
        // As many delimiters as the rows ask for, and every width-th a newline: then none is anywhere else.
        let rows = Grid::new(&self.at, seen, terms.layout.width())?;
        self.odd.clear();
        for row in 0..rows.count {
            let (start, end) = (rows.field(row, 0).0, rows.field(row, rows.width - 1).1);
            if text.byte(end) != b'\n' {
                return None;
            }
            self.odd.push(u8::from((end - start) as usize > terms.max_row));
        }
        let when = terms
            .layout
            .column(Field::Start)
            .or(terms.layout.column(Field::End))?;
        self.level
            .repeating(text, rows, when, u32::MAX, &mut self.start, &mut self.odd);
        let inside = terms.window.map_or((0, u64::MAX), |window| {
            let bound = |unix: i64| u64::try_from(unix).unwrap_or(0);
            (bound(window.start_unix()), bound(window.stop_unix()))
        });
        let mut starts = self.start.iter().take(rows.count);
        let is_needed = starts.any(|&start| (inside.0..inside.1).contains(&start.into()));
        Some((seen, inside, is_needed))
    }

    fn read_columns(&mut self, text: Padded<'_>, layout: &Layout, seen: Seen) -> Option<()> {
        let rows = Grid::new(&self.at, seen, layout.width())?;
        let (level, odd) = (self.level, &mut self.odd);
        let ports = layout.has_ports();
        let byte = u32::from(u8::MAX);
        for (field, most, out) in [
            (Field::End, u32::MAX, &mut self.end),
            (Field::Version, u32::from(COMPACT_VERSIONS) - 1, &mut self.version),
        ] {
            match layout.column(field) {
                Some(column) => level.repeating(text, rows, column, most, out, odd),
                None => zeros(out, rows.count),
            }
        }
        for (field, most, out) in [
            (Field::Protocol, byte, &mut self.protocol),
            (Field::Packets, u32::MAX, &mut self.packets),
            (Field::Bytes, u32::MAX, &mut self.bytes),
            (Field::TcpFlags, byte, &mut self.flags),
            (Field::SrcPort, u32::from(u16::MAX), &mut self.srcport),
            (Field::DstPort, u32::from(u16::MAX), &mut self.dstport),
        ] {
            let is_read = ports || !matches!(field, Field::SrcPort | Field::DstPort);
            match layout.column(field).filter(|_| is_read) {
                Some(column) => level.numbers(text, rows, column, most, out, odd),
                None => zeros(out, rows.count),
            }
        }
        if !(layout.has(Field::Start) && layout.has(Field::End)) {
            self.end.clone_from(&self.start);
        }
        for (field, out, other) in [
            (Field::SrcAddr, &mut self.src, &mut self.other_src),
            (Field::DstAddr, &mut self.dst, &mut self.other_dst),
        ] {
            level.addresses(text, rows, layout.column(field)?, out, other);
        }
        for (row, odd) in odd.iter_mut().enumerate() {
            let (start, end) = (number(&self.start, row), number(&self.end, row));
            *odd |= u8::from(end.wrapping_sub(start) > u16::MAX.into());
        }
        if let Some(column) = layout.column(Field::LogStatus) {
            for (row, odd) in odd.iter_mut().enumerate() {
                let (start, end) = rows.field(row, column);
                let is_ok = end - start == 2 && text.word_at(start) as u16 == u16::from_le_bytes(*b"OK");
                *odd |= u8::from(!is_ok);
            }
        }
        layout.sightings().mark(text, rows, odd);
        Some(())
    }

    /// Exchanges actions and IPv6 addresses for their numbers, in rows that count.
    fn number_names<M: Memory>(
        &mut self,
        text: Padded<'_>,
        layout: &Layout,
        seen: Seen,
        inside: Inside,
        logs: &mut Logs<M>,
    ) -> Result<(), FoldError> {
        let Some(rows) = Grid::new(&self.at, seen, layout.width()) else {
            return Ok(());
        };
        let column = layout.column(Field::Action);
        let mut last = (Token::default(), u32::MAX);
        self.action.clear();
        for (row, odd) in self.odd.iter_mut().enumerate() {
            match Token::of(text, rows, column, row) {
                Some(token) if token == last.0 && last.1 != u32::MAX => {}
                Some(token) if *odd == 0 => {
                    let name = column.map_or(ABSENT, |column| {
                        let (start, end) = rows.field(row, column);
                        text.get(start, end)
                    });
                    last = (token, logs.action(name)?);
                }
                _ => *odd = 1,
            }
            self.action.push(last.1);
        }
        for (field, values, other) in [
            (Field::SrcAddr, &mut self.src, &self.other_src),
            (Field::DstAddr, &mut self.dst, &self.other_dst),
        ] {
            let Some(column) = layout.column(field) else {
                continue;
            };
            self.v6.clear();
            for (row, odd) in self.odd.iter_mut().enumerate() {
                if number(other, row) == 0 || *odd != 0 {
                    continue;
                }
                if !(inside.0..inside.1).contains(&number(&self.start, row).into()) {
                    continue;
                }
                let (start, end) = rows.field(row, column);
                match Address::parse(text.get(start, end)) {
                    Some(Address::V6(address)) => self.v6.push((address, row)),
                    _ => *odd = 1,
                }
            }
            logs.address_numbers(&self.v6, |row, number| {
                if let Some(value) = values.get_mut(row) {
                    *value = number;
                }
            })?;
        }
        Ok(())
    }
}

fn zeros(column: &mut Vec<u32>, count: usize) {
    column.clear();
    column.resize(count, 0);
}

#[inline]
fn number<T: Copy + Default>(column: &[T], row: usize) -> T {
    column.get(row).copied().unwrap_or_default()
}

/// A token of at most 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Token {
    word: u64,
    length: u32,
}

impl Token {
    /// The token of a column, empty where there is none; `None` for a longer one.
    #[inline]
    fn of(text: Padded<'_>, rows: Grid<'_>, column: Option<usize>, row: usize) -> Option<Self> {
        let Some(column) = column else {
            return Some(Self::default());
        };
        let (start, end) = rows.field(row, column);
        let length = end - start;
        (1..=8).contains(&length).then(|| Self {
            word: text.word_at(start) << (64 - 8 * length),
            length,
        })
    }
}
