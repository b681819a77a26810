//! A column of a row group, once it is full: its values and which row has which, or pages of a number for each row.

use crate::dictionary::Dictionary;
use crate::measured::PageOfNumbers;
use crate::runs::Runs;

/// What a column's rows have.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rows<'c> {
    /// Those of the values that the runs say.
    Of(&'c Runs),
    /// Each row a number of its own, or none: those of these pages. There are no values then.
    Pages(&'c [PageOfNumbers]),
}

/// A column of whatever kind, once it is full.
pub(crate) trait AnyColumn {
    /// Writes the values, and says which row has which. No row comes behind.
    fn take(&mut self, out: &mut Dictionary) -> Rows<'_>;

    /// Forgets all rows.
    fn clear(&mut self);
}
