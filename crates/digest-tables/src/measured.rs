//! Columns of numbers that seldom stand twice: none is looked for, and each row has its own. They are written as packed
//! differences as they come: a row group's numbers themselves would not have room in a processor's own cache.

use bytes::Bytes;

use crate::column::{AnyColumn, Rows};
use crate::delta::{Differences, Width};
use crate::dictionary::Dictionary;
use crate::page::Page;

/// A column in the making.
#[derive(Debug)]
pub(crate) struct Measured {
    is_optional: bool,
    /// The page that comes next: how many rows it has, and which of them have no number.
    rows: u32,
    without: Vec<u32>,
    numbers: Differences,
    pages: Vec<PageOfNumbers>,
}

/// A page that is written, and what its rows have.
#[derive(Debug)]
pub(crate) struct PageOfNumbers {
    pub(crate) bytes: Bytes,
    pub(crate) rows: u32,
    pub(crate) range: Range,
}

impl Measured {
    /// Of numbers of this width, where each row has one.
    pub(crate) fn required(width: Width) -> Self {
        Self {
            is_optional: false,
            rows: 0,
            without: Vec::new(),
            numbers: Differences::new(width),
            pages: Vec::new(),
        }
    }

    /// The same, where a row may have none.
    pub(crate) fn optional(width: Width) -> Self {
        Self {
            is_optional: true,
            ..Self::required(width)
        }
    }

    /// The next row's number.
    #[inline]
    pub(crate) fn push(&mut self, number: i64) {
        self.numbers.push(number);
        self.rows += 1;
    }

    /// The next row's number, or none.
    #[inline]
    pub(crate) fn push_option(&mut self, number: Option<i64>) {
        match number {
            Some(number) => self.push(number),
            None => {
                self.without.push(self.rows);
                self.rows += 1;
            }
        }
    }

    /// Makes the rows that have come since the last page a page, if there are any.
    pub(crate) fn end_page(&mut self, page: &mut Page) {
        let rows = std::mem::take(&mut self.rows);
        if rows == 0 {
            return;
        }
        page.bytes.clear();
        if self.is_optional {
            page.push_levels_without(rows, &self.without);
        }
        let ends = self.numbers.end(&mut page.bytes);
        let nulls = self.without.len() as u64;
        self.without.clear();
        self.pages.push(PageOfNumbers {
            bytes: Bytes::copy_from_slice(&page.bytes),
            rows,
            range: Range { ends, nulls },
        });
    }
}

impl AnyColumn for Measured {
    fn take(&mut self, _out: &mut Dictionary) -> Rows<'_> {
        Rows::Pages(&self.pages)
    }

    fn clear(&mut self) {
        self.rows = 0;
        self.without.clear();
        self.numbers.clear();
        self.pages.clear();
    }
}

/// The least and the greatest of some numbers, and how many rows have none.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Range {
    /// Nothing where no row has a number.
    pub(crate) ends: Option<(i64, i64)>,
    pub(crate) nulls: u64,
}

impl Range {
    /// Both together.
    pub(crate) fn with(self, other: Self) -> Self {
        let ends = match (self.ends, other.ends) {
            (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
            (one, other) => one.or(other),
        };
        Self {
            ends,
            nulls: self.nulls + other.nulls,
        }
    }
}
