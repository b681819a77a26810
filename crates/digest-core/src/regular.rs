//! Regular rows, a column of many rows at a time.
//!
//! Text whose tokens stand one blank apart, as many to a line as the layout has columns, needs no splitting: the places
//! of its delimiters are a table. Columns of numbers and addresses are then read by the loops of `vector.rs`, and rows
//! are put together again only to find their interface. A row that is not as most rows are (its status is not OK, a
//! number is larger than 32 bits, a token is no number at all) is marked as odd and judged by itself, as all rows of
//! irregular text are (`flow_record.rs`): both ways mean the same.

use crate::address::Address;
use crate::compact_record::{COMPACT_VERSIONS, CompactRecord, HAS_FLAGS, HAS_FOLDED, HAS_VERSION};
use crate::error::FoldError;
use crate::field::Field;
use crate::flow_record::{ABSENT, Span};
use crate::key::{FoldedPorts, Key, KeyAddress};
use crate::layout::Layout;
use crate::logs::Logs;
use crate::memory::Memory;
use crate::object_rows::ObjectRows;
use crate::vector::{Grid, Level, PAD, Padded, Seen};
use crate::window::Window;

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
}

/// What the rows are read for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) window: Option<&'a Window>,
    pub(crate) max_row: usize,
}

/// Regular rows with their columns read.
#[derive(Debug)]
pub(crate) struct Read<'a> {
    columns: &'a Regular,
    text: Padded<'a>,
    rows: Grid<'a>,
    terms: Terms<'a>,
    /// Starts that count, from and up to but not with.
    inside: (u64, u64),
}

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
        }
    }

    /// Reads whole lines, each with its newline; `None` where they are not regular.
    pub(crate) fn read<'a>(&'a mut self, text: Padded<'a>, terms: Terms<'a>) -> Option<Read<'a>> {
        let seen = self.level.delimiters(text, &mut self.at);
        if !seen.regular || !text.lines().ends_with(b"\n") {
            return None;
        }
        // As many delimiters as the rows ask for, and every width-th a newline: then none is anywhere else.
        let rows = Grid::new(&self.at, seen, terms.layout.width())?;
        self.odd.clear();
        for row in 0..rows.count {
            let (start, end) = (rows.field(row, 0).0, rows.field(row, rows.width - 1).1);
            if text.get(end, end + 1) != b"\n" {
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
        // Where all rows are outside, none of them needs another column.
        let mut starts = self.start.iter().take(rows.count);
        if starts.any(|&start| (inside.0..inside.1).contains(&start.into())) {
            self.read_columns(text, terms.layout, seen)?;
        }
        Some(Read {
            rows: Grid::new(&self.at, seen, terms.layout.width())?,
            columns: self,
            text,
            terms,
            inside,
        })
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
        if let Some(column) = layout.column(Field::LogStatus) {
            for (row, odd) in odd.iter_mut().enumerate() {
                let (start, end) = rows.field(row, column);
                let is_ok = end - start == 2 && text.word_at(start) as u16 == u16::from_le_bytes(*b"OK");
                *odd |= u8::from(!is_ok);
            }
        }
        Some(())
    }
}

