//! The manifest: what a digest was made of, and how complete it is.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::job::Job;
use crate::window::Window;

mod bound;
mod overlap;
mod table;

pub use bound::Bound;
pub use overlap::{Overlap, OverlapExample};
pub use table::StoredTable;

/// Version of the manifest's JSON.
pub const MANIFEST_FORMAT: u32 = 1;

/// More objects than this are listed in an object beside the manifest, not inside it.
pub const MOST_OBJECTS_INSIDE: usize = 1000;

/// How complete a digest is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coverage {
    /// Begun after the late arrivals' time, every object of the plan read, every row understood.
    Complete,
    /// Something is missing; the manifest says what.
    Partial,
    /// The plan found no flow log object at all.
    NoData,
    /// No manifest, or one that does not fit the stored digest.
    Unknown,
}

impl Coverage {
    /// The value of the `Digest-Coverage` header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::NoData => "no-data",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Coverage {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Complete, Self::Partial, Self::NoData, Self::Unknown]
            .into_iter()
            .find(|coverage| coverage.as_str() == text)
            .ok_or(())
    }
}

/// One stored byte string: how long it is and what it hashes to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sealed {
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 in lower-case hex.
    pub sha256: String,
}

/// One flow log object that was read or skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectEntry {
    /// The place that it lies in, as a URL; absent where the flow logs lie in one place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Key inside the place.
    pub key: String,
    /// ETag as listed, and under which it was read.
    pub etag: Option<String>,
    /// Size in bytes as listed.
    pub size: u64,
    /// Why the object was not read; absent for one that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
}

/// The plan's objects, counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ObjectCounts {
    /// Keys that the listing returned.
    pub listed: u64,
    /// Objects read to their end.
    pub read: u64,
    /// Compressed bytes read.
    pub bytes_read: u64,
    /// Keys that are no flow log's; they do not count against completeness.
    pub foreign: u64,
    /// Empty objects; they do not count against completeness.
    pub empty: u64,
    /// Flow log objects that were not read, by reason; each makes the digest partial.
    pub unread: BTreeMap<String, u64>,
}

/// Flow records by outcome.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RecordCounts {
    /// Counted into the digest.
    pub counted: u64,
    /// Understood, but of another time.
    pub outside_window: u64,
    /// Rows by which a transit gateway told of a flow a second time; they are in no sum.
    #[serde(default)]
    pub second_sightings: u64,
    /// Rows of interfaces on which a newer flow log reports (`DIGEST_OVERLAP=prefer-newest`): its records count. They do
    /// not make the digest partial.
    #[serde(default)]
    pub superseded: u64,
    /// Counted rows of a transit gateway whose format cannot tell whether they tell of a flow a second time; each makes
    /// the digest partial.
    #[serde(default)]
    pub doubtful_sightings: u64,
    /// `NODATA` rows: an ENI without traffic.
    pub nodata: u64,
    /// `SKIPDATA` rows: AWS lost records; one row may stand for many.
    pub skipdata: u64,
    /// Rows with another log-status.
    pub other_status: u64,
    /// OK rows inside the window with `-` where a value is needed; each makes the digest partial.
    pub unusable: u64,
    /// Rows that could not be read and were skipped on request; each makes the digest partial.
    pub bad: u64,
}

/// In-window records by how far past the window's stop their object was named: tells whether
/// waiting for late objects was long enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookAhead {
    /// The object's named time lies at most this many minutes past the stop (multiples of 5; 0: not past it).
    pub minutes_past_stop: u32,
    /// In-window records in such objects.
    pub records: u64,
}

/// Minutes of the window in which an account's region reported anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoveredMinutes {
    /// Account of the object key.
    pub account: String,
    /// Region of the object key.
    pub region: String,
    /// Minutes touched by a record's start to end, or by a NODATA row.
    pub minutes: u64,
    /// Minutes of the window.
    pub of: u64,
}

