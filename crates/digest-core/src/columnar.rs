//! A Parquet file's rows: only the columns that a digest needs, some thousand rows at a time, with the meaning that rows
//! of text have.
//!
//! The crate `parquet` reads the footer, the schema, the headers of pages, and the rare encodings. Inflating, levels and
//! dictionaries are here, within bounds: nothing that a file claims of itself is believed before its bytes are there. A
//! dictionary's values are read once, whatever the number of rows that name them.
//!
//! A row that is not as most rows are is judged by itself (`flow_record.rs`), value by value as if it stood in text.

use std::io;

use parquet::errors::ParquetError;

use crate::hybrid::HybridFault;
use crate::untold::untold;

mod batch;
mod chunk;
mod codec;
mod column;
mod delta;
mod footer;
mod place;
mod plain;
mod rare;
mod schema;
mod table;

pub(crate) use batch::{Batch, Written};
pub(crate) use place::Place;
pub(crate) use schema::{Group, NoSchema, Schema};
pub(crate) use table::is_blank;

/// Most rows that are read together: their columns stay in the nearer caches.
pub(crate) const TOGETHER: usize = 2048;
/// Most bytes of a page, inflated or not.
const MOST_PAGE: usize = 64 << 20;
/// Most bytes of a dictionary, whose values all stay in memory.
const MOST_DICTIONARY: usize = 16 << 20;
/// Bytes of a column that are asked of a source at a time, at most and at least.
const WINDOW: usize = 4 << 20;
const LEAST_WINDOW: usize = 512 << 10;
/// What a dictionary takes in memory for each of its bytes, at most: numbers of four bytes become two of eight, in lists
/// with room.
const DICTIONARY_GROWS: usize = 12;
/// What a page takes, at most: where the crate decodes it, the page, a copy and its texts.
const PAGE_GROWS: usize = 4;

/// Why there are no more rows.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The source's own failure.
    Source(io::Error),
    /// The bytes are no sound Parquet file.
    Corrupt(String),
    /// Reading it takes more memory than there is for it.
    TooLarge(String),
}

/// How large what a file claims may become.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    page: usize,
    dictionary: usize,
    window: usize,
}

impl Bounds {
    /// For a file that may hold so many bytes.
    pub(crate) fn within(most: usize) -> Self {
        Self {
            page: MOST_PAGE,
            dictionary: MOST_DICTIONARY,
            window: WINDOW.min((most / 64).max(LEAST_WINDOW)),
        }
    }
}

impl Failure {
    fn corrupt(reason: impl Into<String>) -> Self {
        Self::Corrupt(reason.into())
    }

    /// Something of a file is larger than `most` bytes: than a sound file's may be (`bound`), or than memory allows.
    fn larger(what: &str, most: usize, bound: usize) -> Self {
        let reason = format!("{what} of more than {most} bytes");
        if most < bound {
            Self::TooLarge(reason)
        } else {
            Self::Corrupt(reason)
        }
    }

    /// The same, of a column.
    fn of(self, column: &str) -> Self {
        match self {
            Self::Corrupt(reason) => Self::Corrupt(format!("column {column}: {reason}")),
            Self::TooLarge(reason) => Self::TooLarge(format!("column {column}: {reason}")),
            source @ Self::Source(_) => source,
        }
    }
}

impl From<HybridFault> for Failure {
    fn from(fault: HybridFault) -> Self {
        Self::corrupt(fault.to_string())
    }
}

/// Calls the crate `parquet`. It asserts much of what a file says of itself (offsets that are not negative, levels that
/// fit) where it might return an error: what panics there is a corrupt file, and no fault of this program. Nothing that
/// outlives the call is left half changed: the callers drop what they handed in.
fn guarded<T>(call: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, Failure> {
    match untold(call) {
        Some(Ok(value)) => Ok(value),
        Some(Err(error)) => Err(Failure::corrupt(error.to_string())),
        None => Err(Failure::corrupt("it contradicts itself")),
    }
}
