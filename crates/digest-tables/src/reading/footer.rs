//! A table's footer and where its pages are: nothing that they claim is believed that their bytes cannot bear out.

use std::io::Empty;

use bytes::Bytes;
use digest_core::{check_offset_index, check_schema};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::{ChunkReader, Length};

use crate::edges::ROWS_OF_A_GROUP;
use crate::reading::error::{TableReadError, corrupt};
use crate::reading::source::Chunks;
use crate::reading::table_file::guarded;

/// What a file begins and ends with.
const MAGIC: &[u8; 4] = b"PAR1";
/// Bytes at the end: the footer's length, and the magic.
const TAIL: u64 = 8;
/// Most bytes of a footer.
const MOST_FOOTER: u64 = 32 << 20;
/// Most rows of a file, for each of its bytes and besides. Runs make any number of rows of next to no bytes: only this bounds
/// what a file may claim. No two rows of a table are the same, and a row group's part of the footer alone has thousands of bytes.
const MOST_ROWS_A_BYTE: u64 = 256;
const ROWS_BESIDES: u64 = 1 << 16;
/// Most rows of a row group, whose columns are held as a whole: many times as many as ours have.
const MOST_ROWS_OF_A_GROUP: u64 = 16 * ROWS_OF_A_GROUP as u64;

/// Reads the footer and where pages are.
pub(crate) fn read(chunks: &Chunks) -> Result<ParquetMetaData, TableReadError> {
    let size = chunks.len();
    let behind = size.checked_sub(TAIL + MAGIC.len() as u64);
    let behind = behind.ok_or_else(|| corrupt("it is too short"))?;
    let tail = guarded(|| chunks.get_bytes(size - TAIL, TAIL as usize))?;
    let length = match tail.split_last_chunk() {
        Some((length, magic)) if magic == MAGIC => length.first_chunk().copied().map(u32::from_le_bytes),
        _ => None,
    };
    let length = length.ok_or_else(|| corrupt("its last bytes are not PAR1"))?;
    if u64::from(length) > behind.min(MOST_FOOTER) {
        return Err(corrupt("a footer that is larger than the file, or than any"));
    }
    let footer = guarded(|| chunks.get_bytes(size - TAIL - u64::from(length), length as usize))?;
    check_schema(&footer).map_err(|fault| corrupt(&fault.to_string()))?;
    let metadata = guarded(|| ParquetMetaDataReader::decode_metadata(&footer))?;
    check_rows(&metadata, size)?;
    with_places(metadata, chunks)
}

/// What can be counted, and is not below zero.
fn check_rows(metadata: &ParquetMetaData, size: u64) -> Result<(), TableReadError> {
    let mut left = size.saturating_mul(MOST_ROWS_A_BYTE).saturating_add(ROWS_BESIDES);
    for group in metadata.row_groups() {
        let rows = u64::try_from(group.num_rows()).ok();
        let rows = rows.filter(|&rows| rows <= MOST_ROWS_OF_A_GROUP);
        let rows = rows.ok_or_else(|| corrupt(&format!("a row group of {} rows", group.num_rows())))?;
        left = left
            .checked_sub(rows)
            .ok_or_else(|| corrupt(&format!("more rows than {size} bytes have")))?;
    }
    Ok(())
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
        check_offset_index(&index).map_err(|fault| corrupt(&fault.to_string()))?;
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
