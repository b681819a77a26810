//! Several tables of edges as one: the table of the union of their records.

use std::cmp::Ordering;
use std::io::Write;

use digest_core::Edge;

use crate::edge_schema::SCHEMA;
use crate::merging::cursor::Cursor;
use crate::merging::edges_writer::EdgesWriter;
use crate::merging::error::MergeTablesError;
use crate::reading::edges_table::EdgesTable;
use crate::sealing::{Sealing, TableSummary};

/// Merges tables of edges whose windows share no record into one. Edges of several are added up; what is written is, byte for
/// byte, what [`write_edges`](crate::write_edges) makes of the digest of all records.
///
/// # Errors
/// [`MergeTablesError`].
pub fn merge_edges(
    tables: Vec<EdgesTable>,
    out: &mut (dyn Write + Send),
) -> Result<TableSummary, MergeTablesError> {
    let mut by_account = true;
    for (table, number) in tables.iter().zip(1..) {
        if let Some(column) = table.missing() {
            return Err(MergeTablesError::Column {
                table: number,
                column,
            });
        }
        let stands = table.is_by_account();
        by_account &= stands.map_err(|error| MergeTablesError::Read { table: number, error })?;
    }
    let mut cursors = Vec::with_capacity(tables.len());
    for (table, number) in tables.into_iter().zip(1..) {
        cursors.push(Cursor::new(table, number, by_account)?);
    }
    let mut sealing = Sealing::new(out);
    let mut writer = EdgesWriter::new(sealing.file(SCHEMA)?)?;
    let mut same = Vec::new();
    // The cursors that have edges left, the least last.
    let mut order: Vec<usize> = (0..cursors.len()).collect();
    order.retain(|at| cursors.get(*at).is_some_and(|cursor| cursor.key().is_some()));
    order.sort_by(|one, other| compare(&cursors, *other, *one));
    while let Some(first) = order.pop() {
        same.clear();
        same.push(first);
        while let Some(next) = order.last()
            && compare(&cursors, first, *next) == Ordering::Equal
        {
            same.push(*next);
            order.pop();
        }
        if let Some((edge, region)) = sum(&cursors, &same)? {
            writer.push(&edge, region)?;
        }
        for &at in &same {
            if let Some(cursor) = cursors.get_mut(at) {
                cursor.advance()?;
            }
            put_back(&cursors, &mut order, at);
        }
    }
    let rows = writer.finish()?;
    Ok(sealing.finish(rows).map_err(crate::error::TableError::Io)?)
}

/// Puts a cursor to its place among the others, if it has edges left: mostly it is again among the least.
fn put_back(cursors: &[Cursor], order: &mut Vec<usize>, at: usize) {
    if cursors.get(at).is_none_or(|cursor| cursor.key().is_none()) {
        return;
    }
    let place = order.partition_point(|other| compare(cursors, *other, at) == Ordering::Greater);
    order.insert(place, at);
}

fn compare(cursors: &[Cursor], one: usize, other: usize) -> Ordering {
    let key = |at: usize| cursors.get(at).and_then(Cursor::key);
    match (key(one), key(other)) {
        (Some(one), Some(other)) => one.order(&other),
        (one, other) => other.is_some().cmp(&one.is_some()),
    }
}

/// An edge, and the region of its objects' keys.
type Told<'c> = (Edge<'c>, Option<&'c [u8]>);

/// What several tables say of one edge.
fn sum<'c>(cursors: &'c [Cursor], same: &[usize]) -> Result<Option<Told<'c>>, MergeTablesError> {
    let mut all: Option<Told<'c>> = None;
    for cursor in same.iter().filter_map(|at| cursors.get(*at)) {
        let Some(edge) = cursor.edge() else {
            continue;
        };
        let region = cursor.region();
        match &mut all {
            None => all = Some((edge, region)),
            Some((sum, known)) => {
                sum.packets = added("packets", sum.packets, edge.packets)?;
                sum.bytes = added("bytes", sum.bytes, edge.bytes)?;
                match (&mut sum.history, edge.history) {
                    (Some(history), Some(other)) => history.merge(&other),
                    (history, other) => *history = history.or(other),
                }
                // Where keys contradict each other, nothing is said.
                if *known != region {
                    *known = None;
                }
            }
        }
    }
    Ok(all)
}

fn added(measure: &'static str, one: u64, other: u64) -> Result<u64, MergeTablesError> {
    let sum = one.checked_add(other).filter(|sum| i64::try_from(*sum).is_ok());
    sum.ok_or(MergeTablesError::Overflow { measure })
}
