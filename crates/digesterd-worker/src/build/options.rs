//! How a build works: threads, and what its rows may be.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use digest_core::{BadRows, Budget, FoldOptions, Layout, Window};

use super::room::TemporaryRoom;
use super::runs::TemporaryRuns;
use super::stopwatch::Stopwatch;

/// Which records count of an interface that several flow logs report on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhichCount {
    /// All: the manifest tells of it.
    #[default]
    All,
    /// Those of the newest flow log that reports on it; the manifest tells of it, and counts the others.
    Newest,
}

/// Options of every build of a process.
#[derive(Debug, Clone)]
pub struct BuildOptions {
    /// Threads that inflate, parse and fold. At least one runs.
    pub threads: usize,
    /// What a row that cannot be read does.
    pub bad_rows: BadRows,
    /// Longest row in bytes.
    pub max_row: usize,
    /// Most columns of a header or of a Parquet file.
    pub max_columns: usize,
    /// Most bytes of text for each byte of a compressed object.
    pub max_ratio: u64,
    /// Whether each edge keeps a history beside its sums.
    pub edges: bool,
    /// What becomes of records that several flow logs deliver.
    pub overlap: WhichCount,
    /// The columns of rows that no header stands above.
    pub layout: Layout,
    /// Bytes that the edges of one build may hold in memory; beyond them, sorted runs go to `temp_dir`.
    pub max_memory: Option<u64>,
    /// Directory for those.
    pub temp_dir: PathBuf,
    /// What all builds together may hold there.
    pub room: Arc<TemporaryRoom>,
}

impl WhichCount {
    /// As the setting has it.
    #[must_use]
    pub fn of(prefer_newest: bool) -> Self {
        if prefer_newest { Self::Newest } else { Self::All }
    }
}

impl Default for BuildOptions {
    /// As many threads as the machine runs at once; rows as an empty environment has them.
    fn default() -> Self {
        let fold = FoldOptions::default();
        Self {
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            bad_rows: fold.bad_rows,
            max_row: fold.max_row,
            max_columns: fold.max_columns,
            max_ratio: fold.max_ratio,
            edges: fold.edges,
            overlap: WhichCount::default(),
            layout: fold.layout,
            max_memory: None,
            temp_dir: std::env::temp_dir(),
            room: Arc::default(),
        }
    }
}

impl BuildOptions {
    /// The kernel's options for this window.
    pub(super) fn fold(&self, window: Option<Window>) -> FoldOptions {
        FoldOptions {
            window,
            bad_rows: self.bad_rows,
            max_row: self.max_row,
            max_columns: self.max_columns,
            max_ratio: self.max_ratio,
            edges: self.edges,
            layout: self.layout.clone(),
        }
    }

    /// How much memory a build may take, and where it goes beyond; runs are timed by the build's stopwatch.
    pub(super) fn budget(&self, stopwatch: &Arc<Stopwatch>) -> Option<Budget> {
        let bytes = usize::try_from(self.max_memory?).unwrap_or(usize::MAX);
        let runs = TemporaryRuns::new(
            self.temp_dir.clone(),
            Arc::clone(stopwatch),
            Arc::clone(&self.room),
        );
        Some(Budget {
            bytes,
            spill: Arc::new(runs),
        })
    }

    /// What the text depends on, by its variable's name.
    pub(super) fn fingerprint(&self) -> BTreeMap<String, String> {
        let bad_rows = match self.bad_rows {
            BadRows::Fail => "fail",
            BadRows::Skip => "skip",
        };
        let overlap = match self.overlap {
            WhichCount::All => "report",
            WhichCount::Newest => "prefer-newest",
        };
        [
            ("DIGEST_BAD_ROWS", bad_rows.to_owned()),
            ("DIGEST_EDGES", if self.edges { "on" } else { "off" }.to_owned()),
            ("DIGEST_OVERLAP", overlap.to_owned()),
            ("DIGEST_MAX_ROW", self.max_row.to_string()),
            (
                "VPC_FLOW_LOGS_FORMAT",
                self.layout.format().unwrap_or("default").to_owned(),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}
