//! Markers, `<id>_in_progress`: the Go service's sign that a digest is being made. A shadow of the job record,
//! written for that service to see and read only where there is no record.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use digest_core::DigestId;
use object_store::path::Path;
use object_store::{Attributes, PutMode};

use crate::error::{ErrorKind, StoreError};
use crate::store::Store;

const SUFFIX: &str = "_in_progress";

/// The markers of a progress place.
#[derive(Debug, Clone)]
pub struct Markers {
    store: Store,
}

/// What a marker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marker {
    /// What its body is.
    pub body: MarkerBody,
    /// When the object was written, by the store's clock.
    pub last_modified: DateTime<Utc>,
}

/// What came of creating a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// It is there, and says what was to be written.
    Created,
    /// Another is there: as it was found, unless it went meanwhile.
    Exists(Option<Marker>),
}

/// A marker's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkerBody {
    /// A time, from which the progress timeout runs.
    Since(DateTime<Utc>),
    /// Nothing, as the Go service's first version wrote.
    Empty,
    /// Anything else: expired, as the Go service has it.
    Garbage,
}

impl Marker {
    /// Until when the marker holds the window: its time plus `progress_timeout`; an empty one from its last
    /// modification plus `queue_timeout`; garbage does not.
    #[must_use]
    pub fn until(&self, progress_timeout: TimeDelta, queue_timeout: TimeDelta) -> Option<DateTime<Utc>> {
        let (since, timeout) = match self.body {
            MarkerBody::Since(time) => (time, progress_timeout),
            MarkerBody::Empty => (self.last_modified, queue_timeout),
            MarkerBody::Garbage => return None,
        };
        Some(
            since
                .checked_add_signed(timeout)
                .unwrap_or(DateTime::<Utc>::MAX_UTC),
        )
    }

    /// Whether the marker holds the window now.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>, progress_timeout: TimeDelta, queue_timeout: TimeDelta) -> bool {
        self.until(progress_timeout, queue_timeout)
            .is_some_and(|until| now < until)
    }
}

impl MarkerBody {
    /// Reads a body: RFC 3339 with any offset and up to nanoseconds.
    #[must_use]
    pub fn parse(body: &[u8]) -> Self {
        if body.is_empty() {
            return Self::Empty;
        }
        let text = std::str::from_utf8(body).unwrap_or_default();
        DateTime::parse_from_rfc3339(text.trim()).map_or(Self::Garbage, |time| Self::Since(time.to_utc()))
    }
}

impl Markers {
    /// Markers in this place.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Key of a marker inside the place.
    #[must_use]
    pub fn key(id: DigestId) -> Path {
        Path::from(format!("{id}{SUFFIX}"))
    }

    /// The digest whose marker has this key.
    pub(crate) fn id_of(key: &str) -> Option<DigestId> {
        key.strip_suffix(SUFFIX).and_then(|id| id.parse().ok())
    }

    /// The marker, or nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn load(&self, id: DigestId) -> Result<Option<Marker>, StoreError> {
        let found = self.store.bytes(&Self::key(id)).await?;
        Ok(found.map(|(bytes, meta)| Marker {
            body: MarkerBody::parse(&bytes),
            last_modified: meta.last_modified,
        }))
    }

    /// Writes the marker: its time, nothing else.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn write(&self, id: DigestId, time: DateTime<Utc>) -> Result<(), StoreError> {
        self.put(id, time, PutMode::Overwrite).await
    }

    /// The same where there is none: one request then, two where there is one. A store that ignores conditions is looked into
    /// first.
    ///
    /// # Errors
    /// [`StoreError`]; the marker may have been written.
    pub async fn create(&self, id: DigestId, time: DateTime<Utc>) -> Result<Marked, StoreError> {
        if !self.store.capabilities().atomic_create
            && let Some(found) = self.load(id).await?
        {
            return Ok(Marked::Exists(Some(found)));
        }
        match self.put(id, time, PutMode::Create).await {
            Ok(()) => Ok(Marked::Created),
            Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::Precondition) => {
                let found = self.load(id).await?;
                let ours = MarkerBody::parse(&body(time));
                // A retry inside the client may have met the first try's own result.
                Ok(match found {
                    Some(marker) if marker.body == ours => Marked::Created,
                    found => Marked::Exists(found),
                })
            }
            Err(error) => Err(error),
        }
    }

    /// Removes the marker that says this time, where it is that one which is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_back(&self, id: DigestId, time: DateTime<Utc>) -> Result<(), StoreError> {
        match self.load(id).await? {
            Some(marker) if marker.body == MarkerBody::parse(&body(time)) => self.remove(id).await,
            _ => Ok(()),
        }
    }

    async fn put(&self, id: DigestId, time: DateTime<Utc>, mode: PutMode) -> Result<(), StoreError> {
        self.store
            .put(&Self::key(id), body(time), mode, Attributes::new())
            .await
            .map(|_| ())
    }

    /// Removes the marker; one that is not there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove(&self, id: DigestId) -> Result<(), StoreError> {
        self.store.delete(&Self::key(id)).await
    }
}

fn body(time: DateTime<Utc>) -> Vec<u8> {
    time.to_rfc3339_opts(SecondsFormat::Millis, true).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODIFIED: DateTime<Utc> = DateTime::from_timestamp_nanos(1_539_734_400_000_000_000);
    const PROGRESS: TimeDelta = TimeDelta::minutes(5);
    const QUEUE: TimeDelta = TimeDelta::hours(6);

    fn until(body: &str) -> Option<DateTime<Utc>> {
        Marker {
            body: MarkerBody::parse(body.as_bytes()),
            last_modified: MODIFIED,
        }
        .until(PROGRESS, QUEUE)
    }

    #[test]
    fn a_time_holds_for_the_progress_timeout_whatever_its_offset() {
        let expected = Some(MODIFIED + PROGRESS);
        assert_eq!(until("2018-10-17T00:00:00Z"), expected);
        assert_eq!(until("2018-10-17T10:00:00.000000000+10:00\n"), expected);
        assert_eq!(
            until("2018-10-16T19:00:00.123456789-05:00"),
            expected.map(|t| t + TimeDelta::nanoseconds(123_456_789))
        );
    }

    #[test]
    fn an_empty_one_holds_from_its_last_modification() {
        assert_eq!(until(""), Some(MODIFIED + QUEUE));
    }

    #[test]
    fn garbage_has_expired() {
        assert_eq!(until("soon"), None);
        assert_eq!(until("1539734400"), None);
    }

    #[test]
    fn a_marker_ends_with_its_time() {
        let marker = Marker {
            body: MarkerBody::Since(MODIFIED),
            last_modified: MODIFIED,
        };
        assert!(marker.is_live(MODIFIED + PROGRESS - TimeDelta::seconds(1), PROGRESS, QUEUE));
        assert!(!marker.is_live(MODIFIED + PROGRESS, PROGRESS, QUEUE));
    }
}
