//! A column of a row group as Parquet has it: a dictionary's page, pages of numbers, and what indexes say of them.
//!
//! The crate writes headers, footers and indexes. What stands in the pages is made here: its writers would look up each
//! row's value where here each value is looked at once, and they know no way to be told so.

use std::io;

use bytes::Bytes;
use parquet::basic::{BoundaryOrder, Compression, Encoding, Type, ZstdLevel};
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use crate::bits;
use crate::column::NULL;
use crate::dictionary::{Bounds, Dictionary, order};

/// Rows of a page: what an engine reads at least where the page index tells it to.
const ROWS_OF_A_PAGE: usize = 16 * 1024;
/// How often a bloom filter says "may be" of a value that is not there.
const FALSE_ALARMS: f64 = 0.01;

/// A column chunk, apart from where it stands in the file.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) bytes: Bytes,
    pub(crate) close: ColumnCloseResult,
}

/// Makes chunks, one after the other, in memory that is used again.
pub(crate) struct Chunks {
    values: Dictionary,
    page: Vec<u8>,
    kept: Vec<u32>,
    zstd: zstd::bulk::Compressor<'static>,
}

impl Chunks {
    /// Chunks compressed at this level.
    pub(crate) fn new(level: i32) -> io::Result<Self> {
        Ok(Self {
            values: Dictionary::default(),
            page: Vec::new(),
            kept: Vec::new(),
            zstd: zstd::bulk::Compressor::new(level)?,
        })
    }

    /// The room for a column's values.
    pub(crate) fn values(&mut self) -> &mut Dictionary {
        &mut self.values
    }

    /// The chunk of the values in their room, of which these rows have these numbers.
    pub(crate) fn make(
        &mut self,
        of: &ColumnDescPtr,
        numbers: &[u32],
        has_filter: bool,
    ) -> Result<Chunk, ParquetError> {
        let kind = of.physical_type();
        let mut sink = TrackedWrite::new(Vec::new());
        let mut pages = Pages::new(&mut sink, kind);
        let encoding = self.encoding(numbers, kind);
        if encoding == Encoding::RLE_DICTIONARY {
            pages.dictionary(&mut self.zstd, &self.values)?;
        }
        let mut bounds = Bounds::default();
        for rows in numbers.chunks(ROWS_OF_A_PAGE) {
            let here = self.values.bounds(kind, rows);
            bounds = bounds.with(here, &self.values, kind);
            self.page.clear();
            self.fill(of, rows, encoding);
            pages.data(&mut self.zstd, &self.page, (rows.len(), encoding))?;
            pages.tell(here, &self.values);
        }
        let mut close = pages.end(of, (bounds, &self.values), (numbers, encoding))?;
        if has_filter {
            let mut filter = Sbbf::new_with_ndv_fpp(self.values.len() as u64, FALSE_ALARMS)?;
            self.values.iter().for_each(|value| filter.insert(value));
            close.bloom_filter = Some(filter);
        }
        let bytes = Bytes::from(sink.into_inner()?);
        Ok(Chunk { bytes, close })
    }

    /// What takes less room: each value once and the rows' numbers, or the rows' values.
    fn encoding(&self, numbers: &[u32], kind: Type) -> Encoding {
        let width = bits::width_of(self.values.len()) as usize;
        let by_numbers = self.values.plain.len() + numbers.len() * width / 8;
        // Where each value stands twice or more, nothing needs to be counted.
        if self.values.len() * 2 <= numbers.len() {
            return Encoding::RLE_DICTIONARY;
        }
        let present = numbers.iter().filter(|&&number| number != NULL);
        let plain: usize = present.map(|&number| self.values.size(number, kind)).sum();
        if by_numbers <= plain {
            Encoding::RLE_DICTIONARY
        } else {
            Encoding::PLAIN
        }
    }

    /// Writes the rows of a page: which have a value, and the values.
    fn fill(&mut self, of: &ColumnDescPtr, rows: &[u32], encoding: Encoding) {
        if of.max_def_level() > 0 {
            let levels: Vec<u32> = rows.iter().map(|&number| u32::from(number != NULL)).collect();
            self.page.extend_from_slice(&[0; size_of::<u32>()]);
            bits::push(&mut self.page, &levels, 1);
            let length = (self.page.len() - size_of::<u32>()) as u32;
            if let Some(place) = self.page.first_chunk_mut() {
                *place = length.to_le_bytes();
            }
        }
        self.kept.clear();
        self.kept.extend(rows.iter().filter(|&&number| number != NULL));
        if encoding == Encoding::RLE_DICTIONARY {
            let width = bits::width_of(self.values.len());
            self.page.push(width as u8);
            bits::push(&mut self.page, &self.kept, width);
            return;
        }
        for &number in &self.kept {
            let value = self.values.bytes(number);
            if of.physical_type() == Type::BYTE_ARRAY {
                self.page.extend_from_slice(&(value.len() as u32).to_le_bytes());
            }
            self.page.extend_from_slice(value);
        }
    }
}

