//! Why a built digest was not stored.

use std::io;

use digest_core::FoldError;
use digest_storage::StoreError;
use digest_tables::TableError;
use thiserror::Error;

use crate::build::told_of;
use crate::job::HoldError;

/// Why publishing stopped.
#[derive(Debug, Error)]
pub(crate) enum PublishError {
    /// Another process holds the job now; nothing of it may be touched any more.
    #[error("another process has taken the job over")]
    Lost,
    /// A store's answer.
    #[error("{what} could not be stored: {source}")]
    Store {
        /// What was to be stored.
        what: &'static str,
        source: StoreError,
    },
    /// The digest could not be compressed.
    #[error("the digest could not be written: {0}")]
    Encode(#[source] io::Error),
    /// The digest is larger than may be stored.
    #[error("the digest is too large: {0}; ask for a smaller window or scope")]
    TooLarge(String),
    /// The table of edges could not be made.
    #[error("the table of edges could not be written: {0}")]
    Table(#[source] TableError),
    /// The compressing thread fell over: a fault in the program.
    #[error("compressing the digest failed inside the program: {0}")]
    Panicked(String),
    /// Others kept changing the digest under this attempt.
    #[error("the digest's object kept changing while it was to be replaced")]
    Contended,
}

impl PublishError {
    /// The same for whoever asked for the digest, as [`BuildError::told`](crate::build::BuildError::told).
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Store { what, source } => {
                format!("{what} could not be stored: {}", source.told())
            }
            Self::Encode(error) => format!("the digest could not be written: {}", told_of_io(error)),
            Self::Table(TableError::Io(error)) => {
                format!("the table of edges could not be written: {}", told_of_io(error))
            }
            Self::Panicked(_) => {
                "compressing the digest failed inside the program; its log says where".to_owned()
            }
            Self::Lost | Self::TooLarge(_) | Self::Table(_) | Self::Contended => self.to_string(),
        }
    }

    /// Whether another attempt may succeed with nobody changing anything.
    pub(crate) fn is_retryable(&self) -> bool {
        match self {
            Self::Store { source, .. } => source.is_retryable(),
            // A sum that passes its range only where runs are merged would do so again.
            Self::Encode(error) | Self::Table(TableError::Io(error)) => error
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<FoldError>())
                .is_none_or(FoldError::is_retryable),
            Self::TooLarge(_) | Self::Table(TableError::NoHistory | TableError::Encoding(_)) => false,
            Self::Lost | Self::Panicked(_) | Self::Contended => true,
        }
    }

    /// For `map_err`: a store's answer about this.
    pub(crate) fn of(what: &'static str) -> impl Fn(StoreError) -> Self {
        move |source| Self::Store { what, source }
    }
}

/// What is told of a writer's error: the kernel's where one is inside.
fn told_of_io(error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    inner.map_or_else(|| error.kind().to_string(), told_of)
}

impl From<HoldError> for PublishError {
    fn from(error: HoldError) -> Self {
        match error {
            HoldError::Lost => Self::Lost,
            HoldError::Store(source) => Self::Store {
                what: "the job record",
                source,
            },
        }
    }
}
