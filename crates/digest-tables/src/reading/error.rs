//! Why a table was not read.

use std::io;

use digest_core::{ClaimFault, HybridFault};
use parquet::errors::ParquetError;
use thiserror::Error;

/// Why a table was not read.
#[derive(Debug, Error)]
pub enum TableReadError {
    /// Its bytes could not be read: another try may help.
    #[error("the table cannot be read: {0}")]
    Io(#[source] io::Error),
    /// It is no Parquet, is cut short or contradicts itself.
    #[error("it is no sound Parquet: {0}")]
    Corrupt(String),
    /// It is Parquet, and no table of this kind.
    #[error("it is no table of {kind}: {why}")]
    NoTable {
        /// `edges` or `interfaces`.
        kind: &'static str,
        /// What is missing.
        why: String,
    },
    /// A column is written in a way that is not read here.
    #[error("column {column} is {what}, which is not read: tables are read as digesterd writes them")]
    Foreign {
        /// The column.
        column: String,
        /// How it is written.
        what: String,
    },
}

impl From<ParquetError> for TableReadError {
    fn from(error: ParquetError) -> Self {
        match error {
            ParquetError::External(cause) => match cause.downcast::<io::Error>() {
                Ok(cause) => Self::Io(*cause),
                Err(cause) => Self::Corrupt(cause.to_string()),
            },
            other => Self::Corrupt(other.to_string()),
        }
    }
}

impl From<HybridFault> for TableReadError {
    fn from(fault: HybridFault) -> Self {
        Self::Corrupt(fault.to_string())
    }
}

impl From<ClaimFault> for TableReadError {
    fn from(fault: ClaimFault) -> Self {
        Self::Corrupt(fault.to_string())
    }
}

/// What is wrong with a page.
pub(crate) fn corrupt(what: &str) -> TableReadError {
    TableReadError::Corrupt(what.to_owned())
}