/// What a digest was made of. Stored as `<id>.manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`MANIFEST_FORMAT`].
    pub format: u32,
    /// Name and version of the program that built the digest.
    pub program: String,
    /// Window, scope and id.
    pub job: Job,
    /// How complete the digest is.
    pub coverage: Coverage,
    /// Why it is partial; empty otherwise.
    pub reasons: Vec<String>,
    /// Whether any `SKIPDATA` row stood in the window: AWS itself lost records.
    pub skipdata: bool,
    /// When the build began.
    pub begun_at: DateTime<Utc>,
    /// When the build's last byte was made.
    pub finished_at: DateTime<Utc>,
    /// How long after the stop objects were looked for, in seconds.
    pub late_arrival_seconds: u64,
    /// Settings that the text depends on, by name.
    pub settings: BTreeMap<String, String>,
    /// The stored gzip object.
    pub gzip: Sealed,
    /// The text inside it.
    pub text: Sealed,
    /// Lines of the text.
    pub edges: u64,
    /// The plan's objects, counted.
    pub objects: ObjectCounts,
    /// Flow records by outcome.
    pub records: RecordCounts,
    /// In-window records by their object's distance from the stop.
    pub look_ahead: Vec<LookAhead>,
    /// Minutes covered, by account and region.
    pub minutes: Vec<CoveredMinutes>,
    /// Columns of names that no field has, and in how many objects; the first few by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unknown_columns: BTreeMap<String, u64>,
    /// What several flow logs report at once; absent where nothing is known to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<Overlap>,
    /// What held the build up most.
    pub bound: Option<Bound>,
    /// The table of the edges, where they are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edges_table: Option<StoredTable>,
    /// The table of the interfaces, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interfaces_table: Option<StoredTable>,
    /// The objects, where there are at most [`MOST_OBJECTS_INSIDE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_list: Option<Vec<ObjectEntry>>,
    /// Key of the object that lists them, where there are more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_list_key: Option<String>,
}

impl Manifest {
    /// The tables beside the digest.
    pub fn tables(&self) -> impl Iterator<Item = &StoredTable> {
        [&self.edges_table, &self.interfaces_table].into_iter().flatten()
    }

    /// The verdict and its reasons, from what the build saw. Without a window nothing can come late.
    #[must_use]
    pub fn judge(
        window: Option<&Window>,
        begun_at: DateTime<Utc>,
        late_arrival: TimeDelta,
        objects: &ObjectCounts,
        records: &RecordCounts,
    ) -> (Coverage, Vec<String>) {
        let mut reasons = Vec::new();
        if window.is_some_and(|window| begins_early(window, begun_at, late_arrival)) {
            reasons.push(format!(
                "begun before the window's stop plus {} s, so later objects may hold records of the window",
                late_arrival.num_seconds()
            ));
        }
        for (reason, count) in &objects.unread {
            reasons.push(format!("{count} flow log objects were not read: {reason}"));
        }
        if records.unusable > 0 {
            reasons.push(format!(
                "{} records had - where a value is needed",
                records.unusable
            ));
        }
        if records.other_status > 0 {
            reasons.push(format!(
                "{} records had a log-status that is neither OK nor NODATA nor SKIPDATA",
                records.other_status
            ));
        }
        if records.doubtful_sightings > 0 {
            reasons.push(format!(
                "{} records of transit gateways may count twice: their format lacks tgw-pair-attachment-id or \
                 flow-direction, or they leave it open",
                records.doubtful_sightings
            ));
        }
        if records.bad > 0 {
            reasons.push(format!("{} rows could not be read and were skipped", records.bad));
        }
        let found = objects.read > 0 || !objects.unread.is_empty();
        let coverage = match (found, reasons.is_empty()) {
            (false, true) => Coverage::NoData,
            (true, true) => Coverage::Complete,
            (_, false) => Coverage::Partial,
        };
        (coverage, reasons)
    }

    /// Whether a plain request may rebuild this digest: it was begun too early, and now is late enough.
    #[must_use]
    pub fn can_be_bettered(&self, now: DateTime<Utc>) -> bool {
        let late = i64::try_from(self.late_arrival_seconds)
            .ok()
            .and_then(TimeDelta::try_seconds);
        let late = late.unwrap_or(TimeDelta::MAX);
        let window = self.job.window();
        begins_early(window, self.begun_at, late) && !begins_early(window, now, late)
    }

    /// Coverage of a stored digest of this size and hash: unknown where the manifest is another's.
    #[must_use]
    pub fn coverage_of(&self, gzip: &Sealed) -> Coverage {
        if self.gzip == *gzip {
            self.coverage
        } else {
            Coverage::Unknown
        }
    }
}

/// Whether a build begun then may miss objects that arrive late.
fn begins_early(window: &Window, begun_at: DateTime<Utc>, late_arrival: TimeDelta) -> bool {
    window
        .stop()
        .checked_add_signed(late_arrival)
        .is_none_or(|settled| begun_at < settled)
}

#[cfg(test)]
mod tests;
