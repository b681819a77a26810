//! A Parquet file that is a table of ours: its footer, and where its columns and pages are.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use digest_core::untold;
use parquet::bloom_filter::Sbbf;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::page_index::offset_index::PageLocation;

use crate::reading::error::{TableReadError, corrupt};
use crate::reading::footer;
use crate::reading::inflating::Inflaters;
use crate::reading::source::{Checked, Chunks, Reads, TableSource};

/// Most bytes that a chunk's pages inflate to: so many for each byte of the file and besides, and no more than texts have places
/// for. A frame of next to no bytes may inflate to any number of them, and any number of pages may be the same frame.
const MOST_A_BYTE: usize = 1024;
const MOST_BESIDES: usize = 16 << 20;
const MOST_INFLATED: usize = u32::MAX as usize;

/// A table's file.
pub(crate) struct TableFile {
    chunks: Chunks,
    metadata: ParquetMetaData,
    columns: HashMap<String, usize>,
    pub(crate) inflaters: Inflaters,
}

impl fmt::Debug for TableFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableFile")
            .field("rows", &self.rows())
            .finish_non_exhaustive()
    }
}

impl TableFile {
    /// Reads the footer and where pages begin.
    pub(crate) fn open(source: Arc<dyn TableSource>) -> Result<Self, TableReadError> {
        let chunks = Chunks(source);
        let metadata = footer::read(&chunks)?;
        let columns = metadata.file_metadata().schema_descr().columns().iter();
        let columns = columns
            .enumerate()
            .map(|(at, column)| (column.path().string(), at))
            .collect();
        Ok(Self {
            chunks,
            metadata,
            columns,
            inflaters: Inflaters::default(),
        })
    }

    pub(crate) fn chunks(&self) -> Chunks {
        self.chunks.clone()
    }

    /// The place of a column, where the table has it.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.get(name).copied()
    }

    /// Refuses a file that lacks one of these columns.
    pub(crate) fn demand(&self, kind: &'static str, names: &[&str]) -> Result<(), TableReadError> {
        match names.iter().find(|name| self.column(name).is_none()) {
            None => Ok(()),
            Some(missing) => Err(TableReadError::NoTable {
                kind,
                why: format!("it has no column {missing}"),
            }),
        }
    }

    pub(crate) fn groups(&self) -> usize {
        self.metadata.num_row_groups()
    }

    pub(crate) fn group(&self, group: usize) -> Result<&RowGroupMetaData, TableReadError> {
        let group = self.metadata.row_groups().get(group);
        group.ok_or_else(|| corrupt("a row group is missing"))
    }

    pub(crate) fn rows(&self) -> u64 {
        let rows = self.metadata.row_groups().iter().map(RowGroupMetaData::num_rows);
        rows.map(|rows| u64::try_from(rows).unwrap_or_default()).sum()
    }

    /// Bytes that the pages of a chunk may inflate to, all together: more than any table has in so few bytes.
    pub(crate) fn most_inflated(&self) -> usize {
        let size = usize::try_from(self.chunks.0.size()).unwrap_or(usize::MAX);
        size.saturating_mul(MOST_A_BYTE)
            .saturating_add(MOST_BESIDES)
            .min(MOST_INFLATED)
    }

    /// Where the pages of a chunk are, where the file says so.
    pub(crate) fn page_locations(&self, group: usize, column: usize) -> Option<Vec<PageLocation>> {
        let index = self.metadata.page_index()?.offset_index(group, column)?;
        Some(index.page_locations().clone())
    }

    /// Least and greatest number of a chunk, where the file says so; and how many rows have none.
    pub(crate) fn bounds(&self, group: usize, column: usize) -> (Option<(i64, i64)>, Option<u64>) {
        use parquet::file::statistics::Statistics;
        let chunk = self
            .group(group)
            .ok()
            .and_then(|group| group.columns().get(column));
        let Some(statistics) = chunk.and_then(|chunk| chunk.statistics()) else {
            return (None, None);
        };
        let bounds = match statistics {
            Statistics::Int64(values) => values.min_opt().copied().zip(values.max_opt().copied()),
            Statistics::Int32(values) => {
                let bounds = values.min_opt().copied().zip(values.max_opt().copied());
                bounds.map(|(least, greatest)| (least.into(), greatest.into()))
            }
            _ => None,
        };
        (bounds, statistics.null_count_opt())
    }

    /// The bloom filter of a chunk, where it has one.
    pub(crate) fn filter(&self, group: usize, column: usize) -> Result<Option<Sbbf>, TableReadError> {
        let group = self.group(group)?;
        let Some(chunk) = group.columns().get(column) else {
            return Ok(None);
        };
        let Some(at) = chunk.bloom_filter_offset().and_then(|at| u64::try_from(at).ok()) else {
            return Ok(None);
        };
        let source = Checked(self.chunks(), Reads::Filter(at));
        let filter = guarded(|| Sbbf::read_from_column_chunk(chunk, &source))?;
        // One without a block says nothing, and the crate looks into its first.
        Ok(filter.filter(|filter| filter.num_blocks() > 0))
    }
}

/// Calls the crate `parquet`, which asserts some of what a file says of itself where it might return an error: what panics
/// there is a corrupt file. The callers drop what they handed in.
pub(crate) fn guarded<T>(call: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, TableReadError> {
    match untold(call) {
        Some(done) => done.map_err(TableReadError::from),
        None => Err(corrupt("it contradicts itself")),
    }
}
