//! Regular rows whose columns have been read, on their way into the logs: rows of one interface stand together, and
//! all of a burst go to the log that is at hand.

use crate::compact_record::{CompactRecord, HAS_FLAGS, HAS_FOLDED, HAS_VERSION};
use crate::error::FoldError;
use crate::field::Field;
use crate::flow_record::{ABSENT, Span};
use crate::key::{Key, NO_PORTS, folded_ports};
use crate::layout::Layout;
use crate::logs::Logs;
use crate::memory::Memory;
use crate::minutes::Minutes;
use crate::object_rows::ObjectRows;
use crate::regular::{Inside, Regular, Terms, number};
use crate::vector::{Grid, PAD, Padded};

/// Regular rows with their columns read.
#[derive(Debug)]
pub(crate) struct Read<'a> {
    pub(super) columns: &'a Regular,
    pub(super) text: Padded<'a>,
    pub(super) rows: Grid<'a>,
    pub(super) terms: Terms<'a>,
    pub(super) inside: Inside,
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
                row += 1;
                if object.tally.headers > headers {
                    break;
                }
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
        object.line = line + row as u64;
        Ok(self.taken(row))
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

    /// The bytes of so many rows, with their newlines.
    fn taken(&self, rows: usize) -> usize {
        let last = rows.checked_sub(1);
        last.map_or(0, |last| {
            self.rows.field(last, self.rows.width - 1).1 as usize + 1 - PAD
        })
    }
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
