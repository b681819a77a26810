//! The pages of one column in one row group, one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Buf, Bytes};
use parquet::basic::Compression;
use parquet::column::page::{Page, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length, SerializedPageReader};
use parquet::schema::types::ColumnDescPtr;

use super::schema::Extent;
use super::{Failure, MOST_PAGE, Place, guarded};
use crate::parquet_claims::check_page_header;

/// Most bytes of a page's header.
const MOST_HEADER: u64 = 256 << 10;

/// A column's bytes, and how far its pages have been read.
#[derive(Debug)]
pub(super) struct Chunk {
    description: ColumnDescPtr,
    pub(super) compression: Compression,
    /// Where the next page stands, and where the last one ends.
    at: u64,
    end: u64,
    /// Bytes that are asked of a source at a time.
    together: u64,
    window: Bytes,
    window_at: u64,
    /// Whether the window is a copy.
    is_fetched: bool,
}

impl Chunk {
    pub(super) fn new(description: ColumnDescPtr, extent: &Extent, together: usize) -> Self {
        Self {
            description,
            compression: extent.compression,
            at: extent.from,
            end: extent.to,
            together: together as u64,
            window: Bytes::new(),
            window_at: extent.from,
            is_fetched: false,
        }
    }

    /// Bytes of memory that are its own.
    pub(super) fn held(&self) -> usize {
        if self.is_fetched { self.window.len() } else { 0 }
    }

    /// Lets go of the file's bytes.
    pub(super) fn let_go(&mut self) {
        self.window = Bytes::new();
        self.at = self.end;
    }

    /// The next page, its values as compressed as they stand there, in at most `most` bytes; `None` behind the last one.
    pub(super) fn next(&mut self, place: &mut Place<'_>, most: usize) -> Result<Option<Page>, Failure> {
        let most = most as u64;
        if self.at >= self.end {
            return Ok(None);
        }
        if self.at >= self.window_end() {
            self.fetch(place, self.together)?;
        }
        loop {
            let view = Arc::new(View {
                bytes: self.window.clone(),
                at: self.window_at,
                taken: AtomicU64::new(self.at),
            });
            // As if nothing were compressed: the crate would inflate without a bound.
            let length = i64::try_from(self.end - self.at).unwrap_or(i64::MAX);
            let chunk = ColumnChunkMetaData::builder(Arc::clone(&self.description))
                .set_compression(Compression::UNCOMPRESSED)
                .set_data_page_offset(i64::try_from(self.at).unwrap_or(i64::MAX))
                .set_total_compressed_size(length);
            let page = guarded(|| {
                let chunk = chunk.build()?;
                SerializedPageReader::new(Arc::clone(&view), &chunk, 0, None)?.get_next_page()
            });
            let taken = view.taken.load(Ordering::Relaxed);
            match page {
                Ok(Some(page)) => {
                    self.at = taken;
                    return Ok(Some(page));
                }
                Ok(None) => {
                    self.at = self.end;
                    return Ok(None);
                }
                // It may only be that the page is longer than what is at hand.
                Err(failure) if self.window_end() < self.end => {
                    let (wanted, at_hand) = (taken.saturating_sub(self.at), self.window_end() - self.at);
                    if wanted > most + MOST_HEADER {
                        return Err(Failure::larger("a page", most as usize, MOST_PAGE));
                    }
                    if wanted.max(MOST_HEADER) <= at_hand {
                        return Err(failure);
                    }
                    self.fetch(place, wanted.max(self.together))?;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    fn window_end(&self) -> u64 {
        self.window_at + self.window.len() as u64
    }

    /// Has the bytes from the next page on at hand.
    fn fetch(&mut self, place: &mut Place<'_>, wanted: u64) -> Result<(), Failure> {
        let to = if place.is_memory() {
            self.end
        } else {
            self.end.min(self.at.saturating_add(wanted))
        };
        self.window = Bytes::new();
        self.window = place.read(self.at, to)?;
        self.window_at = self.at;
        self.is_fetched = !place.is_memory();
        Ok(())
    }
}

/// Some of a file's bytes under their places in the file.
#[derive(Debug)]
struct View {
    bytes: Bytes,
    at: u64,
    /// Where what has been asked for ends.
    taken: AtomicU64,
}

impl View {
    fn from(&self, start: u64) -> Result<Bytes, ParquetError> {
        let from = start
            .checked_sub(self.at)
            .and_then(|from| usize::try_from(from).ok());
        match from.filter(|&from| from <= self.bytes.len()) {
            Some(from) => Ok(self.bytes.slice(from..)),
            None => Err(ends_early()),
        }
    }
}

impl Length for View {
    fn len(&self) -> u64 {
        self.at + self.bytes.len() as u64
    }
}

impl ChunkReader for View {
    type T = bytes::buf::Reader<Bytes>;

    /// A page's header is read in this way, and nothing else.
    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let bytes = self.from(start)?;
        check_page_header(&bytes)?;
        Ok(bytes.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.taken
            .store(start.saturating_add(length as u64), Ordering::Relaxed);
        let bytes = self.from(start)?;
        if bytes.len() < length {
            return Err(ends_early());
        }
        Ok(bytes.slice(..length))
    }
}

fn ends_early() -> ParquetError {
    ParquetError::EOF("a page ends too early".to_owned())
}
