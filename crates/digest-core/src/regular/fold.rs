//! Rows that have been read, on their way into the logs.

use std::ops::Range;

use crate::compact_record::{CompactRecord, Interval};
use crate::error::FoldError;
use crate::fact::FactColumn;
use crate::flow_record::Span;
use crate::log::Log;
use crate::logs::Logs;
use crate::memory::Memory;
use crate::object_rows::ObjectRows;
use crate::regular::bursts::{Burst, Is};
use crate::regular::reader::Rows;
use crate::regular::row::Row;
use crate::vector::{PAD, Padded};

/// Rows of a text, read.
#[derive(Debug)]
pub(crate) struct Read<'a> {
    pub(super) rows: &'a Rows,
    pub(super) text: Padded<'a>,
    /// The records' marks.
    pub(super) marks: u8,
    /// The columns that say something of a burst's interface.
    pub(super) facts: &'a [FactColumn],
}

impl Read<'_> {
    /// Folds the rows into a thread's logs and counts what becomes of them. Gives the bytes taken: all of them, or
    /// those up to a header, behind which the columns may be others.
    pub(crate) fn fold<M: Memory>(
        &self,
        logs: &mut Logs<M>,
        object: &mut ObjectRows<'_>,
    ) -> Result<usize, FoldError> {
        let headers = object.tally.headers;
        let (mut records, mut outside) = (0, 0);
        for burst in &self.rows.bursts {
            let lines = u64::from(burst.lines);
            match burst.is {
                Is::Outside => {
                    outside += lines;
                    object.line += lines;
                }
                Is::Counted
                    if object.is_had(burst.interface_token(self.text), burst.action_token(self.text)) =>
                {
                    object.supersede(lines);
                    object.line += lines;
                }
                Is::Counted => {
                    self.push(logs, burst)?;
                    if M::EDGES && !self.facts.is_empty() {
                        self.tell(logs, burst);
                    }
                    let (start, end) = (burst.start.into(), burst.stop.into());
                    object.tally.minutes.mark(start, end);
                    logs.widen(Span { start, end });
                    records += lines;
                    object.line += lines;
                }
                Is::Odd => {
                    // A header among them changes the layout that rows are counted by.
                    object.count(records, outside);
                    (records, outside) = (0, 0);
                    let mut at = burst.text.0;
                    let lines = self
                        .text
                        .get(at, burst.text.1)
                        .split_inclusive(|&byte| byte == b'\n');
                    for line in lines {
                        at += line.len() as u32;
                        object.take(logs, line.strip_suffix(b"\n").unwrap_or(line))?;
                        if object.tally.headers > headers {
                            object.count(records, outside);
                            return Ok(at as usize - PAD);
                        }
                    }
                }
            }
        }
        object.count(records, outside);
        Ok(self.rows.read_to as usize - PAD)
    }

    /// Appends rows of a burst to the log of their interface.
    fn push<M: Memory>(&self, logs: &mut Logs<M>, burst: &Burst) -> Result<(), FoldError> {
        let mut rows = burst.rows();
        while !rows.is_empty() {
            let (log, room) = logs.log(burst.interface)?;
            let some = rows.start..rows.end.min(rows.start + room);
            self.append(log, burst, some.clone());
            rows.start = some.end;
        }
        Ok(())
    }

    #[inline]
    fn append(&self, log: &mut Log, burst: &Burst, rows: Range<usize>) {
        // None at all where facets are actions.
        let facets = self.rows.facets.numbers.get(rows.clone()).unwrap_or_default();
        let (action, other) = match facets {
            [] => (burst.action, burst.other),
            _ => (0, 0),
        };
        let rows = self.rows.rows.get(rows).unwrap_or_default();
        let interval = log.interval(Interval {
            start: burst.start,
            length: (burst.stop - burst.start) as u16,
            version: burst.version,
        });
        let from = log.records.len();
        let record = |row: &Row| CompactRecord {
            key: row.key.with_action(if row.is_other { other } else { action }),
            packets: row.packets,
            bytes: row.bytes,
            folded: row.folded,
            interval,
            flags: row.flags,
            marks: self.marks,
        };
        let v6 = self.rows.v6.get(burst.v6.0 as usize..burst.v6.1 as usize);
        match v6.unwrap_or_default() {
            [] => log.records.extend(rows.iter().map(record)),
            // Some of its rows take some of its addresses.
            v6 if rows.len() < burst.rows().len() => {
                log.records.extend(rows.iter().map(record));
                log.renumber(from..log.records.len(), |place| {
                    v6.get(place as usize).copied().unwrap_or_default()
                });
            }
            v6 => {
                let first = log.addresses.len() as u32;
                log.addresses.extend_from_slice(v6);
                log.records.extend(rows.iter().map(|row| {
                    let record = record(row);
                    CompactRecord {
                        key: record.key.with_addresses_from(first),
                        ..record
                    }
                }));
            }
        }
        let new = log.records.get_mut(from..).unwrap_or_default();
        for (record, &facet) in new.iter_mut().zip(facets) {
            record.key = record.key.with_action(facet);
        }
    }
}
