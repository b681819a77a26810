//! Why a request to a store failed, told apart in one place: what happened, at which key, and whether a retry helps.

use std::error::Error as StdError;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use object_store::Error as SourceError;
use object_store::client::{HttpError, HttpErrorKind};

/// What kind of failure it was. Callers branch on this and on nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No object has this key.
    NotFound,
    /// An object that was to be created is there already.
    AlreadyExists,
    /// The object is not the one that the condition named.
    Precondition,
    /// The object changed after it was listed.
    Changed,
    /// Credentials are missing, wrong or not allowed to do this.
    AccessDenied,
    /// The session token has expired; fresh credentials are fetched for the next request.
    ExpiredCredentials,
    /// The bucket or directory does not exist.
    NoSuchBucket,
    /// The store asks for fewer requests.
    Throttled,
    /// No answer in time.
    Timeout,
    /// The store cannot be reached, or fails by itself.
    Unavailable,
    /// The store cannot do this at all.
    Unsupported,
    /// What is stored cannot be read.
    Corrupt,
    /// The settings name no usable store.
    Settings,
    /// Anything else.
    Other,
}

impl ErrorKind {
    /// Its name in lower case, words joined by `_`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::Precondition => "precondition",
            Self::Changed => "changed",
            Self::AccessDenied => "access_denied",
            Self::ExpiredCredentials => "expired_credentials",
            Self::NoSuchBucket => "no_such_bucket",
            Self::Throttled => "throttled",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Unsupported => "unsupported",
            Self::Corrupt => "corrupt",
            Self::Settings => "settings",
            Self::Other => "other",
        }
    }

    /// What happened, in words: nothing of the store's own.
    fn sentence(self) -> &'static str {
        match self {
            Self::NotFound => "does not exist",
            Self::AlreadyExists => "exists already",
            Self::Precondition => "is not in the state that the request demands",
            Self::Changed => "changed after it was listed",
            Self::AccessDenied => {
                "access was denied: check the credentials and their permissions; without s3:ListBucket S3 denies \
                 even what does not exist"
            }
            Self::ExpiredCredentials => "the session token of the credentials has expired",
            Self::NoSuchBucket => "the bucket or directory does not exist",
            Self::Throttled => "the store asks for fewer requests",
            Self::Timeout => "the store did not answer in time",
            Self::Unavailable => "the store cannot be reached or fails by itself",
            Self::Unsupported => "the store cannot do this",
            Self::Corrupt => "the stored object cannot be read",
            Self::Settings => "the settings name no usable store",
            Self::Other => "the request failed",
        }
    }

    /// Whether the same request may succeed later without anybody's doing.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        match self {
            Self::Throttled | Self::Timeout | Self::Unavailable | Self::ExpiredCredentials => true,
            Self::NotFound
            | Self::AlreadyExists
            | Self::Precondition
            | Self::Changed
            | Self::AccessDenied
            | Self::NoSuchBucket
            | Self::Unsupported
            | Self::Corrupt
            | Self::Settings
            | Self::Other => false,
        }
    }
}

/// A failed request: kind, place and key, and what the store said.
pub struct StoreError(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    place: String,
    key: String,
    source: Box<dyn StdError + Send + Sync>,
}

impl StoreError {
    pub(crate) fn new(
        kind: ErrorKind,
        place: impl fmt::Display,
        key: impl fmt::Display,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        let source = source.into();
        Self(Box::new(Inner {
            kind,
            place: place.to_string(),
            key: key.to_string(),
            source,
        }))
    }

    /// Tells what the store crate's error means for this place and key.
    pub(crate) fn of(place: impl fmt::Display, key: impl fmt::Display, source: SourceError) -> Self {
        Self::new(kind_of(&source), place, key, source)
    }

    /// The same failure as another kind, where the caller knows more.
    #[must_use]
    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the same request may succeed later without anybody's doing.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.kind.is_retryable()
    }

    /// What happened and where, without what the store itself said: for whoever asked, where the log tells the rest.
    #[must_use]
    pub fn told(&self) -> String {
        let Inner { kind, place, key, .. } = &*self.0;
        format!("{}: {}", Location { place, key }, kind.sentence())
    }

    /// The key inside the place; empty for a failure of the whole place.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.0.key
    }

    /// Whether the request may have taken effect although no answer came.
    pub(crate) fn is_ambiguous(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::Timeout
                | ErrorKind::Unavailable
                | ErrorKind::Throttled
                | ErrorKind::AlreadyExists
                | ErrorKind::Precondition
        )
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            kind,
            place,
            key,
            source,
        } = &*self.0;
        write!(f, "{}: {}", Location { place, key }, kind.sentence())?;
        match kind {
            // The source says no more than the kind.
            ErrorKind::NotFound | ErrorKind::AlreadyExists | ErrorKind::Precondition | ErrorKind::Changed => {
                Ok(())
            }
            _ => write!(f, " ({})", shortened(&source.to_string())),
        }
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreError({:?}: {self})", self.0.kind)
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0.source)
    }
}

