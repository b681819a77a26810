//! A Parquet file's rows: only the columns that a digest needs, some thousand rows at a time, with the meaning that rows
//! of text have.
//!
//! The crate `parquet` reads the footer, the schema, the headers of pages, and the rare encodings. Inflating, levels and
//! dictionaries are here, within bounds: nothing that a file claims of itself is believed before its bytes are there. A
//! dictionary's values are read once, whatever the number of rows that name them.
//!
//! A row that is not as most rows are is judged by itself (`flow_record.rs`), value by value as if it stood in text.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::errors::ParquetError;

mod batch;
mod chunk;
mod codec;
mod column;
mod delta;
mod hybrid;
mod place;
mod rare;
mod schema;
mod table;

pub(crate) use batch::Batch;
pub(crate) use place::Place;
pub(crate) use schema::{Group, NoSchema, Schema};
pub(crate) use table::is_blank;

/// Most rows that are read together: their columns stay in the nearer caches.
pub(crate) const TOGETHER: usize = 2048;
/// Most bytes of a page, inflated or not.
const MOST_PAGE: usize = 64 << 20;
/// Most bytes of a dictionary, whose values all stay in memory.
const MOST_DICTIONARY: usize = 16 << 20;
/// Least that a small budget leaves of either.
const LEAST_PAGE: usize = 1 << 20;

/// Why there are no more rows.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The source's own failure.
    Source(io::Error),
    /// The bytes are no sound Parquet file.
    Corrupt(String),
}

/// How large what a file claims may become.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    page: usize,
    dictionary: usize,
}

impl Bounds {
    /// Within a budget, if there is one.
    pub(crate) fn within(budget: Option<usize>) -> Self {
        let part = budget.map_or(usize::MAX, |budget| (budget / 4).max(LEAST_PAGE));
        Self {
            page: MOST_PAGE.min(part),
            dictionary: MOST_DICTIONARY.min(part),
        }
    }
}

impl Failure {
    fn corrupt(reason: impl Into<String>) -> Self {
        Self::Corrupt(reason.into())
    }

    /// The same, of a column.
    fn of(self, column: &str) -> Self {
        match self {
            Self::Corrupt(reason) => Self::Corrupt(format!("column {column}: {reason}")),
            source @ Self::Source(_) => source,
        }
    }
}

/// Calls the crate `parquet`. It asserts much of what a file says of itself (offsets that are not negative, levels that
/// fit) where it might return an error: what panics there is a corrupt file, and no fault of this program. Nothing that
/// outlives the call is left half changed: the callers drop what they handed in.
fn guarded<T>(call: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Failure::corrupt(error.to_string())),
        Err(_) => Err(Failure::corrupt("it contradicts itself")),
    }
}
