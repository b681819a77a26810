//! A table of edges, read row group by row group, by several threads at once.

use std::sync::Arc;

use crate::reading::condition::{Condition, Looked, rows};
use crate::reading::edge_rows::{EdgeRows, Wanted};
use crate::reading::error::{TableReadError, corrupt};
use crate::reading::source::TableSource;
use crate::reading::table_file::TableFile;
use crate::reading::values::Rows;

/// Columns without which it is no table of edges.
const NEEDED: [&str; 10] = [
    "account_id",
    "interface_id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "action",
    "packets",
    "bytes",
];

/// A table of edges.
#[derive(Debug)]
pub struct EdgesTable(TableFile);

impl EdgesTable {
    /// Opens a table: reads what stands at its end.
    ///
    /// # Errors
    /// [`TableReadError`].
    pub fn open(source: Arc<dyn TableSource>) -> Result<Self, TableReadError> {
        let file = TableFile::open(source)?;
        file.demand("edges", &NEEDED)?;
        Ok(Self(file))
    }

    /// Row groups, which are read by their number from 0.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.0.groups()
    }

    /// All its rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.0.rows()
    }

    /// Least start and greatest end of all its records, by what the file says of itself; `None` where it does not, or of a
    /// table without rows.
    #[must_use]
    pub fn seen(&self) -> Option<(i64, i64)> {
        let (first, last) = (self.0.column("first_seen")?, self.0.column("last_seen")?);
        let mut all: Option<(i64, i64)> = None;
        for group in 0..self.groups() {
            let (least, greatest) = (self.0.bounds(group, first).0?.0, self.0.bounds(group, last).0?.1);
            all = Some(all.map_or((least, greatest), |all| (all.0.min(least), all.1.max(greatest))));
        }
        all
    }

    /// The rows of a group of which every condition holds; `None` where there are none.
    ///
    /// # Errors
    /// [`TableReadError`].
    pub fn read(
        &self,
        group: usize,
        wanted: Wanted,
        conditions: &[Condition],
    ) -> Result<Option<EdgeRows>, TableReadError> {
        let file = &self.0;
        let count = file.group(group)?.num_rows();
        let count = usize::try_from(count).map_err(|_| corrupt("a row group of less than no rows"))?;
        let mut looked = Looked::default();
        let found = match count {
            0 => Some(Vec::new()),
            count => rows(conditions, file, group, count, &mut looked)?,
        };
        let wanted_rows = match &found {
            Some(rows) if rows.is_empty() => return Ok(None),
            Some(rows) if rows.len() < count => Rows::Some(rows),
            _ => Rows::All(count),
        };
        EdgeRows::read(file, group, wanted, wanted_rows, looked).map(Some)
    }
}
