//! Why a question has no answer.

use std::error::Error;

use digest_insight::AskError;
use digest_storage::StoreError;
use digest_tables::TableReadError;
use thiserror::Error;

/// Why a question has no answer.
#[derive(Debug, Error)]
pub enum QuestionError {
    /// A store's failure while digests are looked for.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is asked cannot be read, or there is too much of it.
    #[error("{name} cannot be asked")]
    Ask {
        /// What was asked.
        name: String,
        /// Why.
        source: AskError,
    },
    /// A digest's text cannot be opened.
    #[error("{name} cannot be read")]
    Text {
        /// The digest.
        name: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A table of interfaces cannot be read.
    #[error("a table of interfaces cannot be read")]
    Interfaces(#[source] TableReadError),
    /// What is asked for only tables of interfaces know, and there are none.
    #[error("there is no table of interfaces, by which alone this grouping is known")]
    NoInterfaces,
    /// A host that is no address, and has none that is known.
    #[error(
        "{0} is no address, and as an interface it has none that is known: no digest that is asked has records of it, \
         or they have no address in common (a NAT gateway's have not); ask by the address"
    )]
    NoAddress(String),
    /// A baseline without windows.
    #[error(
        "there is nothing to hold it against: no digest is stored of the windows before it; name some as the baseline"
    )]
    NoBaseline,
    /// More digests than may be asked at once.
    #[error("more than {0} digests are stored of this time: ask for less of it")]
    TooManyDigests(usize),
    /// The list of a digest's objects cannot be had.
    #[error("the list of the objects of {0} is not there: ask where the digest is stored (--stored)")]
    NoObjects(String),
    /// Whoever asked has gone, or the thread that computes has ended without an answer.
    #[error("the question was given up")]
    GivenUp,
}

impl QuestionError {
    /// Whether the same question may be answered later with nobody changing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_retryable(),
            Self::Ask { source, .. } => is_source_failure(source),
            Self::Interfaces(error) => matches!(error, TableReadError::Io(_)),
            Self::Text { .. }
            | Self::NoInterfaces
            | Self::NoAddress(_)
            | Self::NoBaseline
            | Self::TooManyDigests(_)
            | Self::NoObjects(_)
            | Self::GivenUp => false,
        }
    }
}

fn is_source_failure(error: &AskError) -> bool {
    matches!(error, AskError::Table(TableReadError::Io(_)))
}