struct Location<'a> {
    place: &'a str,
    key: &'a str,
}

impl fmt::Display for Location<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.key, self.place.ends_with('/')) {
            ("", _) => f.write_str(self.place),
            (key, true) => write!(f, "{}{key}", self.place),
            (key, false) => write!(f, "{}/{key}", self.place),
        }
    }
}

/// One line of at most 300 characters: S3's answers are whole XML documents.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// The kind behind the store crate's error.
pub(crate) fn kind_of(error: &SourceError) -> ErrorKind {
    match error {
        SourceError::NotFound { source, .. } if says(&**source, "NoSuchBucket") => ErrorKind::NoSuchBucket,
        SourceError::NotFound { .. } => ErrorKind::NotFound,
        SourceError::AlreadyExists { .. } => ErrorKind::AlreadyExists,
        SourceError::Precondition { .. } => ErrorKind::Precondition,
        SourceError::NotModified { .. } => ErrorKind::Precondition,
        SourceError::PermissionDenied { source, .. } | SourceError::Unauthenticated { source, .. } => {
            kind_of_denial(&**source)
        }
        SourceError::NotSupported { .. } | SourceError::NotImplemented { .. } => ErrorKind::Unsupported,
        SourceError::Generic { source, .. } => kind_of_generic(&**source),
        _ => ErrorKind::Other,
    }
}

/// What S3 and its lookalikes call a session that is over.
const EXPIRED: [&str; 4] = [
    "ExpiredToken",
    "RequestExpired",
    "TokenRefreshRequired",
    "ExpiredCredentials",
];

/// Whether a refusal is for good. A token that has expired is not, nor a provider of credentials that did not answer.
fn kind_of_denial(source: &(dyn StdError + 'static)) -> ErrorKind {
    if let Some(CredentialsError::ProviderTimedOut(_)) = source.downcast_ref() {
        return ErrorKind::Timeout;
    }
    if EXPIRED.iter().any(|code| says(source, code)) {
        ErrorKind::ExpiredCredentials
    } else {
        ErrorKind::AccessDenied
    }
}

/// The crate's catch-all: the answer's status by its text (its type is private), the transport's by type.
fn kind_of_generic(source: &(dyn StdError + 'static)) -> ErrorKind {
    let mut cause = Some(source);
    while let Some(error) = cause {
        if let Some(http) = error.downcast_ref::<HttpError>() {
            return match http.kind() {
                HttpErrorKind::Timeout => ErrorKind::Timeout,
                _ => ErrorKind::Unavailable,
            };
        }
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            return kind_of_io(error);
        }
        if let Some(error) = error.downcast_ref::<StoreError>() {
            return error.kind();
        }
        cause = error.source();
    }
    let status = source
        .to_string()
        .split("status code: ")
        .nth(1)
        .and_then(|rest| rest.get(..3).and_then(|digits| digits.parse::<u16>().ok()));
    match status {
        Some(429) => ErrorKind::Throttled,
        Some(503) if says(source, "SlowDown") => ErrorKind::Throttled,
        Some(408) => ErrorKind::Timeout,
        Some(501) => ErrorKind::Unsupported,
        Some(500..=599) => ErrorKind::Unavailable,
        Some(401 | 403) => kind_of_denial(source),
        Some(404) if says(source, "NoSuchBucket") => ErrorKind::NoSuchBucket,
        Some(400) if says(source, "InvalidAccessKeyId") => ErrorKind::AccessDenied,
        // The body of a request came too slowly, or not all of it.
        Some(400) if says(source, "RequestTimeout") || says(source, "IncompleteBody") => ErrorKind::Timeout,
        // The answer to a HEAD has no body that could name the code; no other request of ours is refused so.
        Some(400) if EXPIRED.iter().any(|code| says(source, code)) || says_nothing(source) => {
            ErrorKind::ExpiredCredentials
        }
        _ => ErrorKind::Other,
    }
}

fn kind_of_io(error: &std::io::Error) -> ErrorKind {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => ErrorKind::AccessDenied,
        std::io::ErrorKind::NotFound => ErrorKind::NotFound,
        std::io::ErrorKind::TimedOut => ErrorKind::Timeout,
        std::io::ErrorKind::Interrupted | std::io::ErrorKind::ConnectionReset => ErrorKind::Unavailable,
        _ => ErrorKind::Other,
    }
}

/// Whether an answer had no body: the client's text then ends behind the status.
fn says_nothing(source: &(dyn StdError + 'static)) -> bool {
    source
        .to_string()
        .trim_end_matches([':', ' '])
        .ends_with("400 Bad Request")
}

fn says(source: &(dyn StdError + 'static), word: &str) -> bool {
    source.to_string().contains(word)
}

#[cfg(test)]
mod tests;