/// A chunk's pages on their way, and what is told of them.
struct Pages<'s> {
    writer: SerializedPageWriter<'s, Vec<u8>>,
    kind: Type,
    compressed: u64,
    uncompressed: u64,
    dictionary_at: Option<u64>,
    data_at: Option<u64>,
    index: ColumnIndexBuilder,
    offsets: OffsetIndexBuilder,
    /// The last page's least and greatest value, and whether both have only risen.
    last: Option<(u32, u32)>,
    rises: bool,
}

impl<'s> Pages<'s> {
    fn new(sink: &'s mut TrackedWrite<Vec<u8>>, kind: Type) -> Self {
        Self {
            writer: SerializedPageWriter::new(sink),
            kind,
            compressed: 0,
            uncompressed: 0,
            dictionary_at: None,
            data_at: None,
            index: ColumnIndexBuilder::new(kind),
            offsets: OffsetIndexBuilder::new(),
            last: None,
            rises: true,
        }
    }

    fn dictionary(
        &mut self,
        zstd: &mut zstd::bulk::Compressor<'_>,
        values: &Dictionary,
    ) -> Result<(), ParquetError> {
        let page = Page::DictionaryPage {
            buf: compress(zstd, &values.plain)?,
            num_values: values.len() as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        let (at, _) = self.write(page, values.plain.len())?;
        self.dictionary_at = Some(at);
        Ok(())
    }

    fn data(
        &mut self,
        zstd: &mut zstd::bulk::Compressor<'_>,
        page: &[u8],
        (rows, encoding): (usize, Encoding),
    ) -> Result<(), ParquetError> {
        let length = page.len();
        let page = Page::DataPage {
            buf: compress(zstd, page)?,
            num_values: rows as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let (at, size) = self.write(page, length)?;
        self.data_at.get_or_insert(at);
        self.offsets.append_row_count(rows as i64);
        self.offsets.append_offset_and_size(at as i64, size as i32);
        Ok(())
    }

    fn write(&mut self, page: Page, length: usize) -> Result<(u64, usize), ParquetError> {
        let written = self.writer.write_page(CompressedPage::new(page, length))?;
        self.compressed += written.compressed_size as u64;
        self.uncompressed += written.uncompressed_size as u64;
        Ok((written.offset, written.compressed_size))
    }

    /// Enters a page's bounds in the index.
    fn tell(&mut self, bounds: Bounds, values: &Dictionary) {
        let bytes = |number| values.bytes(number).to_vec();
        let (least, greatest) = bounds
            .range
            .map_or((Vec::new(), Vec::new()), |(least, greatest)| {
                (bytes(least), bytes(greatest))
            });
        self.index
            .append(bounds.range.is_none(), least, greatest, bounds.nulls as i64, None);
        if let (Some(last), Some(here)) = (self.last, bounds.range) {
            let falls = |one, other| order(self.kind, values.bytes(one), values.bytes(other)).is_gt();
            self.rises &= !falls(last.0, here.0) && !falls(last.1, here.1);
        }
        self.last = bounds.range.or(self.last);
    }

    fn end(
        mut self,
        of: &ColumnDescPtr,
        (bounds, values): (Bounds, &Dictionary),
        (numbers, encoding): (&[u32], Encoding),
    ) -> Result<ColumnCloseResult, ParquetError> {
        self.writer.close()?;
        if self.rises {
            self.index.set_boundary_order(BoundaryOrder::ASCENDING);
        }
        let mut encodings = vec![Encoding::PLAIN, Encoding::RLE];
        if encoding == Encoding::RLE_DICTIONARY {
            encodings.push(encoding);
        }
        let metadata = ColumnChunkMetaData::builder(of.clone())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_encodings(encodings)
            .set_total_compressed_size(self.compressed as i64)
            .set_total_uncompressed_size(self.uncompressed as i64)
            .set_num_values(numbers.len() as i64)
            .set_dictionary_page_offset(self.dictionary_at.map(|at| at as i64))
            .set_data_page_offset(self.data_at.unwrap_or_default() as i64)
            .set_statistics(bounds.statistics(values, self.kind))
            .build()?;
        Ok(ColumnCloseResult {
            bytes_written: self.compressed,
            rows_written: numbers.len() as u64,
            metadata,
            bloom_filter: None,
            column_index: Some(self.index.build()?),
            offset_index: Some(self.offsets.build()),
        })
    }
}

fn compress(zstd: &mut zstd::bulk::Compressor<'_>, bytes: &[u8]) -> Result<Bytes, ParquetError> {
    zstd.compress(bytes).map(Bytes::from).map_err(ParquetError::from)
}
