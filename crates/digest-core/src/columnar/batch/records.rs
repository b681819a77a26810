//! Rows whose columns have been read become records in the logs of their interfaces.

use std::ops::Range;

use super::{Batch, IS_DST, Names, PLAIN, Written, at, is_outside};
use crate::columnar::table::{NONE, WIDE};
use crate::compact_record::{CompactRecord, HAS_FLAGS, HAS_FOLDED, HAS_VERSION, Interval};
use crate::error::FoldError;
use crate::field::Field;
use crate::flow_record::{ABSENT, Silent, Span, Verdict};
use crate::key::{FoldedPorts, Key};
use crate::log::Log;
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
        if self.start.iter().all(|&start| is_outside(start, inside)) {
            object.count(0, self.rows as u64);
            object.line = first_line + self.rows as u64;
            return Ok(());
        }
        self.gather_values(&layout, inside, logs)?;
        if M::EDGES {
            self.compare_facts();
        }
        let with_action = object.others().is_some_and(|others| others.place().with_actions);
        self.find_bursts(inside, with_action);
        let mut known = std::mem::take(&mut self.known_names);
        known.begin(logs.era());
        let mut judged = std::mem::take(&mut self.judged);
        let names = Names::of(self, with_action);
        let mut spans: Option<Span> = None;
        let mut last_interval: Option<Interval> = None;
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
                self.judge((row, &mut judged), logs, object)?;
                row += 1;
                continue;
            }
            // Numbers tell at once; names without any are held against the burst before.
            let numbers = names.numbers(row);
            let found = match numbers {
                Some(numbers) => known.find(numbers),
                None => last
                    .filter(|&last| names.are_same(last, row))
                    .map(|_| (interface, is_had)),
            };
            (interface, is_had) = match found {
                Some(found) => found,
                None => {
                    let interface = logs.interface(names.account(row), names.interface(row))?;
                    logs.note(interface, names.action(row));
                    let is_had = object.is_had(names.interface(row), names.action(row));
                    if let Some(numbers) = numbers {
                        known.keep(numbers, (interface, is_had));
                    }
                    (interface, is_had)
                }
            };
            let mut burst = self.burst(row);
            last = Some(burst.end - 1);
            row = burst.end;
            if is_had {
                object.supersede(burst.len() as u64);
                continue;
            }
            records += burst.len() as u64;
            let mut latest = 0;
            for (interval, _) in self.intervals(burst.clone()) {
                if last_interval != Some(interval) {
                    last_interval = Some(interval);
                    let span = interval.span();
                    spans = Some(spans.map_or(span, |spans| spans.with(span)));
                    object.tally.minutes.mark(span.start, span.end);
                }
                latest = interval.start.max(latest);
            }
            if M::EDGES && !self.facts.is_empty() {
                self.write_set(burst.start, &mut logs.known_sets.row);
                logs.tell(interface, latest.into());
            }
            // The log of one interface stays at hand for as many rows of a burst as it takes.
            while !burst.is_empty() {
                let (log, room) = logs.log(interface)?;
                let some = burst.start..burst.end.min(burst.start + room);
                burst.start = some.end;
                self.append::<M>(log, some);
            }
        }
        if let Some(span) = spans {
            logs.widen(span);
        }
        (self.known_names, self.judged) = (known, judged);
        object.count(records, outside);
        object.line = first_line + self.rows as u64;
        Ok(())
    }

    /// Appends rows of a burst to the log of their interface.
    #[inline]
    fn append<M: Memory>(&self, log: &mut Log, rows: Range<usize>) {
        let from = log.records.len();
        log.records.extend(self.records(rows.clone()));
        if M::EDGES {
            for (interval, some) in self.intervals(rows.clone()) {
                let place = log.interval(interval);
                let some = from + some.start - rows.start..from + some.end - rows.start;
                for record in log.records.get_mut(some).unwrap_or_default() {
                    record.interval = place;
                }
            }
        }
        let v6 = self.bursts.v6.among(rows.clone());
        log.renumber(v6.map(|row| from + row - rows.start), |place| self.v6(place));
    }

    /// Rows as records, whose intervals are still to be numbered.
    #[inline]
    fn records(&self, rows: Range<usize>) -> impl ExactSizeIterator<Item = CompactRecord> {
        let marks = if self.has_ports { HAS_FOLDED } else { 0 };
        let sides = values_of(&self.src, &rows).zip(values_of(&self.dst, &rows));
        let ports = values_of(&self.srcport, &rows).zip(values_of(&self.dstport, &rows));
        let keys = values_of(&self.protocol, &rows).zip(values_of(&self.action, &rows));
        let sums = values_of(&self.packets, &rows).zip(values_of(&self.bytes, &rows));
        let marked = values_of(&self.flags, &rows).zip(values_of(&self.version, &rows));
        let columns = sides.zip(ports).zip(keys).zip(sums).zip(marked);
        columns.map(
            move |((((sides, ports), (protocol, facet)), (packets, bytes)), (flags, version))| {
                let (src, dst) = sides;
                // Of the bits above an address the first says that it is a number, as in keys.
                let sides = [src, dst | ((dst & WIDE) / WIDE * u64::from(IS_DST))];
                let ports = FoldedPorts::of((marks != 0).then_some((ports.0 as u16, ports.1 as u16)));
                CompactRecord {
                    key: Key::of_sides(sides, ports.kept, protocol as u8, facet),
                    packets: packets as u32,
                    bytes: bytes as u32,
                    folded: ports.folded.unwrap_or_default(),
                    interval: 0,
                    flags: flags as u8,
                    marks: marks | mark_of(flags, HAS_FLAGS) | mark_of(version, HAS_VERSION),
                }
            },
        )
    }

    /// The verdict on a row whose status is not `OK` and whose times are as most are. Of rows that are judged by themselves
    /// most are so, and none of their values need be written to tell.
    fn other_status(&self, row: usize) -> Option<Verdict<'_>> {
        let status = self.column(Field::LogStatus)?.text(row);
        let (start, end) = (at(&self.start, row), at(&self.end, row));
        // `-` may also be a status that is stored as a number: it is written, to be shown.
        if [b"OK", ABSENT].contains(&status) || start.max(end) >= PLAIN {
            return None;
        }
        let (start, end) = (start as i64, end as i64);
        let names = Names::of(self, false);
        Some(Verdict::of_status(status, || Silent {
            account: names.account(row),
            interface: names.interface(row),
            start: Some(start),
            span: Some(Span { start, end }),
        }))
    }

    /// Judges a row by itself: by its status, or else its values written as text has them.
    #[cold]
    fn judge<M: Memory>(
        &self,
        (row, judged): (usize, &mut Written),
        logs: &mut Logs<M>,
        object: &mut ObjectRows<'_>,
    ) -> Result<(), FoldError> {
        // Whatever the status: what is kept of the row, or shown, is no longer than rows are.
        let most = object.options.max_row;
        let kept = [Field::LogStatus, Field::AccountId, Field::InterfaceId];
        if kept.iter().any(|&field| {
            self.column(field)
                .is_some_and(|column| column.text(row).len() > most)
        }) {
            return object.refuse_long();
        }
        if let Some(verdict) = self.other_status(row) {
            return object.enter(logs, verdict, |set, _| self.write_set(row, set));
        }
        if !self.write_to_judge(row, most, judged) {
            return object.refuse_long();
        }
        object.take_row(logs, &judged.row(), |set| self.write_set(row, set))
    }
}

/// Some of a column's values.
#[inline]
fn values_of<'c, T: Copy>(
    column: &'c [T],
    rows: &Range<usize>,
) -> std::iter::Copied<std::slice::Iter<'c, T>> {
    column.get(rows.clone()).unwrap_or_default().iter().copied()
}

/// The mark of a value that is there.
#[inline(always)]
fn mark_of(value: u64, mark: u8) -> u8 {
    if value & NONE == 0 { mark } else { 0 }
}

/// Starts that count: from, and up to but not with.
fn inside(window: Option<&Window>) -> (u64, u64) {
    window.map_or((0, u64::MAX), |window| {
        let bound = |unix: i64| u64::try_from(unix).unwrap_or(0);
        (bound(window.start_unix()), bound(window.stop_unix()))
    })
}
