//! A table's footer and where its pages are: nothing that they claim is believed that their bytes cannot bear out.

use std::io::Empty;

use bytes::Bytes;
use digest_core::{FOOTER_TAIL, check_footer, check_offset_index, check_rows, footer_length, footer_tail};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::{ChunkReader, Length};

use crate::edges::ROWS_OF_A_GROUP;
use crate::reading::error::{TableReadError, corrupt};
use crate::reading::source::Chunks;
use crate::reading::table_file::guarded;

/// Most bytes of a footer.
const MOST_FOOTER: u64 = 32 << 20;
/// Most rows of a row group, whose columns are held as a whole: many times as many as ours have.
const MOST_ROWS_OF_A_GROUP: i64 = 16 * ROWS_OF_A_GROUP as i64;

/// Reads the footer and where pages are.
pub(crate) fn read(chunks: &Chunks) -> Result<ParquetMetaData, TableReadError> {
    let size = chunks.len();
    let end = footer_tail(size)?;
    let tail = guarded(|| chunks.get_bytes(end, FOOTER_TAIL as usize))?;
    let length = footer_length(&tail, size)?;
    if length > MOST_FOOTER {
        return Err(corrupt("a footer that is larger than any"));
    }
    let footer = guarded(|| chunks.get_bytes(end - length, length as usize))?;
    check_footer(&footer)?;
    let metadata = guarded(|| ParquetMetaDataReader::decode_metadata(&footer))?;
    check_rows(&metadata, size)?;
    check_groups(&metadata)?;
    with_places(metadata, chunks)
}

/// No row group has more rows than are held at once.
fn check_groups(metadata: &ParquetMetaData) -> Result<(), TableReadError> {
    let mut rows = metadata.row_groups().iter().map(|group| group.num_rows());
    match rows.find(|&rows| rows > MOST_ROWS_OF_A_GROUP) {
        Some(rows) => Err(corrupt(&format!("a row group of {rows} rows"))),
        None => Ok(()),
    }
}

/// Adds where the pages are, which is read once for all columns.
fn with_places(metadata: ParquetMetaData, chunks: &Chunks) -> Result<ParquetMetaData, TableReadError> {
    let groups = metadata.row_groups().iter();
    let places = groups
        .flat_map(|group| group.columns())
        .filter_map(ColumnChunkMetaData::offset_index_range);
    let places: Vec<_> = places.collect();
    let (Some(from), Some(to)) = (
        places.iter().map(|place| place.start).min(),
        places.iter().map(|place| place.end).max(),
    ) else {
        return Ok(metadata);
    };
    // Each chunk has its own: one that stands for many would be held as often.
    let all = places.iter().map(|place| place.end - place.start).sum::<u64>();
    let length = usize::try_from(to - from).ok().filter(|_| all <= to - from);
    let length = length.ok_or_else(|| corrupt("places of pages that lie upon each other"))?;
    let held = Held {
        size: chunks.len(),
        from,
        bytes: guarded(|| chunks.get_bytes(from, length))?,
    };
    for place in &places {
        let index = guarded(|| held.get_bytes(place.start, (place.end - place.start) as usize))?;
        check_offset_index(&index)?;
    }
    guarded(|| {
        let mut reader = ParquetMetaDataReader::new_with_metadata(metadata)
            .with_column_index_policy(PageIndexPolicy::Skip)
            .with_offset_index_policy(PageIndexPolicy::Optional);
        reader.read_page_indexes(&held)?;
        reader.finish()
    })
}

/// Some bytes of a file that have been read, by their places in it.
struct Held {
    size: u64,
    from: u64,
    bytes: Bytes,
}

impl Length for Held {
    fn len(&self) -> u64 {
        self.size
    }
}

impl ChunkReader for Held {
    type T = Empty;

    fn get_read(&self, start: u64) -> ParquetResult<Empty> {
        Err(ParquetError::EOF(format!("from {start} on nothing is held")))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let from = start
            .checked_sub(self.from)
            .and_then(|from| usize::try_from(from).ok());
        let range = from.and_then(|from| Some(from..from.checked_add(length)?));
        match range.filter(|range| range.end <= self.bytes.len()) {
            Some(range) => Ok(self.bytes.slice(range)),
            None => Err(ParquetError::EOF(format!(
                "{length} bytes from {start} on are not held"
            ))),
        }
    }
}
