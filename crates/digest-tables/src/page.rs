//! A data page in the making: which rows have a value, and the values or their numbers.

use std::ops::Range;

use crate::bits;
use crate::dictionary::{Bounds, Dictionary};
use crate::runs::{NULL, Runs};

/// Which of a column's values its rows have, in the form in which it is written fastest.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which<'c> {
    /// As the runs say, which are long.
    Runs(&'c Runs),
    /// Row by row.
    Each(&'c [u32]),
}

impl<'c> Which<'c> {
    /// Of some rows the least and the greatest value, and how many have none.
    pub(crate) fn bounds(self, values: &Dictionary, rows: Range<u32>) -> Bounds {
        match self {
            Self::Runs(runs) => values.bounds(runs.within(rows.start, rows.end)),
            Self::Each(numbers) => values.bounds(some(numbers, rows).iter().map(|&number| (1, number))),
        }
    }
}

fn some(numbers: &[u32], rows: Range<u32>) -> &[u32] {
    numbers
        .get(rows.start as usize..rows.end as usize)
        .unwrap_or_default()
}

/// Rows of a page: what an engine reads at least where the page index tells it to.
pub(crate) const ROWS_OF_A_PAGE: u32 = 16 * 1024;

/// A page's bytes.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) bytes: Vec<u8>,
    scratch: Vec<u32>,
}

impl Page {
    /// Which of the rows have a value, where so many have none.
    pub(crate) fn push_levels(&mut self, which: Which<'_>, rows: Range<u32>, nulls: u64) {
        self.levels(rows.len(), nulls, |bytes, scratch| match which {
            Which::Runs(runs) => {
                for (count, number) in runs.within(rows.start, rows.end) {
                    bits::push_run(bytes, count as usize, u32::from(number != NULL), 1);
                }
            }
            Which::Each(numbers) => {
                let rows = some(numbers, rows.clone());
                scratch.clear();
                scratch.extend(rows.iter().map(|&number| u32::from(number != NULL)));
                bits::push(bytes, scratch, 1);
            }
        });
    }

    /// Levels of so many rows, which are told where some have a value and so many others have none.
    fn levels(&mut self, rows: usize, nulls: u64, tell: impl FnOnce(&mut Vec<u8>, &mut Vec<u32>)) {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(&[0; size_of::<u32>()]);
        if nulls == 0 || nulls == rows as u64 {
            bits::push_run(&mut self.bytes, rows, u32::from(nulls == 0), 1);
        } else {
            tell(&mut self.bytes, &mut self.scratch);
        }
        let length = (self.bytes.len() - from - size_of::<u32>()) as u32;
        if let Some(place) = self.bytes.get_mut(from..).and_then(<[u8]>::first_chunk_mut) {
            *place = length.to_le_bytes();
        }
    }

    /// The same of so many rows but these.
    pub(crate) fn push_levels_without(&mut self, rows: u32, without: &[u32]) {
        self.levels(rows as usize, without.len() as u64, |bytes, scratch| {
            scratch.clear();
            scratch.resize(rows as usize, 1);
            for &row in without {
                if let Some(level) = scratch.get_mut(row as usize) {
                    *level = 0;
                }
            }
            bits::push(bytes, scratch, 1);
        });
    }

    /// The numbers of the rows' values, of which there are so many, where so many rows have none.
    pub(crate) fn push_numbers(&mut self, which: Which<'_>, rows: Range<u32>, nulls: u64, values: usize) {
        let width = bits::width_of(values);
        self.bytes.push(width as u8);
        match which {
            Which::Runs(runs) => {
                for (count, number) in present(runs, rows) {
                    bits::push_run(&mut self.bytes, count as usize, number, width);
                }
            }
            Which::Each(numbers) if nulls == 0 => bits::push(&mut self.bytes, some(numbers, rows), width),
            Which::Each(numbers) => {
                let present = some(numbers, rows).iter().filter(|&&number| number != NULL);
                self.scratch.clear();
                self.scratch.extend(present);
                bits::push(&mut self.bytes, &self.scratch, width);
            }
        }
    }

    /// The rows' values, plainly.
    pub(crate) fn push_values(&mut self, which: Which<'_>, rows: Range<u32>, values: &Dictionary) {
        match which {
            Which::Runs(runs) => {
                for (count, number) in present(runs, rows) {
                    (0..count).for_each(|_| values.push_plain(number, &mut self.bytes));
                }
            }
            Which::Each(numbers) => some(numbers, rows)
                .iter()
                .filter(|&&number| number != NULL)
                .for_each(|&number| values.push_plain(number, &mut self.bytes)),
        }
    }
}

fn present(runs: &Runs, rows: Range<u32>) -> impl Iterator<Item = (u32, u32)> {
    runs.within(rows.start, rows.end)
        .filter(|&(_, number)| number != NULL)
}
