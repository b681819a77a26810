//! A column's values, each once as a rule, and which of them each row has.

use bytes::Bytes;

use crate::reading::error::{TableReadError, corrupt};

/// What stands in a column.
#[derive(Debug)]
pub(crate) enum Values {
    Numbers(Vec<i64>),
    Texts(Texts),
}

/// Texts, one behind the other, each behind the four bytes of its length.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    bytes: Held,
    /// Where each ends.
    ends: Vec<u32>,
}

/// Where texts are.
#[derive(Debug)]
enum Held {
    /// Where they stood: in a dictionary's page, as most do.
    Page(Bytes),
    /// Put together, of several pages.
    Copied(Vec<u8>),
}

impl Default for Held {
    fn default() -> Self {
        Self::Page(Bytes::new())
    }
}

impl Held {
    fn get(&self) -> &[u8] {
        match self {
            Self::Page(page) => page,
            Self::Copied(bytes) => bytes,
        }
    }

    fn push(&mut self, more: Bytes) {
        match self {
            Self::Page(page) if page.is_empty() => *page = more,
            Self::Page(page) => *self = Self::Copied([&**page, &*more].concat()),
            Self::Copied(bytes) => bytes.extend_from_slice(&more),
        }
    }
}

/// Bytes of a text's length.
const LENGTH: usize = size_of::<u32>();

/// The values of some rows, in the order of the rows. A value may be there that no row has.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) values: Values,
    /// Which value each row has; `NULL` where it has none.
    pub(crate) rows: Vec<u32>,
}

/// A column of numbers, to be looked at row by row.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NumberRows<'c> {
    values: &'c [i64],
    rows: &'c [u32],
}

/// A column of few texts, likewise.
#[derive(Debug, Default)]
pub(crate) struct TextRows<'c> {
    values: Vec<&'c [u8]>,
    rows: &'c [u32],
}

/// Which rows of a row group are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rows<'r> {
    /// All, of which there are so many.
    All(usize),
    /// These, in order.
    Some(&'r [u32]),
}

impl Rows<'_> {
    /// How many are wanted.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::All(count) => count,
            Self::Some(rows) => rows.len(),
        }
    }
}

impl Values {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Texts(texts) => texts.ends.len(),
        }
    }
}

/// Where the text that begins here ends, if all of it is there.
#[inline]
pub(crate) fn text_behind(plain: &[u8], at: usize) -> Option<usize> {
    let (length, rest) = plain.get(at..)?.split_first_chunk::<LENGTH>()?;
    let length = u32::from_le_bytes(*length) as usize;
    (length <= rest.len()).then(|| at + LENGTH + length)
}

impl Texts {
    /// Adds so many texts as Parquet writes them plainly.
    pub(crate) fn push_plain(&mut self, plain: &Bytes, count: usize) -> Result<(), TableReadError> {
        let cut = || corrupt("a page ends before its values do");
        let before = self.bytes.get().len();
        u32::try_from(before + plain.len()).map_err(|_| corrupt("a column of more than 4 GiB"))?;
        // No page has more texts than lengths.
        self.ends.reserve(count.min(plain.len() / LENGTH));
        let mut taken = 0;
        for _ in 0..count {
            taken = text_behind(plain, taken).ok_or_else(cut)?;
            self.ends.push((before + taken) as u32);
        }
        self.bytes.push(plain.slice(..taken));
        Ok(())
    }

    pub(crate) fn get(&self, at: usize) -> Option<&[u8]> {
        let from = match at.checked_sub(1) {
            Some(before) => *self.ends.get(before)? as usize,
            None => 0,
        };
        self.bytes.get().get(from + LENGTH..*self.ends.get(at)? as usize)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).map(|at| self.get(at).unwrap_or_default())
    }
}

impl Column {
    /// A column that has no values: none is wanted, or the table lacks it.
    pub(crate) fn absent() -> Self {
        Self {
            values: Values::Numbers(Vec::new()),
            rows: Vec::new(),
        }
    }

    /// Its numbers, if it is of numbers.
    #[inline]
    pub(crate) fn numbers(&self) -> NumberRows<'_> {
        match &self.values {
            Values::Numbers(values) => NumberRows {
                values,
                rows: &self.rows,
            },
            Values::Texts(_) => NumberRows::default(),
        }
    }

    /// Its texts, each of which is looked at: for a column that has few.
    pub(crate) fn texts(&self) -> TextRows<'_> {
        match &self.values {
            Values::Texts(values) => TextRows {
                values: values.iter().collect(),
                rows: &self.rows,
            },
            Values::Numbers(_) => TextRows::default(),
        }
    }

    /// The number of a row; `None` where it has none.
    #[inline]
    pub(crate) fn number(&self, row: usize) -> Option<i64> {
        self.numbers().get(row)
    }

    /// The number of a row that is none below 0.
    #[inline]
    pub(crate) fn count(&self, row: usize) -> u64 {
        self.numbers().count(row)
    }

    /// The text of a row; `None` where it has none.
    #[inline]
    pub(crate) fn text(&self, row: usize) -> Option<&[u8]> {
        let Values::Texts(texts) = &self.values else {
            return None;
        };
        texts.get(*self.rows.get(row)? as usize)
    }
}

impl NumberRows<'_> {
    /// The number of a row; `None` where it has none.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> Option<i64> {
        self.values.get(*self.rows.get(row)? as usize).copied()
    }

    /// The number of a row that is none below 0.
    #[inline]
    pub(crate) fn count(&self, row: usize) -> u64 {
        self.get(row)
            .and_then(|number| u64::try_from(number).ok())
            .unwrap_or_default()
    }
}

impl<'c> TextRows<'c> {
    /// The text of a row; `None` where it has none.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> Option<&'c [u8]> {
        self.values.get(*self.rows.get(row)? as usize).copied()
    }
}
