//! Why tables were not merged.

use thiserror::Error;

use crate::error::TableError;
use crate::reading::error::TableReadError;

/// Why tables were not merged.
#[derive(Debug, Error)]
pub enum MergeTablesError {
    /// One of them cannot be read.
    #[error("table {table}: {error}")]
    Read {
        /// Which of them, from 1.
        table: usize,
        /// Why.
        error: TableReadError,
    },
    /// One of them lacks columns that all tables of its kind have.
    #[error("table {table} has no column {column}")]
    Column {
        /// Which of them, from 1.
        table: usize,
        /// The column.
        column: &'static str,
    },
    /// Its rows are not in the order of tables.
    #[error(
        "table {table}: row {row} does not come behind the row before it in the order of tables; they are not either where \
         some records of a window name their account and others leave it to their object's key"
    )]
    Order {
        /// Which of them, from 1.
        table: usize,
        /// The row, from 1.
        row: u64,
    },
    /// A sum left its range.
    #[error("the {measure} of one edge pass the greatest value that a table can hold")]
    Overflow {
        /// Packets or bytes.
        measure: &'static str,
    },
    /// The merged table cannot be written.
    #[error(transparent)]
    Write(#[from] TableError),
}
