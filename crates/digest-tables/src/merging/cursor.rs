//! A table of edges, row by row in its order, some rows at a time in memory.

use std::cmp::Ordering;

use digest_core::Edge;

use crate::merging::error::MergeTablesError;
use crate::reading::edge_rows::EdgeRows;
use crate::reading::edges_table::EdgesTable;

/// Rows that are held at once: two pages as this crate writes them.
const HELD: usize = 32 * 1024;

/// A place in a table.
#[derive(Debug)]
pub(crate) struct Cursor {
    table: EdgesTable,
    /// Which of the tables it is, from 1.
    number: usize,
    /// The group that is read next, and its row.
    next: (usize, usize),
    rows: Option<EdgeRows>,
    at: usize,
    /// Rows before the one at hand.
    before: u64,
    /// Whether rows stand by their accounts first.
    by_account: bool,
}

impl Cursor {
    pub(crate) fn new(table: EdgesTable, number: usize, by_account: bool) -> Result<Self, MergeTablesError> {
        let mut cursor = Self {
            table,
            number,
            next: (0, 0),
            rows: None,
            at: 0,
            before: 0,
            by_account,
        };
        cursor.read()?;
        Ok(cursor)
    }

    /// The edge at hand; `None` behind the last.
    #[inline]
    pub(crate) fn edge(&self) -> Option<Edge<'_>> {
        self.rows.as_ref()?.edge(self.at)
    }

    /// The same, as far as it takes to put it in order.
    #[inline]
    pub(crate) fn key(&self) -> Option<Edge<'_>> {
        self.key_at(self.rows.as_ref()?, self.at)
    }

    /// Where the format names no accounts, rows stand as if none had one.
    #[inline]
    fn key_at<'r>(&self, rows: &'r EdgeRows, at: usize) -> Option<Edge<'r>> {
        let mut key = rows.key(at)?;
        if !self.by_account {
            key.account_id = b"-";
        }
        Some(key)
    }

    pub(crate) fn region(&self) -> Option<&[u8]> {
        self.rows.as_ref()?.region(self.at)
    }

    /// Goes on to the next edge, which has to come behind this one.
    pub(crate) fn advance(&mut self) -> Result<(), MergeTablesError> {
        self.before += 1;
        let rows = self.rows.as_ref();
        if rows.is_some_and(|rows| self.at + 1 < rows.len()) {
            self.at += 1;
            let rows = self.rows.as_ref();
            let (last, here) = (rows.and_then(|rows| self.key_at(rows, self.at - 1)), self.key());
            return self.in_order(last.zip(here).map(|(last, here)| last.order(&here)));
        }
        let last = self.rows.take();
        let last_at = self.at;
        self.read()?;
        let last = last.as_ref().and_then(|rows| self.key_at(rows, last_at));
        let order = last.zip(self.key()).map(|(last, here)| last.order(&here));
        self.in_order(order)
    }

    fn in_order(&self, order: Option<Ordering>) -> Result<(), MergeTablesError> {
        match order {
            None | Some(Ordering::Less) => Ok(()),
            Some(_) => Err(MergeTablesError::Order {
                table: self.number,
                row: self.before + 1,
            }),
        }
    }

    /// Reads the next rows, if any are left.
    fn read(&mut self) -> Result<(), MergeTablesError> {
        self.at = 0;
        while self.next.0 < self.table.groups() {
            let (group, from) = self.next;
            let read = self.table.read_some(group, from, HELD);
            let read = read.map_err(|error| MergeTablesError::Read {
                table: self.number,
                error,
            })?;
            match read {
                Some(rows) => {
                    self.next = (group, from + rows.len());
                    self.rows = Some(rows);
                    return Ok(());
                }
                None => self.next = (group + 1, 0),
            }
        }
        Ok(())
    }
}
