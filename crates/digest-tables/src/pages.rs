//! A chunk's pages on their way into it, and what the file's indexes are told of them.

use std::io;

use bytes::Bytes;
use parquet::basic::{BoundaryOrder, Compression, Encoding, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

/// Compresses pages, into memory that is used again.
pub(crate) struct Zstd {
    compressor: zstd::bulk::Compressor<'static>,
    out: Vec<u8>,
}

impl Zstd {
    /// As a footer has it; the level is not told.
    pub(crate) fn compression() -> Compression {
        Compression::ZSTD(ZstdLevel::default())
    }

    pub(crate) fn new(level: i32) -> io::Result<Self> {
        Ok(Self {
            compressor: zstd::bulk::Compressor::new(level)?,
            out: Vec::new(),
        })
    }

    /// Compresses a page.
    pub(crate) fn pack(&mut self, bytes: &[u8]) -> io::Result<Packed> {
        self.out.clear();
        self.out.reserve(zstd::zstd_safe::compress_bound(bytes.len()));
        self.compressor.compress_to_buffer(bytes, &mut self.out)?;
        Ok(Packed {
            bytes: Bytes::copy_from_slice(&self.out),
            unpacked: bytes.len(),
        })
    }
}

/// A page as it is written.
pub(crate) struct Packed {
    bytes: Bytes,
    /// Bytes that it was before.
    unpacked: usize,
}

impl Packed {
    /// A page that is not compressed.
    pub(crate) fn plain(bytes: Bytes) -> Self {
        let unpacked = bytes.len();
        Self { bytes, unpacked }
    }
}

/// A chunk in the making.
pub(crate) struct Pages<'s> {
    writer: SerializedPageWriter<'s, Vec<u8>>,
    compression: Compression,
    encoding: Encoding,
    compressed: u64,
    uncompressed: u64,
    dictionary_at: Option<u64>,
    data_at: Option<u64>,
    index: ColumnIndexBuilder,
    offsets: OffsetIndexBuilder,
}

impl<'s> Pages<'s> {
    /// Pages of this encoding, compressed in this way.
    pub(crate) fn new(
        sink: &'s mut TrackedWrite<Vec<u8>>,
        of: &ColumnDescPtr,
        compression: Compression,
        encoding: Encoding,
    ) -> Self {
        Self {
            writer: SerializedPageWriter::new(sink),
            compression,
            encoding,
            compressed: 0,
            uncompressed: 0,
            dictionary_at: None,
            data_at: None,
            index: ColumnIndexBuilder::new(of.physical_type()),
            offsets: OffsetIndexBuilder::new(),
        }
    }

    /// The page of so many values, before all others.
    pub(crate) fn dictionary(&mut self, packed: Packed, values: usize) -> Result<(), ParquetError> {
        let page = |buf| Page::DictionaryPage {
            buf,
            num_values: values as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        let (at, _) = self.write(packed, page)?;
        self.dictionary_at = Some(at);
        Ok(())
    }

    /// A page of so many rows, and its bounds as they are written plainly; none where no row has a value.
    pub(crate) fn data(
        &mut self,
        packed: Packed,
        rows: u32,
        bounds: Option<[&[u8]; 2]>,
        nulls: u64,
    ) -> Result<(), ParquetError> {
        let encoding = self.encoding;
        let page = |buf| Page::DataPage {
            buf,
            num_values: rows,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let (at, size) = self.write(packed, page)?;
        self.data_at.get_or_insert(at);
        self.offsets.append_row_count(rows.into());
        self.offsets.append_offset_and_size(at as i64, size as i32);
        let [least, greatest] = bounds.unwrap_or_default().map(<[u8]>::to_vec);
        self.index
            .append(bounds.is_none(), least, greatest, nulls as i64, None);
        Ok(())
    }

    fn write(&mut self, packed: Packed, page: impl Fn(Bytes) -> Page) -> Result<(u64, usize), ParquetError> {
        let page = CompressedPage::new(page(packed.bytes), packed.unpacked);
        let written = self.writer.write_page(page)?;
        self.compressed += written.compressed_size as u64;
        self.uncompressed += written.uncompressed_size as u64;
        Ok((written.offset, written.compressed_size))
    }

    /// All pages of so many rows have come; what is said of all of them, and whether the bounds of pages have only risen.
    pub(crate) fn end(
        mut self,
        of: &ColumnDescPtr,
        statistics: Statistics,
        rises: bool,
        rows: u32,
    ) -> Result<ColumnCloseResult, ParquetError> {
        self.writer.close()?;
        if rises {
            self.index.set_boundary_order(BoundaryOrder::ASCENDING);
        }
        // Levels are runs; a dictionary's values are plain.
        let mut encodings = vec![Encoding::RLE, self.encoding];
        if self.dictionary_at.is_some() {
            encodings.push(Encoding::PLAIN);
        }
        let metadata = ColumnChunkMetaData::builder(of.clone())
            .set_compression(self.compression)
            .set_encodings(encodings)
            .set_total_compressed_size(self.compressed as i64)
            .set_total_uncompressed_size(self.uncompressed as i64)
            .set_num_values(rows.into())
            .set_dictionary_page_offset(self.dictionary_at.map(|at| at as i64))
            .set_data_page_offset(self.data_at.unwrap_or_default() as i64)
            .set_statistics(statistics)
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

/// Whether the bounds of one page after the other only rise.
pub(crate) struct Rising<T> {
    last: Option<(T, T)>,
    pub(crate) rises: bool,
}

impl<T: Copy> Rising<T> {
    pub(crate) fn new() -> Self {
        Self {
            last: None,
            rises: true,
        }
    }

    /// The next page's least and greatest value, if it has any; `falls` says whether one value is above the other.
    pub(crate) fn next(&mut self, bounds: Option<(T, T)>, falls: impl Fn(T, T) -> bool) {
        if let (Some(last), Some(here)) = (self.last, bounds) {
            self.rises &= !falls(last.0, here.0) && !falls(last.1, here.1);
        }
        self.last = bounds.or(self.last);
    }
}
