//! A table of edges, read row group by row group, by several threads at once.

use std::sync::Arc;

use digest_core::{FACTS, FACTS_OF_EDGES};

use crate::edge_schema::SCHEMA;
use crate::interface_columns::column_of;
use crate::reading::chunk;
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

/// An account and an interface.
type Names = (Option<Vec<u8>>, Option<Vec<u8>>);

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

    /// At most so many rows of a group from one on, with all their columns; `None` where there are none.
    pub(crate) fn read_some(
        &self,
        group: usize,
        from: usize,
        most: usize,
    ) -> Result<Option<EdgeRows>, TableReadError> {
        let file = &self.0;
        let count = usize::try_from(file.group(group)?.num_rows()).unwrap_or_default();
        let rows: Vec<u32> = (from..count.min(from.saturating_add(most)))
            .map_while(|row| u32::try_from(row).ok())
            .collect();
        if rows.is_empty() {
            return Ok(None);
        }
        let rows = Rows::Some(&rows);
        EdgeRows::read(file, group, Wanted::ALL, rows, Looked::default()).map(Some)
    }

    /// Whether its rows stand by account and then by interface; else they stand as if no account had been told, which is how
    /// records are put in order whose format names none.
    pub(crate) fn is_by_account(&self) -> Result<bool, TableReadError> {
        let mut last: Option<Names> = None;
        for group in 0..self.groups() {
            let count = usize::try_from(self.0.group(group)?.num_rows()).unwrap_or_default();
            let names = ["account_id", "interface_id"].map(|name| self.0.column(name));
            let [Some(account), Some(interface)] = names else {
                return Ok(true);
            };
            if count == 0 {
                continue;
            }
            let account = chunk::read(&self.0, group, account, Rows::All(count))?;
            let interface = chunk::read(&self.0, group, interface, Rows::All(count))?;
            let mut numbers = None;
            for row in 0..count {
                let here = (account.rows.get(row), interface.rows.get(row));
                // Rows of one interface stand together.
                if numbers == Some(here) {
                    continue;
                }
                numbers = Some(here);
                let names = (
                    account.text(row).map(<[u8]>::to_vec),
                    interface.text(row).map(<[u8]>::to_vec),
                );
                if last.as_ref().is_some_and(|last| names < *last) {
                    return Ok(false);
                }
                last = Some(names);
            }
        }
        Ok(true)
    }

    /// A column of a table as this crate writes it that this one lacks. What edges tell of interfaces without a name came later than the
    /// others: where there is none, nothing is told.
    pub(crate) fn missing(&self) -> Option<&'static str> {
        let came_later = FACTS_OF_EDGES.map(|place| FACTS.get(place).map(|fact| column_of(fact)));
        let names = SCHEMA.lines().filter_map(|line| {
            let mut words = line.trim().trim_end_matches(';').split(' ');
            let is_column = matches!(words.next(), Some("optional" | "required"));
            words.nth(1).filter(|_| is_column)
        });
        let is_missing = |name: &&str| {
            let is_later = came_later.iter().flatten().any(|later| later == name);
            self.0.column(name).is_none() && !is_later
        };
        names.into_iter().find(is_missing)
    }
}
