//! Where bursts end: rows of one interface stand together, and their records go to its log together.

use std::ops::Range;

use super::row_set::RowSet;
use super::{Batch, Names, at, is_outside};
use crate::columnar::column::Column;
use crate::columnar::table::WIDE;
use crate::compact_record::Interval;
use crate::vector::{Lanes, Pass};

/// The row is no record, or is not of the interface that the row before is of.
const IS_BREAK: u8 = 1;
/// Its interval is not that of the row before.
const IS_NEW_INTERVAL: u8 = 2;
/// One of its addresses is a number.
const HAS_V6: u8 = 4;

/// Rows by what they are to the row before, and by their addresses.
#[derive(Debug, Default)]
pub(super) struct Bursts {
    flags: Vec<u8>,
    breaks: RowSet,
    new_intervals: RowSet,
    pub(super) v6: RowSet,
}

impl Batch {
    /// Finds where bursts end, once all else of the rows is known.
    pub(super) fn find_bursts(&mut self, inside: (u64, u64), with_action: bool) {
        let mut bursts = std::mem::take(&mut self.bursts);
        bursts.flags.clear();
        bursts.flags.resize(self.rows, 0);
        self.codec.level.run(Finding {
            batch: self,
            inside,
            names: Names::of(self, with_action),
            flags: &mut bursts.flags,
        });
        bursts.breaks.find(&bursts.flags, IS_BREAK);
        bursts.new_intervals.find(&bursts.flags, IS_NEW_INTERVAL);
        bursts.v6.find(&bursts.flags, HAS_V6);
        self.bursts = bursts;
    }

    /// The rows from this one on that are records of one interface; it is one itself.
    #[inline]
    pub(super) fn burst(&self, row: usize) -> Range<usize> {
        row..self.bursts.breaks.next(row + 1..self.rows).unwrap_or(self.rows)
    }

    /// A row's interval. That its numbers fit has been looked at.
    #[inline]
    fn interval(&self, row: usize) -> Interval {
        let (start, end) = (at(&self.start, row), at(&self.end, row));
        Interval {
            start: start as u32,
            length: end.wrapping_sub(start) as u16,
            version: at(&self.version, row) as u8,
        }
    }

    /// The intervals of rows of a burst, and which rows each is of.
    #[inline]
    pub(super) fn intervals(&self, rows: Range<usize>) -> impl Iterator<Item = (Interval, Range<usize>)> {
        let Range { mut start, end } = rows;
        std::iter::from_fn(move || {
            let from = (start < end).then_some(start)?;
            start = self.bursts.new_intervals.next(from + 1..end).unwrap_or(end);
            Some((self.interval(from), from..start))
        })
    }
}

/// Rows on their way to their flags.
struct Finding<'b> {
    batch: &'b Batch,
    inside: (u64, u64),
    names: Names<'b>,
    flags: &'b mut [u8],
}

impl Pass for Finding<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        let Self {
            batch,
            inside,
            names,
            flags,
        } = self;
        let sides = batch.src.iter().zip(&batch.dst);
        for ((flag, (&odd, &start)), (src, dst)) in flags
            .iter_mut()
            .zip(batch.odd.iter().zip(&batch.start))
            .zip(sides)
        {
            let is_break = odd | u8::from(is_outside(start, inside));
            let has_v6 = ((src | dst) / WIDE) as u8 & 1;
            *flag = (is_break * IS_BREAK) | (has_v6 * HAS_V6);
        }
        for (flag, &tells_anew) in flags.iter_mut().zip(&batch.tells_anew) {
            *flag |= u8::from(tells_anew) * IS_BREAK;
        }
        // The first row has none before it.
        let flags = flags.get_mut(1..).unwrap_or_default();
        for times in [&batch.start, &batch.end, &batch.version] {
            compare(flags, times, IS_NEW_INTERVAL);
        }
        for column in [names.account, names.interface, names.action]
            .into_iter()
            .flatten()
        {
            if column.is_numbered() {
                // Two numbers of one text break a burst in two, which is no harm.
                compare(flags, &column.numbers, IS_BREAK);
            } else {
                compare_texts(flags, column);
            }
        }
    }
}

/// Flags rows whose value is not that of the row before. The first flags are those of the second row.
#[inline(always)]
fn compare<T: Copy + PartialEq>(flags: &mut [u8], values: &[T], flag: u8) {
    let others = values.get(1..).unwrap_or_default();
    for ((flags, one), other) in flags.iter_mut().zip(values).zip(others) {
        *flags |= u8::from(one != other) * flag;
    }
}

/// The same of texts that have no numbers.
fn compare_texts(flags: &mut [u8], column: &Column) {
    for (row, flags) in flags.iter_mut().enumerate() {
        *flags |= u8::from(!column.are_same(row, row + 1)) * IS_BREAK;
    }
}
