//! What is in the sample, as the JSON of `inspect` has it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use digest_core::{Container, Delivery};
use serde::Serialize;

use super::sample::Sample;

/// What is in the sample.
#[derive(Debug, Serialize)]
pub(super) struct Sampled {
    pub(super) objects: u64,
    pub(super) bytes: u64,
    pub(super) inflated_bytes: u64,
    /// Objects by how they are packed and what their rows came in.
    pub(super) containers: BTreeMap<String, u64>,
    /// Least start and greatest end of the records in the window.
    pub(super) span: Option<Span>,
    /// Accounts and regions that rows in the window name.
    pub(super) accounts: BTreeSet<String>,
    pub(super) regions: BTreeSet<String>,
    /// Versions of the records in the window.
    pub(super) versions: Vec<u32>,
    pub(super) headers: Vec<Header>,
    pub(super) records: Records,
    /// Columns of names that no field has, and in how many objects; the first few by name.
    pub(super) unknown_columns: BTreeMap<String, u64>,
    /// Objects that could not be read, and the first few reasons for whatever is amiss.
    pub(super) objects_refused: u64,
    pub(super) faults: Vec<String>,
    /// Interfaces that more than one flow log reports on: their traffic counts more than once.
    pub(super) interfaces_of_several_flow_logs: usize,
}

/// The time that records speak for.
#[derive(Debug, Serialize)]
pub(super) struct Span {
    pub(super) start: DateTime<Utc>,
    pub(super) end: DateTime<Utc>,
}

/// A header, or a table's columns, and how many objects begin with it.
#[derive(Debug, Serialize)]
pub(super) struct Header {
    /// As it stands in the objects; empty for those that have none.
    pub(super) text: String,
    pub(super) columns: usize,
    /// The version of flow logs that the columns need, be there a column for it or not; of objects without a header, those
    /// that they are read by. None where no digest can be made of them.
    pub(super) version: Option<u8>,
    pub(super) objects: u64,
}

/// Rows by their fate.
#[derive(Debug, Serialize)]
pub(super) struct Records {
    pub(super) rows: u64,
    pub(super) ok: u64,
    pub(super) nodata: u64,
    pub(super) skipdata: u64,
    pub(super) other_status: u64,
    pub(super) outside_window: u64,
    pub(super) unusable: u64,
    pub(super) bad: u64,
}

impl Sampled {
    pub(super) fn of(sample: Sample) -> Self {
        let interfaces_of_several_flow_logs = sample.interfaces_of_several();
        let tally = sample.tally;
        Self {
            objects: sample.objects,
            bytes: sample.bytes,
            inflated_bytes: tally.inflated_bytes,
            containers: sample
                .containers
                .into_iter()
                .map(|((container, delivery), objects)| (told(container, delivery), objects))
                .collect(),
            span: sample.span.and_then(|(start, end)| {
                let (start, end) = (time(start)?, time(end)?);
                Some(Span { start, end })
            }),
            accounts: sample.accounts,
            regions: sample.regions,
            versions: (0..u32::BITS)
                .filter(|version| sample.versions & (1 << version) != 0)
                .collect(),
            headers: sample
                .formats
                .into_iter()
                .map(|(format, objects)| {
                    let columns = format.columns.unwrap_or_default();
                    Header {
                        text: columns.join(" "),
                        columns: columns.len(),
                        version: format.version,
                        objects,
                    }
                })
                .collect(),
            records: Records {
                rows: tally.rows,
                ok: tally.records,
                nodata: tally.no_data,
                skipdata: tally.skip_data,
                other_status: tally.other_status,
                outside_window: tally.outside_window,
                unusable: tally.unusable,
                bad: tally.bad_rows,
            },
            unknown_columns: tally.unknown_columns,
            objects_refused: tally.objects_refused,
            faults: tally
                .faults
                .into_iter()
                .map(|fault| match fault.line {
                    0 => fault.reason,
                    line => format!("{}: {} {line}: {}", fault.key, fault.unit, fault.reason),
                })
                .collect(),
            interfaces_of_several_flow_logs,
        }
    }
}

/// How an object is packed and what its rows came in.
fn told(container: Container, delivery: Option<Delivery>) -> String {
    let packed = match container {
        Container::Plain => "text",
        Container::Gzip => "gzip",
        Container::Zstd => "zstd",
        Container::Parquet => "parquet",
    };
    let delivered = match delivery {
        None => return packed.to_owned(),
        Some(Delivery::Export) => "CloudWatch Logs export",
        Some(Delivery::Documents) => "JSON",
    };
    format!("{delivered} in {packed}")
}

fn time(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0)
}
