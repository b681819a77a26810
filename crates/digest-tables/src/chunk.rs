//! A column of a row group as Parquet has it: a dictionary's page, pages of numbers, and what indexes say of them.
//!
//! The crate writes headers, footers and indexes. What stands in the pages is made here: its writers would look up each
//! row's value where here each value is looked at once, and they know no way to be told so.

use std::io::{self, Write};

use bytes::Bytes;
use parquet::basic::{BoundaryOrder, Compression, Encoding, Type, ZstdLevel};
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{CompressedPage, Page as ParquetPage, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder};
use parquet::file::writer::{SerializedFileWriter, SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use crate::bits;
use crate::column::{AnyColumn, Rows};
use crate::dictionary::{Bounds, Dictionary};
use crate::page::{Page, Which};
use crate::runs::NULL;

/// Rows of a page: what an engine reads at least where the page index tells it to.
const ROWS_OF_A_PAGE: u32 = 16 * 1024;
/// How often a bloom filter says "may be" of a value that is not there.
const FALSE_ALARMS: f64 = 0.01;

/// A column chunk, apart from where it stands in the file.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) bytes: Bytes,
    pub(crate) close: ColumnCloseResult,
}

/// Mean length of runs from which on they are written as they are, and not row by row.
const LONG_RUNS: usize = 8;

/// Makes chunks, one after the other, in memory that is used again.
pub(crate) struct Chunks {
    values: Dictionary,
    each: Vec<u32>,
    page: Page,
    zstd: Zstd,
}

impl Chunks {
    /// Chunks compressed at this level.
    pub(crate) fn new(level: i32) -> io::Result<Self> {
        Ok(Self {
            values: Dictionary::default(),
            each: Vec::new(),
            page: Page::default(),
            zstd: Zstd {
                compressor: zstd::bulk::Compressor::new(level)?,
                out: Vec::new(),
            },
        })
    }

    /// The chunk of a column of so many rows.
    pub(crate) fn make(
        &mut self,
        of: &ColumnDescPtr,
        column: &mut dyn AnyColumn,
        rows: u32,
        has_filter: bool,
    ) -> Result<Chunk, ParquetError> {
        self.values.clear();
        let which = match column.take(&mut self.values) {
            Rows::Own => Which::Own,
            Rows::Of(runs) if runs.len() * LONG_RUNS <= rows as usize => Which::Runs(runs),
            Rows::Of(runs) => {
                runs.expand(rows, &mut self.each);
                Which::Each(&self.each)
            }
        };
        let mut sink = TrackedWrite::new(Vec::new());
        let mut pages = Pages::new(&mut sink, of);
        let encoding = encoding(&self.values, which, rows);
        if encoding == Encoding::RLE_DICTIONARY {
            pages.dictionary(&mut self.zstd, &self.values)?;
        }
        let mut all = Bounds::default();
        let mut from = 0;
        while from < rows {
            let to = rows.min(from + ROWS_OF_A_PAGE);
            let here = which.bounds(&self.values, from..to);
            all = all.with(here, &self.values);
            self.page.bytes.clear();
            if of.max_def_level() > 0 {
                self.page.push_levels(which, from..to, here.nulls);
            }
            match encoding {
                Encoding::RLE_DICTIONARY => {
                    self.page
                        .push_numbers(which, from..to, here.nulls, self.values.len());
                }
                _ => self.page.push_values(which, from..to, &self.values),
            }
            pages.data(&mut self.zstd, &self.page.bytes, to - from, encoding)?;
            pages.tell(here, &self.values);
            from = to;
        }
        let mut close = pages.end(of, (all, &self.values), rows, encoding)?;
        if has_filter {
            let mut filter = Sbbf::new_with_ndv_fpp(self.values.len() as u64, FALSE_ALARMS)?;
            self.values.iter().for_each(|value| filter.insert(value));
            close.bloom_filter = Some(filter);
        }
        let bytes = Bytes::from(sink.into_inner()?);
        Ok(Chunk { bytes, close })
    }

