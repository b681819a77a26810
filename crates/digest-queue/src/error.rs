//! Why a job could not be queued.

use std::error::Error;
use std::fmt;

/// What kind of failure it was, for callers to branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QueueErrorKind {
    /// No connection, or no answer in time.
    Unreachable,
    /// The queue answered that it cannot take the job now (5xx or 429), or is full.
    Busy,
    /// The queue answered that it does not want the job: its address or topic is wrong.
    Refused,
    /// The queue's settings cannot be used.
    Settings,
    /// The receiving side is gone.
    Closed,
}

impl QueueErrorKind {
    /// Whether sending the same job later can succeed without a change of settings.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        match self {
            Self::Unreachable | Self::Busy => true,
            Self::Refused | Self::Settings | Self::Closed => false,
        }
    }
}

/// A job that the queue did not take, or a queue that cannot be asked.
#[derive(Debug)]
pub struct QueueError {
    kind: QueueErrorKind,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl QueueError {
    pub(crate) fn new(kind: QueueErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    pub(crate) fn because(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..self
        }
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> QueueErrorKind {
        self.kind
    }

    /// Whether sending the same job later can succeed without a change of settings.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.kind.is_retryable()
    }
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for QueueError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}
