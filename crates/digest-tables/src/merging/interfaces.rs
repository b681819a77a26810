//! Several tables of interfaces as one: the table of the union of their rows.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::Write;

use digest_core::FACTS;

use crate::chunk::Chunks;
use crate::error::TableError;
use crate::interface_columns::{FILTERED, InterfaceColumns, REGION, column_of, facts, schema};
use crate::interfaces::{BYTES, ROWS};
use crate::merging::error::MergeTablesError;
use crate::reading::interface_row::InterfaceRow;
use crate::reading::interfaces_table::InterfacesTable;
use crate::sealing::{LEVEL, Sealing, TableSummary};

const MINUTE: i64 = 60;

/// An account and an interface.
type Names = (Option<Vec<u8>>, Option<Vec<u8>>);

/// Merges tables of interfaces whose windows share no record, in the order of the windows, into that of the window `within`
/// (Unix seconds from and up to but not with; `None`: all that was reported counts).
///
/// # Errors
/// [`MergeTablesError`].
pub fn merge_interfaces(
    tables: &[InterfacesTable],
    within: Option<(i64, i64)>,
    out: &mut (dyn Write + Send),
) -> Result<TableSummary, MergeTablesError> {
    let mut read: Vec<InterfaceRow> = Vec::new();
    let mut by_account = true;
    for (table, number) in tables.iter().zip(1..) {
        let unreadable = |error| MergeTablesError::Read { table: number, error };
        for group in 0..table.groups() {
            let rows = table.read(group).map_err(unreadable)?;
            by_account &= rows.is_sorted_by(|one, other| {
                (&one.account_id, &one.interface_id) <= (&other.account_id, &other.interface_id)
            });
            read.extend(rows);
        }
    }
    let mut all: BTreeMap<Names, InterfaceRow> = BTreeMap::new();
    for row in read {
        // What has no name comes first, as in the digest. Where the format names no accounts, rows stand as if none had one.
        let account = row.account_id.clone().filter(|_| by_account);
        match all.entry((account, row.interface_id.clone())) {
            Entry::Occupied(mut earlier) => earlier.get_mut().add(row),
            Entry::Vacant(place) => {
                place.insert(row);
            }
        }
    }
    Ok(write(all.into_values(), within, out)?)
}

fn write(
    rows: impl Iterator<Item = InterfaceRow>,
    within: Option<(i64, i64)>,
    out: &mut (dyn Write + Send),
) -> Result<TableSummary, TableError> {
    let mut sealing = Sealing::new(out);
    let mut file = sealing.file(&schema())?;
    let (mut columns, mut chunks) = (InterfaceColumns::default(), Chunks::new(LEVEL)?);
    let (mut all, mut bytes) = (0, 0);
    let mut rows = rows.peekable();
    while let Some(mut row) = rows.next() {
        row.minutes_reported = minutes(&row.reported, within);
        bytes += columns.push_row(&row);
        all += 1;
        if columns.rows() < ROWS && bytes < BYTES && rows.peek().is_some() {
            continue;
        }
        bytes = 0;
        let count = columns.rows();
        chunks.append(&mut file, columns.all(), count, &FILTERED)?;
        columns.clear();
    }
    file.close()?;
    Ok(sealing.finish(all)?)
}

impl InterfaceRow {
    /// Adds what a later window says of the same interface.
    fn add(&mut self, later: Self) {
        // Where keys of objects say the region, it is one; else it is a fact as any other.
        if self.region.is_some() && later.region.is_some() && self.region != later.region {
            self.changed.push(REGION.as_bytes().to_vec());
        }
        self.region = later.region.or(self.region.take());
        self.ipv4 = self.ipv4.with(later.ipv4);
        self.ipv6 = self.ipv6.with(later.ipv6);
        self.changed.extend(later.changed);
        for (((_, name), ours), theirs) in facts().zip(&mut self.facts).zip(later.facts) {
            if ours.is_some() && theirs.is_some() && *ours != theirs {
                self.changed.push(column_of(name).into_bytes());
            }
            // The later window's word stands, if it has one.
            *ours = theirs.or(ours.take());
        }
        let place = |name: &[u8]| FACTS.iter().position(|fact| column_of(fact).as_bytes() == name);
        self.changed.sort_by_key(|name| place(name));
        self.changed.dedup();
        self.flow_log_ids.extend(later.flow_log_ids);
        self.flow_log_ids.sort_unstable();
        self.flow_log_ids.dedup();
        self.ok_records += later.ok_records;
        self.nodata_records += later.nodata_records;
        self.skipdata_records += later.skipdata_records;
        self.reported = joined(&self.reported, &later.reported);
        self.first_seen = self.first_seen.min(later.first_seen);
        self.last_seen = self.last_seen.max(later.last_seen);
    }
}

/// Spans of both, in order; those that touch are one.
fn joined(one: &[(i64, i64)], other: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut all: Vec<(i64, i64)> = one.iter().chain(other).copied().collect();
    all.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::with_capacity(all.len());
    for (from, to) in all {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// Minutes of spans inside a window.
fn minutes(spans: &[(i64, i64)], within: Option<(i64, i64)>) -> u64 {
    let (start, stop) = within.unwrap_or((i64::MIN, i64::MAX));
    let inside = spans.iter().map(|&(from, to)| {
        let (from, to) = (
            from.max(start).div_euclid(MINUTE),
            to.min(stop).div_euclid(MINUTE),
        );
        u64::try_from(to.saturating_sub(from)).unwrap_or_default()
    });
    inside.sum()
}
