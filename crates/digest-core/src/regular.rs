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
use crate::key::{Key, NO_PORTS, folded_ports};
use crate::layout::Layout;
use crate::logs::Logs;
use crate::memory::Memory;
use crate::minutes::Minutes;
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
    action: Vec<u32>,
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

/// Regular rows with their columns read.
#[derive(Debug)]
pub(crate) struct Read<'a> {
    columns: &'a Regular,
    text: Padded<'a>,
    rows: Grid<'a>,
    terms: Terms<'a>,
    inside: Inside,
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
            action: Vec::new(),
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
            for (row, odd) in self.odd.iter_mut().enumerate() {
                if number(other, row) == 0 || *odd != 0 {
                    continue;
                }
                if !(inside.0..inside.1).contains(&number(&self.start, row).into()) {
                    continue;
                }
                let (start, end) = rows.field(row, column);
                match Address::parse(text.get(start, end)) {
                    Some(Address::V6(address)) => {
                        if let Some(value) = values.get_mut(row) {
                            *value = logs.address_number(address)?;
                        }
                    }
                    _ => *odd = 1,
                }
            }
        }
        Ok(())
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
        let (mut last, mut interface) = (None, 0);
        let mut spans = Spans {
            least: u32::MAX,
            greatest: 0,
        };
        let mut spanned = (1, 0);
        let (mut records, mut outside) = (0, 0);
        let mut row = 0;
        while row < self.rows.count {
            if number(&columns.odd, row) != 0 {
                object.line = line + row as u64;
                object.take(logs, self.line(row))?;
                if object.tally.headers > headers {
                    object.count(records, outside);
                    return Ok(self.end_of(row));
                }
                row += 1;
                continue;
            }
            if !self.is_inside(row) {
                outside += 1;
                row += 1;
                continue;
            }
            if !last.is_some_and(|last| names.same(self.text, self.rows, last, row)) {
                let account = names.name(self.text, self.rows, names.account, row);
                let name = names.name(self.text, self.rows, names.interface, row);
                interface = logs.interface(account, name)?;
            }
            // The log of one interface stays at hand for all rows of a burst.
            let first = row;
            let (log, most) = logs.log(interface);
            loop {
                let (start, end) = (number(&columns.start, row), number(&columns.end, row));
                if spanned != (start, end) {
                    spanned = (start, end);
                    spans.see(start, end, &mut object.tally.minutes);
                }
                log.push(self.record(row, start, end, marks));
                last = Some(row);
                row += 1;
                if row == self.rows.count
                    || log.len() >= most
                    || number(&columns.odd, row) != 0
                    || !self.is_inside(row)
                    || !names.same(self.text, self.rows, row - 1, row)
                {
                    break;
                }
            }
            records += (row - first) as u64;
            logs.fold_full(interface)?;
        }
        if let Some(span) = spans.span() {
            logs.widen(span);
        }
        object.count(records, outside);
        object.line = line + self.rows.count as u64;
        Ok(self.text.lines().len())
    }

    #[inline]
    fn is_inside(&self, row: usize) -> bool {
        (self.inside.0..self.inside.1).contains(&number(&self.columns.start, row).into())
    }

    #[inline]
    fn record(&self, row: usize, start: u32, end: u32, marks: u8) -> CompactRecord {
        let columns = self.columns;
        let ports = (number(&columns.srcport, row), number(&columns.dstport, row));
        let (kept, folded) = if marks & HAS_FOLDED != 0 {
            folded_ports(ports.0 as u16, ports.1 as u16)
        } else {
            (NO_PORTS, 0)
        };
        CompactRecord {
            key: Key::of_parts(
                (number(&columns.src, row), number(&columns.other_src, row)),
                (number(&columns.dst, row), number(&columns.other_dst, row)),
                kept,
                number(&columns.protocol, row) as u8,
                number(&columns.action, row),
            ),
            packets: number(&columns.packets, row),
            bytes: number(&columns.bytes, row),
            start,
            length: (end - start) as u16,
            folded,
            flags: number(&columns.flags, row) as u8,
            version: number(&columns.version, row) as u8,
            marks,
        }
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
}

fn zeros(column: &mut Vec<u32>, count: usize) {
    column.clear();
    column.resize(count, 0);
}

#[inline]
fn number<T: Copy + Default>(column: &[T], row: usize) -> T {
    column.get(row).copied().unwrap_or_default()
}

/// Least start and greatest end of regular rows.
struct Spans {
    least: u32,
    greatest: u32,
}

impl Spans {
    fn see(&mut self, start: u32, end: u32, minutes: &mut Minutes) {
        self.least = self.least.min(start);
        self.greatest = self.greatest.max(end);
        minutes.mark(start.into(), end.into());
    }

    fn span(&self) -> Option<Span> {
        (self.least <= self.greatest).then(|| Span {
            start: self.least.into(),
            end: self.greatest.into(),
        })
    }
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