    /// Appends a row group of so many rows to a file, whose columns these are, in order. Those of some names get a filter.
    pub(crate) fn append<'c, W: Write + Send>(
        &mut self,
        file: &mut SerializedFileWriter<W>,
        columns: impl IntoIterator<Item = &'c mut dyn AnyColumn>,
        rows: u32,
        filtered: &[&str],
    ) -> Result<(), ParquetError> {
        let of = file.schema_descr().columns().to_vec();
        let mut group = file.next_row_group()?;
        for (column, of) in columns.into_iter().zip(&of) {
            let Chunk { bytes, close } = self.make(of, column, rows, filtered.contains(&of.name()))?;
            group.append_column(&bytes, close)?;
        }
        group.close()?;
        Ok(())
    }
}

/// What takes less room: each value once and the rows' numbers, or the rows' values.
fn encoding(values: &Dictionary, which: Which<'_>, rows: u32) -> Encoding {
    let rows = rows as usize;
    // Where each value stands twice or more, nothing needs to be counted.
    if values.len() * 2 <= rows {
        return Encoding::RLE_DICTIONARY;
    }
    let present = match which {
        Which::Each(numbers) => numbers.iter().filter(|&&number| number != NULL).count(),
        Which::Own | Which::Runs(_) => rows,
    };
    let by_numbers = values.plain.len() + rows * bits::width_of(values.len()) as usize / 8;
    if by_numbers <= values.size_of(present) {
        Encoding::RLE_DICTIONARY
    } else {
        Encoding::PLAIN
    }
}

/// Compresses pages into memory that is used again.
struct Zstd {
    compressor: zstd::bulk::Compressor<'static>,
    out: Vec<u8>,
}

impl Zstd {
    fn compress(&mut self, bytes: &[u8]) -> Result<Bytes, ParquetError> {
        self.out.clear();
        self.out.reserve(zstd::zstd_safe::compress_bound(bytes.len()));
        self.compressor.compress_to_buffer(bytes, &mut self.out)?;
        Ok(Bytes::copy_from_slice(&self.out))
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
    fn new(sink: &'s mut TrackedWrite<Vec<u8>>, of: &ColumnDescPtr) -> Self {
        let kind = of.physical_type();
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

    fn dictionary(&mut self, zstd: &mut Zstd, values: &Dictionary) -> Result<(), ParquetError> {
        let page = ParquetPage::DictionaryPage {
            buf: zstd.compress(&values.plain)?,
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
        zstd: &mut Zstd,
        page: &[u8],
        rows: u32,
        encoding: Encoding,
    ) -> Result<(), ParquetError> {
        let length = page.len();
        let page = ParquetPage::DataPage {
            buf: zstd.compress(page)?,
            num_values: rows,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let (at, size) = self.write(page, length)?;
        self.data_at.get_or_insert(at);
        self.offsets.append_row_count(rows.into());
        self.offsets.append_offset_and_size(at as i64, size as i32);
        Ok(())
    }

    fn write(&mut self, page: ParquetPage, length: usize) -> Result<(u64, usize), ParquetError> {
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
            let falls = |one, other| values.order(one, other).is_gt();
            self.rises &= !falls(last.0, here.0) && !falls(last.1, here.1);
        }
        self.last = bounds.range.or(self.last);
    }

    fn end(
        mut self,
        of: &ColumnDescPtr,
        (bounds, values): (Bounds, &Dictionary),
        rows: u32,
        encoding: Encoding,
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
            .set_num_values(rows.into())
            .set_dictionary_page_offset(self.dictionary_at.map(|at| at as i64))
            .set_data_page_offset(self.data_at.unwrap_or_default() as i64)
            .set_statistics(bounds.statistics(values, self.kind))
            .build()?;
        Ok(ColumnCloseResult {
            bytes_written: self.compressed,
            rows_written: rows.into(),
            metadata,
            bloom_filter: None,
            column_index: Some(self.index.build()?),
            offset_index: Some(self.offsets.build()),
        })
    }
}
