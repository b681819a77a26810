//! Records of ended jobs in which nothing is left to do, as this process left or found them: a sweep that finds one
//! unchanged in its listing does not read it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use digest_core::DigestId;
use digest_storage::Version;

/// The records. A marker that is there again, or a retention that is over, is not told by a record's version.
#[derive(Debug, Default)]
pub(crate) struct InOrder {
    records: Mutex<HashMap<DigestId, Ended>>,
}

#[derive(Debug)]
struct Ended {
    /// The record's version then.
    version: Version,
    /// The end of its retention.
    until: DateTime<Utc>,
}

impl InOrder {
    /// Notes that nothing is left to do but to remove the record, once its retention is over.
    pub(crate) fn note(&self, id: DigestId, version: Version, until: DateTime<Utc>) {
        // What has no ETag cannot be recognised.
        if version.etag().is_some() {
            self.lock().insert(id, Ended { version, until });
        }
    }

    /// Whether the record of this version has been noted.
    pub(crate) fn has(&self, id: DigestId, version: &Version) -> bool {
        let records = self.lock();
        let noted = records.get(&id);
        noted.is_some_and(|noted| noted.version.etag() == version.etag())
    }

    /// The same, and its retention goes on.
    pub(crate) fn rests(&self, id: DigestId, version: &Version, now: DateTime<Utc>) -> bool {
        let is_over = self.lock().get(&id).is_none_or(|noted| noted.until <= now);
        !is_over && self.has(id, version)
    }

    /// Forgets every record but those of which this is true.
    pub(crate) fn retain(&self, keep: impl Fn(&DigestId) -> bool) {
        self.lock().retain(|id, _| keep(id));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<DigestId, Ended>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
