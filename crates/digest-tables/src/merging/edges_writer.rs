//! Writes a table of edges as they are handed in, in order: what [`write_edges`](crate::write_edges) makes of a digest that
//! has them.

use std::io::Write;

use digest_core::Edge;
use parquet::file::writer::SerializedFileWriter;

use crate::chunk::Chunks;
use crate::edge_columns::EdgeColumns;
use crate::edge_schema::FILTERED;
use crate::edges::ROWS_OF_A_GROUP;
use crate::error::TableError;
use crate::origins::Origin;
use crate::sealing::LEVEL;

/// A table on its way.
pub(crate) struct EdgesWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    columns: EdgeColumns,
    chunks: Chunks,
    /// Account, interface and region of the row before.
    here: (Vec<u8>, Vec<u8>, Option<Vec<u8>>),
    rows: u64,
}

impl<W: Write + Send> EdgesWriter<W> {
    pub(crate) fn new(file: SerializedFileWriter<W>) -> Result<Self, TableError> {
        Ok(Self {
            file,
            columns: EdgeColumns::default(),
            chunks: Chunks::new(LEVEL)?,
            here: Default::default(),
            rows: 0,
        })
    }

    /// The next row: an edge with a history, whose records were delivered there.
    pub(crate) fn push(&mut self, edge: &Edge<'_>, region: Option<&[u8]>) -> Result<(), TableError> {
        let here = &self.here;
        if self.columns.rows() == 0
            || here.1 != edge.interface_id
            || here.0 != edge.account_id
            || here.2.as_deref() != region
        {
            let text = region.map(String::from_utf8_lossy);
            let origin = Origin {
                account: None,
                region: text.as_deref(),
            };
            self.columns.begin_interface(edge, origin);
            self.here = (
                edge.account_id.to_vec(),
                edge.interface_id.to_vec(),
                region.map(<[u8]>::to_vec),
            );
        }
        self.columns.push(std::slice::from_ref(edge));
        self.rows += 1;
        if self.columns.rows() as usize == ROWS_OF_A_GROUP {
            self.group()?;
        }
        Ok(())
    }

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

    /// All have been handed in; gives how many rows there are.
    pub(crate) fn finish(mut self) -> Result<u64, TableError> {
        self.group()?;
        self.file.close()?;
        Ok(self.rows)
    }
}
