//! How a build works: threads, and what its rows may be.

use std::collections::BTreeMap;

use digest_core::{BadRows, FoldOptions, Window};

/// Options of every build of a process.
#[derive(Debug, Clone)]
pub struct BuildOptions {
    /// Threads that inflate, parse and fold. At least one runs.
    pub threads: usize,
    /// What a row that cannot be read does.
    pub bad_rows: BadRows,
    /// Longest row in bytes.
    pub max_row: usize,
    /// Whether each edge keeps a history beside its sums.
    pub edges: bool,
}

impl Default for BuildOptions {
    /// As many threads as the machine runs at once; rows as an empty environment has them.
    fn default() -> Self {
        let fold = FoldOptions::default();
        Self {
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            bad_rows: fold.bad_rows,
            max_row: fold.max_row,
            edges: fold.edges,
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
            edges: self.edges,
        }
    }

    /// What the text depends on, by its variable's name.
    pub(super) fn fingerprint(&self) -> BTreeMap<String, String> {
        let bad_rows = match self.bad_rows {
            BadRows::Fail => "fail",
            BadRows::Skip => "skip",
        };
        [
            ("DIGEST_BAD_ROWS", bad_rows.to_owned()),
            ("DIGEST_EDGES", if self.edges { "on" } else { "off" }.to_owned()),
            ("DIGEST_MAX_ROW", self.max_row.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}
