//! What a digest may be and how its rows are read: `DIGEST_MAX_WINDOW`, `DIGEST_MAX_ROW`, `DIGEST_MAX_COLUMNS`, `DIGEST_MAX_RATIO`,
//! `DIGEST_BAD_ROWS`, `DIGEST_EDGES`, `DIGEST_OVERLAP`, `VPC_FLOW_LOGS_FORMAT`, `VPC_FLOW_LOGS_LATE_ARRIVAL`.

use std::time::Duration;

use digest_core::Layout;
use serde::Deserialize;

use super::{Reader, values};

/// Several times what AWS has fields for.
const MOST_COLUMNS: u32 = 512;
/// Far above what flow logs are squeezed to, which is a tenth or a thirtieth; gzip itself cannot pass 1032.
const MOST_RATIO: u32 = 1000;

/// Settings that shape a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestSettings {
    /// Longest window that a new digest may have; at least a minute.
    pub max_window: Duration,
    /// Longest row in bytes.
    pub max_row: usize,
    /// Most columns of a header or of a Parquet file.
    pub max_columns: usize,
    /// Most bytes of text for each byte of a compressed object.
    pub max_ratio: u64,
    /// Whether rows that cannot be read are counted and left out; otherwise they fail the digest.
    pub skip_bad_rows: bool,
    /// Whether the measures per edge that the text does not show are kept; `None` where it was left to whoever needs them.
    pub edges: Option<bool>,
    /// Whether of an interface that several flow logs report on only the newest one's records count; else all do.
    pub prefer_newest: bool,
    /// The columns of rows that no header stands above.
    pub layout: Layout,
    /// How long after the window's stop objects with its records may still arrive.
    pub late_arrival: Duration,
}

#[derive(Default, Deserialize)]
pub(super) struct Raw {
    digest_max_window: Option<String>,
    digest_max_row: Option<String>,
    digest_max_columns: Option<String>,
    digest_max_ratio: Option<String>,
    digest_bad_rows: Option<String>,
    digest_edges: Option<String>,
    digest_overlap: Option<String>,
    vpc_flow_logs_format: Option<String>,
    vpc_flow_logs_late_arrival: Option<String>,
}

impl DigestSettings {
    /// Reads the variables; `None` and a note for each one at fault.
    #[must_use]
    pub fn read(reader: &Reader<'_>) -> Option<Self> {
        let raw: Raw = reader.raw();
        let default = Self::default();
        let max_window = reader.value_or(
            "DIGEST_MAX_WINDOW",
            raw.digest_max_window,
            |text| {
                values::duration(text).and_then(|length| {
                    let fits = length >= Duration::from_secs(60);
                    fits.then_some(length)
                        .ok_or_else(|| "is shorter than a minute".to_owned())
                })
            },
            default.max_window,
        );
        let max_row = reader.value_or(
            "DIGEST_MAX_ROW",
            raw.digest_max_row,
            |text| usize::try_from(values::size(text)?).map_err(|_| "is too large".to_owned()),
            default.max_row,
        );
        let count = |name, text, default| reader.value_or(name, text, values::count, default);
        let max_columns = count("DIGEST_MAX_COLUMNS", raw.digest_max_columns, MOST_COLUMNS);
        let max_ratio = count("DIGEST_MAX_RATIO", raw.digest_max_ratio, MOST_RATIO);
        let skip_bad_rows = reader.value_or(
            "DIGEST_BAD_ROWS",
            raw.digest_bad_rows,
            |text| match text {
                "fail" => Ok(false),
                "skip" => Ok(true),
                _ => Err("is neither fail nor skip".to_owned()),
            },
            default.skip_bad_rows,
        );
        let edges = reader.optional("DIGEST_EDGES", raw.digest_edges, values::switch);
        let prefer_newest = reader.value_or(
            "DIGEST_OVERLAP",
            raw.digest_overlap,
            |text| match text {
                "report" => Ok(false),
                "prefer-newest" => Ok(true),
                _ => Err("is neither report nor prefer-newest".to_owned()),
            },
            default.prefer_newest,
        );
        let layout = reader.value_or(
            "VPC_FLOW_LOGS_FORMAT",
            raw.vpc_flow_logs_format,
            |text| {
                Layout::of_format(text).map_err(|fault| format!("cannot be digested: {}", fault.of_format()))
            },
            default.layout,
        );
        let late_arrival = reader.value_or(
            "VPC_FLOW_LOGS_LATE_ARRIVAL",
            raw.vpc_flow_logs_late_arrival,
            values::duration,
            default.late_arrival,
        );
        Some(Self {
            max_window: max_window?,
            max_row: max_row?,
            max_columns: usize::try_from(max_columns?).unwrap_or(usize::MAX),
            max_ratio: u64::from(max_ratio?),
            skip_bad_rows: skip_bad_rows?,
            edges: edges?,
            prefer_newest: prefer_newest?,
            layout: layout?,
            late_arrival: late_arrival?,
        })
    }

    /// Longest window in whole minutes.
    #[must_use]
    pub fn max_window_minutes(&self) -> i64 {
        i64::try_from(self.max_window.as_secs() / 60).unwrap_or(i64::MAX)
    }
}

impl Default for DigestSettings {
    fn default() -> Self {
        Self {
            max_window: Duration::from_secs(31 * 86400),
            max_row: 64 << 10,
            max_columns: MOST_COLUMNS as usize,
            max_ratio: u64::from(MOST_RATIO),
            skip_bad_rows: false,
            edges: None,
            prefer_newest: false,
            layout: Layout::default(),
            late_arrival: Duration::from_secs(30 * 60),
        }
    }
}