impl Read<'_> {
    /// Folds the rows into a thread's logs and counts what becomes of them. Gives the bytes taken: all of them, or
    /// those up to a header, behind which the columns may be others.
    pub(crate) fn fold<M: Memory>(
        &self,
        logs: &mut Logs<M>,
        object: &mut ObjectRows<'_>,
    ) -> Result<usize, FoldError> {
        let columns = self.columns;
        let layout = self.terms.layout;
        let names = Names::of(layout);
        let marks = [
            (layout.has_ports(), HAS_FOLDED),
            (layout.has(Field::TcpFlags), HAS_FLAGS),
            (layout.has(Field::Version), HAS_VERSION),
        ];
        let marks = marks
            .into_iter()
            .fold(0, |marks, (has, mark)| if has { marks | mark } else { marks });
        let (line, headers) = (object.line, object.tally.headers);
        let (mut same_as, mut interface) = (None, 0);
        let mut action = (Token::default(), 0);
        let mut spanned = (1, 0);
        let (mut records, mut outside) = (0, 0);
        for (row, &odd) in columns.odd.iter().enumerate() {
            let start = number(&columns.start, row);
            if odd == 0 && !(self.inside.0..self.inside.1).contains(&start.into()) {
                outside += 1;
                continue;
            }
            let Some((src, dst, token)) = self.ends(logs, names, row, odd)? else {
                object.line = line + row as u64;
                object.take(logs, self.line(row))?;
                if object.tally.headers > headers {
                    object.count(records, outside);
                    return Ok(self.end_of(row));
                }
                continue;
            };
            if token != action.0 || same_as.is_none() {
                action = (
                    token,
                    logs.action(names.name(self.text, self.rows, names.action, row))?,
                );
            }
            if !same_as.is_some_and(|other| names.same(self.text, self.rows, other, row)) {
                let account = names.name(self.text, self.rows, names.account, row);
                let name = names.name(self.text, self.rows, names.interface, row);
                interface = logs.interface(account, name)?;
            }
            same_as = Some(row);
            let ports = if layout.has_ports() {
                FoldedPorts::of_both(
                    number(&columns.srcport, row) as u16,
                    number(&columns.dstport, row) as u16,
                )
            } else {
                FoldedPorts::of(None)
            };
            let end = number(&columns.end, row);
            if spanned != (start, end) {
                spanned = (start, end);
                let span = Span {
                    start: start.into(),
                    end: end.into(),
                };
                object.tally.minutes.mark(span.start, span.end);
                logs.widen(span);
            }
            let protocol = number(&columns.protocol, row) as u8;
            records += 1;
            logs.push(
                interface,
                CompactRecord {
                    key: Key::new(src, dst, ports, protocol, action.1),
                    packets: number(&columns.packets, row),
                    bytes: number(&columns.bytes, row),
                    start,
                    length: (end - start) as u16,
                    folded: ports.folded.unwrap_or_default(),
                    flags: number(&columns.flags, row) as u8,
                    version: number(&columns.version, row) as u8,
                    marks,
                },
            )?;
        }
        object.count(records, outside);
        object.line = line + self.rows.count as u64;
        Ok(self.text.lines().len())
    }

    /// Both addresses and the action of a row; `None` for an odd one.
    #[inline]
    fn ends<M: Memory>(
        &self,
        logs: &mut Logs<M>,
        names: Names,
        row: usize,
        odd: u8,
    ) -> Result<Option<(KeyAddress, KeyAddress, Token)>, FoldError> {
        let columns = self.columns;
        let (start, end) = (number(&columns.start, row), number(&columns.end, row));
        if odd != 0 || end < start || end - start > u16::MAX.into() {
            return Ok(None);
        }
        let Some(token) = Token::of(self.text, self.rows, names.action, row) else {
            return Ok(None);
        };
        let src = self.address(logs, &columns.src, &columns.other_src, Field::SrcAddr, row)?;
        let dst = self.address(logs, &columns.dst, &columns.other_dst, Field::DstAddr, row)?;
        Ok(src.zip(dst).map(|(src, dst)| (src, dst, token)))
    }

    /// A row as it stands, without its newline.
    fn line(&self, row: usize) -> &[u8] {
        let (start, _) = self.rows.field(row, 0);
        let (_, end) = self.rows.field(row, self.rows.width - 1);
        self.text.get(start, end)
    }

    /// The bytes from the first row up to the end of this one, with its newline.
    fn end_of(&self, row: usize) -> usize {
        let (_, end) = self.rows.field(row, self.rows.width - 1);
        end as usize + 1 - PAD
    }

    /// The key's side of an address; `None` where the token is none.
    #[inline]
    fn address<M: Memory>(
        &self,
        logs: &mut Logs<M>,
        values: &[u32],
        other: &[u8],
        field: Field,
        row: usize,
    ) -> Result<Option<KeyAddress>, FoldError> {
        if other.get(row) == Some(&0) {
            return Ok(Some(KeyAddress::V4(number(values, row))));
        }
        let Some(column) = self.terms.layout.column(field) else {
            return Ok(None);
        };
        let (start, end) = self.rows.field(row, column);
        match Address::parse(self.text.get(start, end)) {
            Some(address) => logs.address(address).map(Some),
            None => Ok(None),
        }
    }
}

fn zeros(column: &mut Vec<u32>, count: usize) {
    column.clear();
    column.resize(count, 0);
}

#[inline]
fn number(column: &[u32], row: usize) -> u32 {
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

/// Where the names of a record are.
#[derive(Debug, Clone, Copy)]
struct Names {
    account: Option<usize>,
    interface: Option<usize>,
    action: Option<usize>,
    /// First and last column of what must be equal for two rows to be of one interface: one run of columns where
    /// they stand side by side.
    runs: [Option<(usize, usize)>; 2],
}

impl Names {
    fn of(layout: &Layout) -> Self {
        let account = layout.column(Field::AccountId);
        let interface = layout.column(Field::InterfaceId);
        let alone = |column: Option<usize>| column.map(|column| (column, column));
        let runs = match (account, interface) {
            (Some(account), Some(interface)) if account + 1 == interface => {
                [Some((account, interface)), None]
            }
            _ => [alone(account), alone(interface)],
        };
        Self {
            account,
            interface,
            action: layout.column(Field::Action),
            runs,
        }
    }

    /// Whether two rows are of one interface.
    #[inline]
    fn same(&self, text: Padded<'_>, rows: Grid<'_>, one: usize, other: usize) -> bool {
        self.runs.iter().flatten().all(|&(first, last)| {
            let run = |row: usize| (rows.field(row, first).0, rows.field(row, last).1);
            let ((one, one_end), (other, other_end)) = (run(one), run(other));
            one_end - one == other_end - other && text.same(one, other, one_end - one)
        })
    }

    /// The name in a column; `-` where there is no column.
    #[inline]
    fn name<'a>(&self, text: Padded<'a>, rows: Grid<'_>, column: Option<usize>, row: usize) -> &'a [u8] {
        let Some(column) = column else { return ABSENT };
        let (start, end) = rows.field(row, column);
        text.get(start, end)
    }
}
