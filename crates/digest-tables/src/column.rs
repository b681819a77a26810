//! A column of a row group, once it is full: its values and which row has which, or a number for each row.

use crate::dictionary::Dictionary;
use crate::runs::Runs;

/// What a column's rows have.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rows<'c> {
    /// Those of the values that the runs say.
    Of(&'c Runs),
    /// Each row a number of its own, or [`NONE`](crate::numbers::NONE). The values are what a filter has to know, and else
    /// none.
    Numbers(&'c [i64]),
}

/// A column of whatever kind, once it is full.
pub(crate) trait AnyColumn {
    /// Writes the values, and says which row has which. No row comes behind.
    fn take(&mut self, out: &mut Dictionary) -> Rows<'_>;

    /// Forgets all rows.
    fn clear(&mut self);
}
