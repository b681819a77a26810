//! What a listing of digests tells of each: a digest in one line, written once it is stored.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::job::Job;
use crate::manifest::{Coverage, Manifest};

/// One stored digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexEntry {
    /// Window, scope and id.
    #[serde(flatten)]
    pub job: Job,
    /// How complete the digest is.
    pub coverage: Coverage,
    /// Lines of its text.
    pub edges: u64,
    /// Size of the stored gzip.
    pub bytes: u64,
    /// When its build began.
    pub begun_at: DateTime<Utc>,
    /// When its build ended.
    pub finished_at: DateTime<Utc>,
}

impl IndexEntry {
    /// What a digest's manifest says, in short.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        Self {
            job: manifest.job.clone(),
            coverage: manifest.coverage,
            edges: manifest.edges,
            bytes: manifest.gzip.bytes,
            begun_at: manifest.begun_at,
            finished_at: manifest.finished_at,
        }
    }
}
