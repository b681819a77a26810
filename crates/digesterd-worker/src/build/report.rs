//! What a build saw, as the manifest tells it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use digest_core::manifest::{
    Bound, CoveredMinutes, LookAhead, MANIFEST_FORMAT, MOST_OBJECTS_INSIDE, ObjectCounts, ObjectEntry,
    Overlap, RecordCounts, Sealed,
};
use digest_core::{Coverage, Digest, Fault, GzipSummary, Job, Manifest, ObjectTally, Window};
use digest_tables::Origins;
use digesterd_process::metrics::ThreadTime;

use super::ledger::Ledger;
use super::options::BuildOptions;
use super::plan::Listed;
use super::request::BuildRequest;
use super::stopwatch::Stopwatch;

/// Name and version of this program, as manifests carry it.
pub const PROGRAM: &str = concat!("vpcflow-digesterd ", env!("CARGO_PKG_VERSION"));

/// A digest, and what it was made of.
#[derive(Debug)]
pub struct Built {
    /// Sorted edges.
    pub digest: Digest,
    /// What the build saw.
    pub report: Report,
    /// Where each interface's records were delivered.
    pub origins: Origins,
    /// Whether the edges keep more than the text shows.
    pub keeps_edges: bool,
}

/// What a build saw: everything of the manifest but the sizes and hashes of what is stored.
#[derive(Debug, Clone)]
pub struct Report {
    /// When the flow logs were listed: objects that came later are not in the digest.
    pub begun_at: DateTime<Utc>,
    /// When the digest was whole.
    pub finished_at: DateTime<Utc>,
    /// How long after the window's stop objects were looked for.
    pub late_arrival: TimeDelta,
    /// Settings that the text depends on, by their variable's name.
    pub settings: BTreeMap<String, String>,
    /// The plan's objects, counted.
    pub objects: ObjectCounts,
    /// Flow records by outcome.
    pub records: RecordCounts,
    /// In-window records by their object's distance from the stop.
    pub look_ahead: Vec<LookAhead>,
    /// Minutes covered, by account and region.
    pub minutes: Vec<CoveredMinutes>,
    /// Columns of names that no field has, and in how many objects.
    pub unknown_columns: BTreeMap<String, u64>,
    /// What several flow logs report at once.
    pub overlap: Option<Overlap>,
    /// What held the build up most.
    pub bound: Option<Bound>,
    /// What the build's threads did with their time.
    pub threads: ThreadTime,
    /// Every flow log object of the plan, by key.
    pub object_list: Vec<ObjectEntry>,
    /// The first few faults that were skipped on request.
    pub faults: Vec<Fault>,
}

impl Report {
    /// What a build saw that ends now.
    pub(super) fn of(
        request: &BuildRequest,
        options: &BuildOptions,
        begun_at: DateTime<Utc>,
        listed: Listed,
        read: (&Digest, &Ledger, &Stopwatch),
    ) -> Self {
        let (digest, ledger, stopwatch) = read;
        let tally = digest.tally();
        let mut objects = listed.counts;
        objects.read = tally.objects;
        objects.bytes_read = tally.source_bytes;
        if tally.objects_refused > 0 {
            objects.unread.insert(REFUSED.to_owned(), tally.objects_refused);
        }
        let mut settings = options.fingerprint();
        let late_arrival = format!("{}s", request.late_arrival.num_seconds());
        settings.insert("VPC_FLOW_LOGS_LATE_ARRIVAL".to_owned(), late_arrival);
        let objects_read = ledger.objects();
        let object_list = objects_read.iter().map(|object| ObjectEntry {
            place: object.place.as_deref().map(str::to_owned),
            key: object.key.clone(),
            etag: object.etag.clone(),
            size: object.size,
            skipped: ledger.is_refused(&object.name()).then(|| REFUSED.to_owned()),
        });
        let mut object_list: Vec<_> = object_list.collect();
        object_list.sort_by(|left, right| (&left.place, &left.key).cmp(&(&right.place, &right.key)));
        Self {
            begun_at,
            finished_at: Utc::now(),
            late_arrival: request.late_arrival,
            settings,
            objects,
            records: record_counts(tally),
            look_ahead: ledger.look_ahead(),
            minutes: ledger.covered(),
            unknown_columns: tally.unknown_columns.clone(),
            overlap: ledger.overlap(),
            bound: stopwatch.bound(),
            threads: stopwatch.times(),
            object_list,
            faults: tally.faults.clone(),
        }
    }

    /// How complete the digest is, and why no more than that.
    #[must_use]
    pub fn verdict(&self, window: Option<&Window>) -> (Coverage, Vec<String>) {
        Manifest::judge(
            window,
            self.begun_at,
            self.late_arrival,
            &self.objects,
            &self.records,
        )
    }

    /// The manifest of the digest that these bytes hold, and the list of its objects where that is too long
    /// to stand inside; the list is to be stored under `object_list_key`.
    #[must_use]
    pub fn manifest(
        &self,
        job: &Job,
        gzip: &GzipSummary,
        object_list_key: &str,
    ) -> (Manifest, Option<&[ObjectEntry]>) {
        let (coverage, reasons) = self.verdict(Some(job.window()));
        let inside = self.object_list.len() <= MOST_OBJECTS_INSIDE;
        let manifest = Manifest {
            format: MANIFEST_FORMAT,
            program: PROGRAM.to_owned(),
            job: job.clone(),
            coverage,
            reasons,
            skipdata: self.records.skipdata > 0,
            begun_at: self.begun_at,
            finished_at: self.finished_at,
            late_arrival_seconds: u64::try_from(self.late_arrival.num_seconds()).unwrap_or_default(),
            settings: self.settings.clone(),
            gzip: Sealed {
                bytes: gzip.bytes,
                sha256: gzip.sha256.clone(),
            },
            text: Sealed {
                bytes: gzip.text.bytes,
                sha256: gzip.text.sha256.clone(),
            },
            edges: gzip.text.lines,
            objects: self.objects.clone(),
            records: self.records.clone(),
            look_ahead: self.look_ahead.clone(),
            minutes: self.minutes.clone(),
            unknown_columns: self.unknown_columns.clone(),
            overlap: self.overlap.clone(),
            bound: self.bound,
            edges_table: None,
            interfaces_table: None,
            object_list: inside.then(|| self.object_list.clone()),
            object_list_key: (!inside).then(|| object_list_key.to_owned()),
        };
        (manifest, (!inside).then_some(self.object_list.as_slice()))
    }
}

/// Objects that a lenient build left out as a whole.
const REFUSED: &str = "corrupt or no flow log";

/// Rows by their fate, as the manifest names them.
fn record_counts(tally: &ObjectTally) -> RecordCounts {
    RecordCounts {
        counted: tally.records,
        outside_window: tally.outside_window,
        second_sightings: tally.second_sightings,
        superseded: tally.superseded,
        doubtful_sightings: tally.doubtful_sightings,
        nodata: tally.no_data,
        skipdata: tally.skip_data,
        other_status: tally.other_status,
        unusable: tally.unusable,
        bad: tally.bad_rows,
    }
}
