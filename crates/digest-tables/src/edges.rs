//! The table of a digest's edges: row groups made on all threads, written in the digest's order.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use digest_core::{Digest, EdgeBlock};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnDescPtr;

use crate::chunk::{Chunk, Chunks};
use crate::edge_columns::EdgeColumns;
use crate::edge_schema::{FILTERED, SCHEMA};
use crate::error::TableError;
use crate::origins::Origins;
use crate::sealing::{LEVEL, Sealing, TableSummary};

/// Rows of a row group: enough for dictionaries to be worth their room, and few enough for each thread to hold one.
pub const ROWS_OF_A_GROUP: usize = 128 * 1024;

/// Writes the digest's edges as one Parquet file, without ever going back in it.
///
/// The same edges give the same bytes for the same version and build, whatever the threads. A digest without edges
/// makes a file without rows.
///
/// # Errors
/// [`TableError::NoHistory`] for a digest that was made without [`FoldOptions::edges`](digest_core::FoldOptions), and
/// what `out` returns.
pub fn write_edges(
    digest: &Digest,
    origins: &Origins,
    out: &mut (dyn Write + Send),
) -> Result<TableSummary, TableError> {
    write_edges_in_groups(digest, origins, out, ROWS_OF_A_GROUP)
}

/// The same, with so many rows to a group.
pub(crate) fn write_edges_in_groups(
    digest: &Digest,
    origins: &Origins,
    out: &mut (dyn Write + Send),
    rows: usize,
) -> Result<TableSummary, TableError> {
    let mut sealing = Sealing::new(out);
    let mut file = sealing.file(SCHEMA)?;
    let columns = file.schema_descr().columns().to_vec();
    let makers = Makers::default();
    let mut all = 0;
    let made = digest.edge_blocks(
        rows,
        |block| makers.make(&block, origins, &columns).map_err(io::Error::other),
        |group: Group| {
            all += group.rows;
            group.append(&mut file).map_err(io::Error::other)
        },
    );
    // What this file wrapped is taken out again; all else is of runs or of the writer.
    made.map_err(|error| error.downcast::<TableError>().unwrap_or_else(TableError::Io))?;
    file.close()?;
    Ok(sealing.finish(all)?)
}

/// The columns of a row group, encoded.
struct Group {
    rows: u64,
    chunks: Vec<Chunk>,
}

impl Group {
    fn append<W: Write + Send>(self, file: &mut SerializedFileWriter<W>) -> Result<(), TableError> {
        let mut group = file.next_row_group()?;
        for Chunk { bytes, close } in self.chunks {
            group.append_column(&bytes, close)?;
        }
        group.close()?;
        Ok(())
    }
}

/// Makers of row groups: as many as threads ask for one at once.
#[derive(Default)]
struct Makers(Mutex<Vec<Maker>>);

impl Makers {
    fn make(
        &self,
        block: &EdgeBlock<'_>,
        origins: &Origins,
        columns: &[ColumnDescPtr],
    ) -> Result<Group, TableError> {
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut maker = match idle {
            Some(maker) => maker,
            None => Maker::new()?,
        };
        let group = maker.group(block, origins, columns)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(maker);
        Ok(group)
    }
}

/// Whether two names are one, most often by being in one place.
#[inline]
fn same(one: &[u8], other: &[u8]) -> bool {
    std::ptr::eq(one, other) || one == other
}

/// Makes row groups, one after the other.
struct Maker {
    columns: EdgeColumns,
    chunks: Chunks,
}

impl Maker {
    fn new() -> io::Result<Self> {
        Ok(Self {
            columns: EdgeColumns::default(),
            chunks: Chunks::new(LEVEL)?,
        })
    }

    fn group(
        &mut self,
        block: &EdgeBlock<'_>,
        origins: &Origins,
        columns: &[ColumnDescPtr],
    ) -> Result<Group, TableError> {
        self.columns.clear();
        let mut has_history = true;
        let mut here: Option<(&[u8], &[u8])> = None;
        block.for_each(|edges| {
            let Some(first) = edges.first() else { return };
            let names = (first.account_id, first.interface_id);
            // Most often those before were of the same interface, and nothing needs to be read.
            if !here.is_some_and(|here| same(here.1, names.1) && same(here.0, names.0)) {
                here = Some(names);
                let origin = origins.of(first.interface_id);
                self.columns.begin_interface(first, origin);
            }
            has_history &= edges.iter().all(|edge| edge.history.is_some());
            self.columns.push(edges);
        });
        if !has_history {
            return Err(TableError::NoHistory);
        }
        let rows = self.columns.rows();
        let mut chunks = Vec::with_capacity(columns.len());
        for (column, of) in self.columns.all().into_iter().zip(columns) {
            let has_filter = FILTERED.contains(&of.name());
            chunks.push(self.chunks.make(of, column, rows, has_filter)?);
        }
        Ok(Group {
            rows: rows.into(),
            chunks,
        })
    }
}
