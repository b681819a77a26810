//! The table of a digest's interfaces: a row for each that a row of the window was of.

use std::io::{self, Write};

use digest_core::Digest;
use parquet::file::writer::SerializedFileWriter;

use crate::chunk::Chunks;
use crate::error::TableError;
use crate::interface_columns::{FILTERED, InterfaceColumns, schema};
use crate::origins::Origins;
use crate::sealing::{LEVEL, Sealing, TableSummary};

/// Rows of a row group, and bytes of its text, about: what is held at once.
pub(crate) const ROWS: u32 = 32 * 1024;
pub(crate) const BYTES: usize = 16 << 20;

/// Writes what the digest knows of its interfaces as one Parquet file, without ever going back in it. The same rows give
/// the same bytes for the same version and build.
///
/// # Errors
/// [`TableError::NoHistory`] for a digest that was made without [`FoldOptions::edges`](digest_core::FoldOptions), and
/// what `out` returns.
pub fn write_interfaces(
    digest: &Digest,
    origins: &Origins,
    out: &mut (dyn Write + Send),
) -> Result<TableSummary, TableError> {
    let mut sealing = Sealing::new(out);
    let file = sealing.file(&schema())?;
    let rows = write_rows(digest, origins, file)?;
    Ok(sealing.finish(rows)?)
}

fn write_rows<W: Write + Send>(
    digest: &Digest,
    origins: &Origins,
    file: SerializedFileWriter<W>,
) -> Result<u64, TableError> {
    let mut table = Table {
        file,
        chunks: Chunks::new(LEVEL)?,
        columns: InterfaceColumns::default(),
    };
    let (mut all, mut bytes) = (0, 0);
    let known = digest.for_each_interface(|interface| {
        bytes += table.columns.push(interface, origins);
        all += 1;
        if table.columns.rows() == ROWS || bytes >= BYTES {
            bytes = 0;
            table.group().map_err(io::Error::other)?;
        }
        Ok(())
    });
    // What this file wrapped is taken out again; all else is of runs or of the writer.
    if !known.map_err(|error| error.downcast::<TableError>().unwrap_or_else(TableError::Io))? {
        return Err(TableError::NoHistory);
    }
    table.group()?;
    table.file.close()?;
    Ok(all)
}

/// A table on its way.
struct Table<W: Write + Send> {
    file: SerializedFileWriter<W>,
    chunks: Chunks,
    columns: InterfaceColumns,
}

impl<W: Write + Send> Table<W> {
    /// Writes the columns as a row group, unless they are empty, and empties them.
    fn group(&mut self) -> Result<(), TableError> {
        let rows = self.columns.rows();
        if rows == 0 {
            return Ok(());
        }
        self.chunks
            .append(&mut self.file, self.columns.all(), rows, &FILTERED)?;
        self.columns.clear();
        Ok(())
    }
}
