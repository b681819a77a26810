//! A data page in the making: which rows have a value, and the values or their numbers.

use std::ops::Range;

use crate::bits;
use crate::dictionary::{Bounds, Dictionary};
use crate::runs::{NULL, Runs};

/// Which of a column's values its rows have, in the form in which it is written fastest.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which<'c> {
    /// Each row its own, in order.
    Own,
    /// As the runs say, which are long.
    Runs(&'c Runs),
    /// Row by row.
    Each(&'c [u32]),
}

impl<'c> Which<'c> {
    /// Of some rows the least and the greatest value, and how many have none.
    pub(crate) fn bounds(self, values: &Dictionary, rows: Range<u32>) -> Bounds {
        match self {
            Self::Own => values.bounds(rows.map(|number| (1, number))),
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

/// A page's bytes.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) bytes: Vec<u8>,
    scratch: Vec<u32>,
}

impl Page {
    /// Which of the rows have a value, where so many have none.
    pub(crate) fn push_levels(&mut self, which: Which<'_>, rows: Range<u32>, nulls: u64) {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(&[0; size_of::<u32>()]);
        let count = rows.len();
        if nulls == 0 || nulls == count as u64 {
            bits::push_run(&mut self.bytes, count, u32::from(nulls == 0), 1);
        } else {
            match which {
                // None is without.
                Which::Own => {}
                Which::Runs(runs) => {
                    for (count, number) in runs.within(rows.start, rows.end) {
                        bits::push_run(&mut self.bytes, count as usize, u32::from(number != NULL), 1);
                    }
                }
                Which::Each(numbers) => {
                    let levels = some(numbers, rows)
                        .iter()
                        .map(|&number| u32::from(number != NULL));
                    self.scratch.clear();
                    self.scratch.extend(levels);
                    bits::push(&mut self.bytes, &self.scratch, 1);
                }
            }
        }
        let length = (self.bytes.len() - from - size_of::<u32>()) as u32;
        if let Some(place) = self.bytes.get_mut(from..).and_then(<[u8]>::first_chunk_mut) {
            *place = length.to_le_bytes();
        }
    }

    /// The numbers of the rows' values, of which there are so many, where so many rows have none.
    pub(crate) fn push_numbers(&mut self, which: Which<'_>, rows: Range<u32>, nulls: u64, values: usize) {
        let width = bits::width_of(values);
        self.bytes.push(width as u8);
        match which {
            Which::Own => {
                self.scratch.clear();
                self.scratch.extend(rows);
                bits::push(&mut self.bytes, &self.scratch, width);
            }
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
            Which::Own => self.bytes.extend_from_slice(values.plain_numbers(rows)),
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
