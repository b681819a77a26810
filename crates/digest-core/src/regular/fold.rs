//! Regular rows whose columns have been read, on their way into the logs.

use std::ops::Range;

use crate::compact_record::{CompactRecord, HAS_FLAGS, HAS_FOLDED, HAS_VERSION};
use crate::error::FoldError;
use crate::field::Field;
use crate::flow_record::Span;
use crate::layout::Layout;
use crate::logs::{Log, Logs};
use crate::memory::Memory;
use crate::object_rows::ObjectRows;
use crate::regular::Columns;
use crate::regular::bursts::{Burst, Is};
use crate::vector::{Grid, PAD, Padded};

/// Regular rows with their columns read.
#[derive(Debug)]
pub(crate) struct Read<'a> {
    pub(super) columns: &'a Columns,
    pub(super) bursts: &'a [Burst],
    pub(super) v6: &'a [u128],
    pub(super) text: Padded<'a>,
    pub(super) rows: Grid<'a>,
    pub(super) layout: &'a Layout,
}

impl Read<'_> {
    /// Folds the rows into a thread's logs and counts what becomes of them. Gives the bytes taken: all of them, or
    /// those up to a header, behind which the columns may be others.
    pub(crate) fn fold<M: Memory>(
        &self,
        logs: &mut Logs<M>,
        object: &mut ObjectRows<'_>,
    ) -> Result<usize, FoldError> {
        let marks = [
            (self.layout.has_ports(), HAS_FOLDED),
            (self.layout.has(Field::TcpFlags), HAS_FLAGS),
            (self.layout.has(Field::Version), HAS_VERSION),
        ];
        let marks = marks
            .into_iter()
            .fold(0, |marks, (has, mark)| if has { marks | mark } else { marks });
        let (line, headers) = (object.line, object.tally.headers);
        let (mut records, mut outside) = (0, 0);
        let mut done = self.rows.count;
        'bursts: for burst in self.bursts {
            let mut rows = burst.rows();
            if burst.is == Is::Outside {
                outside += rows.len() as u64;
                continue;
            }
            if burst.is == Is::Counted {
                let (start, end) = (burst.start.into(), burst.stop.into());
                let mut counted = 0;
                loop {
                    let odd = self.columns.odd.get(rows.clone()).unwrap_or_default();
                    let sound = odd.iter().position(|&odd| odd != 0).unwrap_or(odd.len());
                    self.push(logs, burst, rows.start..rows.start + sound, marks)?;
                    counted += sound as u64;
                    rows.start += sound;
                    if rows.is_empty() {
                        break;
                    }
                    object.line = line + rows.start as u64;
                    object.take(logs, self.line(rows.start))?;
                    rows.start += 1;
                }
                if counted > 0 {
                    object.tally.minutes.mark(start, end);
                    logs.widen(Span { start, end });
                    records += counted;
                }
                continue;
            }
            for row in rows {
                object.line = line + row as u64;
                object.take(logs, self.line(row))?;
                if object.tally.headers > headers {
                    done = row + 1;
                    break 'bursts;
                }
            }
        }
        object.count(records, outside);
        object.line = line + done as u64;
        Ok(self.taken(done))
    }

    /// Appends rows of a burst to the log of their interface.
    fn push<M: Memory>(
        &self,
        logs: &mut Logs<M>,
        burst: &Burst,
        mut rows: Range<usize>,
        marks: u8,
    ) -> Result<(), FoldError> {
        while !rows.is_empty() {
            let mut log = logs.log(burst.interface)?;
            let some = rows.start..rows.end.min(rows.start + log.room());
            self.append(&mut log, burst, some.clone(), marks);
            rows.start = some.end;
        }
        Ok(())
    }

    #[inline]
    fn append(&self, log: &mut Log<'_>, burst: &Burst, rows: Range<usize>, marks: u8) {
        let columns = self.columns;
        fn of<T>(column: &[T], rows: Range<usize>) -> &[T] {
            column.get(rows).unwrap_or_default()
        }
        let keys = of(&columns.keys, rows.clone());
        let length = (burst.stop - burst.start) as u16;
        let sums = of(&columns.packets, rows.clone())
            .iter()
            .zip(of(&columns.bytes, rows.clone()));
        let rest = of(&columns.folded, rows.clone())
            .iter()
            .zip(of(&columns.flags, rows.clone()));
        let from = log.records.len();
        let facets = of(&columns.facets, rows.clone());
        let action = if facets.is_empty() { burst.action } else { 0 };
        log.records.extend(keys.iter().zip(sums).zip(rest).map(
            |((key, (&packets, &bytes)), (&folded, &flags))| CompactRecord {
                key: key.with_action(action),
                packets,
                bytes,
                start: burst.start,
                length,
                folded: folded as u16,
                flags: flags as u8,
                version: burst.version,
                marks,
            },
        ));
        let new = log.records.get_mut(from..).unwrap_or_default();
        for (record, &facet) in new.iter_mut().zip(facets) {
            record.key = record.key.with_action(facet);
        }
        let is_other = |others: &[u8]| of(others, rows.clone()).contains(&1);
        if !self.v6.is_empty() && (is_other(&columns.other_src) || is_other(&columns.other_dst)) {
            log.renumber(from, self.v6);
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
