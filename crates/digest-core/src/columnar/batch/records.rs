//! Rows whose columns have been read become records in the logs of their interfaces.

use super::{Batch, at, is_outside};
use crate::columnar::column::Column;
use crate::columnar::schema::Use;
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
        if M::EDGES {
            self.compare_facts();
        }
        let names = Names::of(self, object.is_watched());
        let mut spans: Option<Span> = None;
        let mut spanned = (u64::MAX, 0);
        let (mut last, mut interface, mut is_had) = (None, 0, false);
        let (mut records, mut outside) = (0, 0);
        let mut row = 0;
        while row < self.rows {
            if is_outside(at(&self.start, row), inside) {
                outside += 1;
                row += 1;
                continue;
            }
            if at(&self.odd, row) != 0 {
                object.line = first_line + row as u64 + 1;
                self.judge(row, logs, object)?;
                row += 1;
                continue;
            }
            if !last.is_some_and(|last| names.are_same(last, row)) {
                interface = logs.interface(names.account(row), names.interface(row))?;
                logs.note(interface, names.action(row));
                is_had = object.is_had(names.interface(row), names.action(row));
            }
            let ends = |row: usize| {
                row == self.rows
                    || at(&self.odd, row) != 0
                    || is_outside(at(&self.start, row), inside)
                    || self.tells_anew(row)
                    || !names.are_same(row - 1, row)
            };
            if is_had {
                let first = row;
                row += 1;
                while !ends(row) {
                    row += 1;
                }
                last = Some(row - 1);
                object.supersede((row - first) as u64);
                continue;
            }
            // The log of one interface stays at hand for all rows of a burst.
            let first = row;
            let mut latest = 0;
            let mut log = logs.log(interface)?;
            let (from, most) = (log.records.len(), log.records.len() + log.room());
            loop {
                let (start, end) = (at(&self.start, row), at(&self.end, row));
                if spanned != (start, end) {
                    spanned = (start, end);
                    let span = Span {
                        start: start as i64,
                        end: end as i64,
                    };
                    spans = Some(spans.map_or(span, |spans| spans.with(span)));
                    object.tally.minutes.mark(span.start, span.end);
                }
                latest = start.max(latest);
                log.records
                    .push(self.record(row, start as u32, end as u32, marks));
                last = Some(row);
                row += 1;
                if log.records.len() >= most || ends(row) {
                    break;
                }
            }
            records += (row - first) as u64;
            if !self.v6.is_empty() {
                log.renumber(from, &self.v6);
            }
            if M::EDGES && !self.facts.is_empty() {
                self.write_set(first, &mut logs.known_sets.row);
                logs.tell(interface, latest as i64);
            }
        }
        if let Some(span) = spans {
            logs.widen(span);
        }
        object.count(records, outside);
        object.line = first_line + self.rows as u64;
        Ok(())
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
            if let Use::Field(field) = column.wanted.is_for {
                let from = text.len();
                column.write(row, &mut text);
                spans.push((field, from..text.len()));
            }
        }
        let tokens = spans.into_iter();
        let number = row;
        let row = Row::of(tokens.map(|(field, span)| (field, text.get(span).unwrap_or_default())));
        object.take_row(logs, &row, |set| self.write_set(number, set))
    }
}

/// The columns that name a record's interface; and its action, where other flow logs may report on it.
struct Names<'b> {
    account: Option<&'b Column>,
    interface: Option<&'b Column>,
    action: Option<&'b Column>,
}

impl<'b> Names<'b> {
    fn of(batch: &'b Batch, with_action: bool) -> Self {
        Self {
            action: batch.column(Field::Action).filter(|_| with_action),
            account: batch.column(Field::AccountId),
            interface: batch.column(Field::InterfaceId),
        }
    }

    fn account(&self, row: usize) -> &'b [u8] {
        name(self.account, row)
    }

    fn interface(&self, row: usize) -> &'b [u8] {
        name(self.interface, row)
    }

    fn action(&self, row: usize) -> &'b [u8] {
        name(self.action, row)
    }

    /// Whether two rows are of one interface, and of one action where that matters.
    #[inline]
    fn are_same(&self, one: usize, other: usize) -> bool {
        let same = |column: Option<&Column>| {
            column.is_none_or(|column| {
                column.numbers.get(one) == column.numbers.get(other)
                    || name(Some(column), one) == name(Some(column), other)
            })
        };
        same(self.interface) && same(self.account) && same(self.action)
    }
}

/// A row's name, `-` where there is none.
fn name(column: Option<&Column>, row: usize) -> &[u8] {
    let number = column.and_then(|column| Some((column, *column.numbers.get(row)?)));
    number.map_or(ABSENT, |(column, number)| column.text(number))
}

/// Starts that count: from, and up to but not with.
fn inside(window: Option<&Window>) -> (u64, u64) {
    window.map_or((0, u64::MAX), |window| {
        let bound = |unix: i64| u64::try_from(unix).unwrap_or(0);
        (bound(window.start_unix()), bound(window.stop_unix()))
    })
}
