//! Columns of numbers of which there are few: they are found in a table rather than by a hash.

use std::collections::HashMap;

use crate::column::{AnyColumn, Rows};
use crate::dictionary::Dictionary;
use crate::runs::{NULL, Runs};

/// Values that a table knows.
const NEAR: usize = 1 << u16::BITS;

/// How a column's numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// In 32 bits. No value may be larger.
    Int32,
    /// In 64 bits.
    Int64,
    /// As the name that has this place.
    Names(&'static [&'static str]),
}

/// A column of numbers that lie near each other or are small, for the most part.
#[derive(Debug)]
pub(crate) struct Near {
    written: Written,
    values: Vec<i64>,
    runs: Runs,
    /// The last row's value.
    last: Option<i64>,
    /// The number of each value from `base` on; [`NULL`] where it has not been met.
    known: Box<[u32; NEAR]>,
    base: i64,
    /// Whether a row group's first value is to choose the base.
    chooses: bool,
    far: HashMap<i64, u32>,
}

impl Near {
    /// Of small numbers.
    pub(crate) fn small(written: Written) -> Self {
        Self {
            written,
            values: Vec::new(),
            runs: Runs::default(),
            last: None,
            known: Box::new([NULL; NEAR]),
            base: 0,
            chooses: false,
            far: HashMap::new(),
        }
    }

    /// Of numbers that lie around a row group's first one.
    pub(crate) fn around_the_first() -> Self {
        Self {
            chooses: true,
            ..Self::small(Written::Int64)
        }
    }

    /// The row's value, and that of those behind it until another is pushed.
    #[inline]
    pub(crate) fn push(&mut self, row: u32, value: i64) {
        if self.last == Some(value) {
            return;
        }
        self.last = Some(value);
        if self.chooses && self.values.is_empty() {
            self.base = value.saturating_sub(NEAR as i64 / 2);
        }
        let at = value.wrapping_sub(self.base) as usize;
        let number = match self.known.get_mut(at) {
            Some(known) => {
                if *known == NULL {
                    *known = self.values.len() as u32;
                    self.values.push(value);
                }
                *known
            }
            None => self.number_of_far(value),
        };
        self.runs.begin(row, number);
    }

    #[cold]
    fn number_of_far(&mut self, value: i64) -> u32 {
        *self.far.entry(value).or_insert_with(|| {
            self.values.push(value);
            self.values.len() as u32 - 1
        })
    }

    /// The row's value, or none.
    #[inline]
    pub(crate) fn push_option(&mut self, row: u32, value: Option<i64>) {
        match value {
            Some(value) => self.push(row, value),
            None if self.runs.last() == Some(NULL) => {}
            None => {
                self.last = None;
                self.runs.begin(row, NULL);
            }
        }
    }
}

impl AnyColumn for Near {
    fn take(&mut self, out: &mut Dictionary) -> Rows<'_> {
        match self.written {
            Written::Int32 => out.extend_int32(&self.values),
            Written::Int64 => out.extend_int64(&self.values),
            Written::Names(names) => {
                for &value in &self.values {
                    out.push_text(names.get(value as usize).map_or(b"", |name| name.as_bytes()));
                }
            }
        }
        Rows::Of(&self.runs)
    }

    fn clear(&mut self) {
        for value in &self.values {
            if let Some(known) = self.known.get_mut(value.wrapping_sub(self.base) as usize) {
                *known = NULL;
            }
        }
        self.values.clear();
        self.runs.clear();
        self.far.clear();
        self.last = None;
    }
}

/// Sums are at most `i64::MAX`, and no log has more rows than that.
pub(crate) fn signed(sum: u64) -> i64 {
    i64::try_from(sum).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(column: &mut Near, values: &[Option<i64>]) -> (Vec<u32>, usize) {
        column.clear();
        for (row, &value) in (0..).zip(values) {
            column.push_option(row, value);
        }
        let (mut out, mut each) = (Dictionary::default(), Vec::new());
        let Rows::Of(runs) = column.take(&mut out) else {
            panic!("rows have no value of their own");
        };
        runs.expand(values.len() as u32, &mut each);
        (each, out.len())
    }

    #[test]
    fn a_value_has_one_number_whether_it_is_near_or_far() {
        for mut column in [Near::small(Written::Int64), Near::around_the_first()] {
            let far = 1_700_000_000;
            for _ in 0..2 {
                let values = [
                    Some(7),
                    Some(far),
                    Some(7),
                    None,
                    None,
                    Some(7),
                    Some(-1),
                    Some(far),
                ];
                assert_eq!(
                    rows(&mut column, &values),
                    (vec![0, 1, 0, NULL, NULL, 0, 2, 1], 3)
                );
                let values = [
                    Some(far),
                    Some(far + 60),
                    Some(far),
                    Some(i64::MAX),
                    Some(i64::MIN),
                ];
                assert_eq!(rows(&mut column, &values), (vec![0, 1, 0, 2, 3], 4));
            }
        }
    }
}
