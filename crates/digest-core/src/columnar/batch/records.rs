//! Rows whose columns have been read become records in the logs of their interfaces.

use super::{Batch, at, is_outside};
use crate::columnar::column::NULL;
use crate::columnar::table::NONE;
use crate::compact_record::{CompactRecord, HAS_FLAGS, HAS_FOLDED, HAS_VERSION};
use crate::error::FoldError;
use crate::field::Field;
use crate::flow_record::{ABSENT, Span};
use crate::key::{FoldedPorts, Key, KeyAddress};
use crate::layout::Row;
use crate::logs::Logs;
use crate::memory::Memory;
use crate::object_rows::ObjectRows;
use crate::window::Window;

impl Batch {
    /// Folds the rows at hand into a thread's logs, and counts what becomes of them.
    pub(crate) fn fold<M: Memory>(
        &mut self,
        logs: &mut Logs<M>,
        object: &mut ObjectRows<'_>,
    ) -> Result<(), FoldError> {
        let inside = inside(object.options.window.as_ref());
        let layout = object.layout.clone();
        self.odd.clear();
        self.odd.resize(self.rows, 0);
        self.gather(layout.time(), |batch| &mut batch.start);
        let first_line = object.line;
        if self.start.iter().any(|&start| !is_outside(start, inside)) {
            self.gather_values(&layout, inside, logs)?;
        }
        let mut marks = 0;
        if layout.has_ports() {
            marks |= HAS_FOLDED;
        }
        let mut spans: Option<Span> = None;
        let mut spanned = (u64::MAX, 0);
        let (mut last, mut interface) = (None, 0);
        let (mut records, mut outside) = (0, 0);
        for row in 0..self.rows {
            let start = at(&self.start, row);
            if is_outside(start, inside) {
                outside += 1;
                continue;
            }
            if at(&self.odd, row) != 0 {
                object.line = first_line + row as u64 + 1;
                self.judge(row, logs, object)?;
                continue;
            }
            if !last.is_some_and(|last| self.is_same(last, row)) {
                interface = logs.interface(
                    self.name(Field::AccountId, row),
                    self.name(Field::InterfaceId, row),
                )?;
            }
            last = Some(row);
            let end = at(&self.end, row);
            if spanned != (start, end) {
                spanned = (start, end);
                let span = Span {
                    start: start as i64,
                    end: end as i64,
                };
                spans = Some(spans.map_or(span, |spans| spans.with(span)));
                object.tally.minutes.mark(span.start, span.end);
            }
            logs.push(interface, self.record(row, start as u32, end as u32, marks))?;
            records += 1;
        }
        if let Some(span) = spans {
            logs.widen(span);
        }
        object.count(records, outside);
        object.line = first_line + self.rows as u64;
        Ok(())
    }

    /// The name of a row, `-` where there is none.
    #[inline]
    fn name(&self, field: Field, row: usize) -> &[u8] {
        let Some(column) = self.column(field) else {
            return ABSENT;
        };
        let number = column.numbers.get(row).copied();
        number.map_or(ABSENT, |number| column.table().name(number))
    }

    /// Whether two rows are of one interface.
    #[inline]
    fn is_same(&self, one: usize, other: usize) -> bool {
        [Field::AccountId, Field::InterfaceId].into_iter().all(|field| {
            let Some(column) = self.column(field) else {
                return true;
            };
            let (one, other) = (column.numbers.get(one), column.numbers.get(other));
            one == other || {
                let name = |number: Option<&u32>| number.map(|&number| column.table().name(number));
                name(one) == name(other)
            }
        })
    }

    #[inline]
    fn record(&self, row: usize, start: u32, end: u32, marks: u8) -> CompactRecord {
        let ports =
            (marks & HAS_FOLDED != 0).then(|| (at(&self.srcport, row) as u16, at(&self.dstport, row) as u16));
        let ports = FoldedPorts::of(ports);
        let address = |column: &[KeyAddress]| column.get(row).copied().unwrap_or(KeyAddress::V4(0));
        let (flags, version) = (at(&self.flags, row), at(&self.version, row));
        let mark = |value: u64, mark: u8| if value & NONE == 0 { mark } else { 0 };
        CompactRecord {
            key: Key::new(
                address(&self.src),
                address(&self.dst),
                ports,
                at(&self.protocol, row) as u8,
                at(&self.action, row),
            ),
            packets: at(&self.packets, row) as u32,
            bytes: at(&self.bytes, row) as u32,
            start,
            length: (end - start) as u16,
            folded: ports.folded.unwrap_or_default(),
            flags: flags as u8,
            version: version as u8,
            marks: marks | mark(flags, HAS_FLAGS) | mark(version, HAS_VERSION),
        }
    }

    /// Judges a row by itself, its values written as text has them.
    #[cold]
    fn judge<M: Memory>(
        &self,
        row: usize,
        logs: &mut Logs<M>,
        object: &mut ObjectRows<'_>,
    ) -> Result<(), FoldError> {
        let (mut text, mut spans) = (Vec::new(), Vec::new());
        for column in &self.columns {
            let from = text.len();
            let number = column.numbers.get(row).copied().unwrap_or(NULL);
            column.table().write(column.wanted.stored, number, &mut text);
            spans.push((column.wanted.field, from..text.len()));
        }
        let tokens = spans.into_iter();
        let row = Row::of(tokens.map(|(field, span)| (field, text.get(span).unwrap_or_default())));
        object.take_row(logs, &row)
    }
}

/// Starts that count: from, and up to but not with.
fn inside(window: Option<&Window>) -> (u64, u64) {
    window.map_or((0, u64::MAX), |window| {
        let bound = |unix: i64| u64::try_from(unix).unwrap_or(0);
        (bound(window.start_unix()), bound(window.stop_unix()))
    })
}
