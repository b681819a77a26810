//! Why a table was not written.

use std::io;

use parquet::errors::ParquetError;
use thiserror::Error;

/// Why a table was not written.
#[derive(Debug, Error)]
pub enum TableError {
    /// The digest keeps no history of its edges, which the table is made of.
    #[error("the digest keeps no history of its edges (DIGEST_EDGES=off), which a table of edges is made of")]
    NoHistory,
    /// What the writer said, or edges that had left memory could not be read back.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file could not be encoded: a fault in the program.
    #[error("the table could not be encoded: {0}")]
    Encoding(#[from] ParquetError),
}
