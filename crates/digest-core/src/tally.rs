//! What became of every row: nothing is dropped without being counted.

use std::collections::BTreeMap;

use crate::error::{RowFault, Unit, quoted};
use crate::field::Field;
use crate::minutes::Minutes;
use crate::window::Window;

/// Most faults that are kept in words.
const MOST_FAULTS: usize = 10;
/// Most names of unknown columns that are kept.
const MOST_UNKNOWN: usize = 20;

/// Counts of one object, or of many merged. `rows` is the sum of the nine fates that follow it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObjectTally {
    /// Objects read to their end.
    pub objects: u64,
    /// Objects that were corrupt or no flow log, and were left out as a whole ([`BadRows::Skip`](crate::BadRows)).
    pub objects_refused: u64,
    /// Header lines.
    pub headers: u64,
    /// Lines that are neither headers nor blank.
    pub rows: u64,
    /// Rows folded into the digest: status OK (or a format without it), in the window.
    pub records: u64,
    /// Rows whose start lies outside the window, whatever their status.
    pub outside_window: u64,
    /// Rows by which a transit gateway tells of a flow a second time.
    pub second_sightings: u64,
    /// Rows that [`Others`](crate::Others) have: a newer flow log's count.
    pub superseded: u64,
    /// Rows of status NODATA: no traffic in their interval.
    pub no_data: u64,
    /// Rows of status SKIPDATA: records were lost before they were logged.
    pub skip_data: u64,
    /// Rows of any other status than OK, NODATA and SKIPDATA.
    pub other_status: u64,
    /// Rows with `-` where a counted record needs a value.
    pub unusable: u64,
    /// Rows that do not fit their header or hold a value that cannot be ([`BadRows::Skip`](crate::BadRows)).
    pub bad_rows: u64,
    /// Of `records`, those of a transit gateway whose format cannot tell whether they tell of a flow a second time.
    pub doubtful_sightings: u64,
    /// Bytes taken from the sources.
    pub source_bytes: u64,
    /// Bytes of text.
    pub inflated_bytes: u64,
    /// Minutes of the window that counted records and NODATA rows speak for.
    pub minutes: Minutes,
    /// The first few rows and objects that make the tally unclean, by object and line.
    pub faults: Vec<Fault>,
    /// Columns that no field has by name, and in how many objects; of many, the first by name.
    pub unknown_columns: BTreeMap<String, u64>,
}

/// A row that was not understood or could not be used, or an object that was left out: counted, and named here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The object.
    pub key: String,
    /// Whether `line` is a line of text or a row of a Parquet file.
    pub unit: Unit,
    /// Line or row, from 1; 0 where the object as a whole was refused.
    pub line: u64,
    /// What was wrong.
    pub reason: String,
}

impl ObjectTally {
    /// Nothing counted yet, for this window.
    #[must_use]
    pub fn none_of(window: Option<&Window>) -> Self {
        Self {
            minutes: Minutes::none_of(window),
            ..Self::default()
        }
    }

    /// Adds another part. Parts may come in any order: the sum is the same.
    pub fn merge(&mut self, other: &Self) {
        self.objects += other.objects;
        self.objects_refused += other.objects_refused;
        self.headers += other.headers;
        self.rows += other.rows;
        self.records += other.records;
        self.outside_window += other.outside_window;
        self.second_sightings += other.second_sightings;
        self.superseded += other.superseded;
        self.doubtful_sightings += other.doubtful_sightings;
        self.no_data += other.no_data;
        self.skip_data += other.skip_data;
        self.other_status += other.other_status;
        self.unusable += other.unusable;
        self.bad_rows += other.bad_rows;
        self.source_bytes += other.source_bytes;
        self.inflated_bytes += other.inflated_bytes;
        self.minutes.merge(&other.minutes);
        if !other.faults.is_empty() {
            self.faults.extend(other.faults.iter().cloned());
            self.faults.sort();
            self.faults.truncate(MOST_FAULTS);
        }
        for (name, objects) in &other.unknown_columns {
            *self.unknown_columns.entry(name.clone()).or_default() += objects;
        }
        self.bound_unknown();
    }

    /// Whether every row was understood: nothing refused, bad, unusable or doubtful, and no status unknown.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.objects_refused == 0
            && self.bad_rows == 0
            && self.unusable == 0
            && self.other_status == 0
            && self.doubtful_sightings == 0
    }

    /// Notes the unknown columns of one object, however often it names them.
    pub(crate) fn unknown_columns(&mut self, names: &[String]) {
        for name in names {
            self.unknown_columns.insert(name.clone(), 1);
        }
        self.bound_unknown();
    }

    /// Whichever parts are merged in whichever order, the first names by order are left, with all of their objects.
    fn bound_unknown(&mut self) {
        while self.unknown_columns.len() > MOST_UNKNOWN {
            self.unknown_columns.pop_last();
        }
    }

    /// Counts a bad row.
    #[cold]
    pub(crate) fn bad_row(&mut self, key: &str, line: (Unit, u64), fault: &RowFault) {
        self.rows += 1;
        self.bad_rows += 1;
        self.note(key, line, || fault.to_string());
    }

    /// Counts a row that lacks the value of a field; `rows` is the caller's.
    #[cold]
    pub(crate) fn unusable(&mut self, key: &str, line: (Unit, u64), field: Field) {
        self.unusable += 1;
        self.note(key, line, || format!("{} is \"-\"", field.name()));
    }

    /// Counts a row of a status that nobody knows; `rows` is the caller's.
    #[cold]
    pub(crate) fn other_status(&mut self, key: &str, line: (Unit, u64), status: &[u8]) {
        self.other_status += 1;
        self.note(key, line, || format!("log-status is {:?}", quoted(status)));
    }

    /// Lines come in order, so the first faults are the ones to keep.
    fn note(&mut self, key: &str, (unit, line): (Unit, u64), reason: impl FnOnce() -> String) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(Fault {
                key: key.to_owned(),
                unit,
                line,
                reason: reason(),
            });
        }
    }

    /// The tally of an object that is left out.
    pub(crate) fn refused(window: Option<&Window>, key: &str, reason: String) -> Self {
        Self {
            objects_refused: 1,
            faults: vec![Fault {
                key: key.to_owned(),
                unit: Unit::Line,
                line: 0,
                reason,
            }],
            ..Self::none_of(window)
        }
    }
}
