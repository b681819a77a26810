//! A column's values, each once as a rule, and which of them each row has.

use crate::reading::error::{TableReadError, corrupt};

/// What stands in a column.
#[derive(Debug)]
pub(crate) enum Values {
    Numbers(Vec<i64>),
    Texts(Texts),
}

/// Texts, one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<u32>,
}

/// The values of some rows, in the order of the rows. A value may be there that no row has.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) values: Values,
    /// Which value each row has; `NULL` where it has none.
    pub(crate) rows: Vec<u32>,
}

/// Which rows of a row group are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rows<'r> {
    /// All, of which there are so many.
    All(usize),
    /// These, in order.
    Some(&'r [u32]),
}

impl Values {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Texts(texts) => texts.ends.len(),
        }
    }
}

impl Texts {
    pub(crate) fn push(&mut self, text: &[u8]) -> Result<(), TableReadError> {
        self.bytes.extend_from_slice(text);
        let end = u32::try_from(self.bytes.len());
        self.ends
            .push(end.map_err(|_| corrupt("a column of more than 4 GiB"))?);
        Ok(())
    }

    pub(crate) fn get(&self, at: usize) -> Option<&[u8]> {
        let from = match at.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.bytes.get(from as usize..*self.ends.get(at)? as usize)
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

    /// The number of a row; `None` where it has none.
    #[inline]
    pub(crate) fn number(&self, row: usize) -> Option<i64> {
        let Values::Numbers(numbers) = &self.values else {
            return None;
        };
        numbers.get(*self.rows.get(row)? as usize).copied()
    }

    /// The number of a row that is none below 0.
    #[inline]
    pub(crate) fn count(&self, row: usize) -> u64 {
        self.number(row)
            .and_then(|number| u64::try_from(number).ok())
            .unwrap_or_default()
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
