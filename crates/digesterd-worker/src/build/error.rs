//! Why a build made no digest, and whether another try can help.

use std::io;

use digest_core::FoldError;
use digest_storage::{ErrorKind, StoreError};
use thiserror::Error;
use tokio::task::JoinError;

/// Why a build stopped. Nothing of it was stored.
#[derive(Debug, Error)]
pub enum BuildError {
    /// The flow logs could not be listed.
    #[error("flow logs could not be listed: {0}")]
    List(#[source] StoreError),
    /// An object could not be fetched.
    #[error("flow log object {key} could not be fetched: {source}")]
    Fetch {
        /// The object.
        key: String,
        /// What the store said.
        source: StoreError,
    },
    /// An object's bytes make no digest.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// A thread fell over: a fault in the program.
    #[error("the build failed inside the program: {0}")]
    Panicked(String),
    /// The build was stopped from outside.
    #[error("the build was stopped")]
    Stopped,
}

impl BuildError {
    /// Whether the same build may succeed later with nobody changing anything.
    ///
    /// Bad rows, corrupt objects, denied access and missing buckets need a person; throttling, timeouts,
    /// server errors and objects that changed under the reader do not.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::List(source) => source.is_retryable(),
            Self::Fetch { source, .. } => is_gone(source) || source.is_retryable(),
            Self::Fold(FoldError::Read { source, .. }) => match store_error(source) {
                Some(source) => is_gone(source) || source.is_retryable(),
                None => true,
            },
            Self::Fold(error) => error.is_retryable(),
            Self::Panicked(_) | Self::Stopped => true,
        }
    }

    /// The same for whoever asked for the digest: what happened and at which object. What a store, the system or the program
    /// itself said stands in the log alone.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::List(source) => format!("flow logs could not be listed: {}", source.told()),
            Self::Fetch { key, source } => {
                format!("flow log object {key} could not be fetched: {}", source.told())
            }
            Self::Fold(error) => told_of(error),
            Self::Panicked(_) => "the build failed inside the program; its log says where".to_owned(),
            Self::Stopped => self.to_string(),
        }
    }

    /// A thread that fell over.
    pub(super) fn panicked(error: JoinError) -> Self {
        let told = match error.try_into_panic() {
            Ok(panic) => panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned()),
            Err(error) => Some(error.to_string()),
        };
        Self::Panicked(told.unwrap_or_else(|| "a thread fell over".to_owned()))
    }

    /// Whether an object vanished or changed after it was listed: a new list may do.
    pub(super) fn is_of_an_old_list(&self) -> bool {
        match self {
            Self::Fetch { source, .. } => is_gone(source),
            Self::Fold(FoldError::Read { source, .. }) => store_error(source).is_some_and(is_gone),
            _ => false,
        }
    }
}

/// What whoever asked for the digest is told of a kernel's error.
pub(crate) fn told_of(error: &FoldError) -> String {
    match error {
        FoldError::Read { key, source } => match store_error(source) {
            Some(source) => format!("{key}: reading failed: {}", source.told()),
            None => format!("{key}: reading failed: {}", source.kind()),
        },
        FoldError::Spill { source } if source.kind() == io::ErrorKind::QuotaExceeded => {
            "the window's sorted runs take more than DIGEST_MAX_TEMP; ask for a smaller window or scope"
                .to_owned()
        }
        FoldError::Spill { source } => format!("temporary files failed: {}", source.kind()),
        of_contents => of_contents.to_string(),
    }
}

/// The store's error inside a reader's.
fn store_error(error: &io::Error) -> Option<&StoreError> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn is_gone(error: &StoreError) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSIDE: &str = "arn:aws:s3:::secret at /srv/secret";

    #[test]
    fn who_asked_is_told_what_happened_and_where_and_nothing_of_the_inside() {
        let key = || "AWSLogs/1/x.log.gz".to_owned();
        let inside = || io::Error::other(INSIDE);
        for (error, told) in [
            (
                BuildError::Fold(FoldError::Read {
                    key: key(),
                    source: inside(),
                }),
                "AWSLogs/1/x.log.gz: reading failed: other error",
            ),
            (
                BuildError::Fold(FoldError::Spill { source: inside() }),
                "temporary files failed: other error",
            ),
            (
                BuildError::Panicked(INSIDE.to_owned()),
                "the build failed inside the program; its log says where",
            ),
        ] {
            assert!(error.to_string().contains(INSIDE), "the log tells it: {error}");
            assert_eq!(error.told(), told);
        }
    }
}
