//! A table's bytes by their place: in memory, or wherever ranges can be had from. What the crate `parquet` reads as a header is
//! looked at before.

use std::io;
use std::sync::Arc;

use bytes::buf::Reader;
use bytes::{Buf, Bytes};
use digest_core::{check_filter_header, check_page_header};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// Bytes that are asked of a source at once, where nobody knows how many are needed.
const PIECE: usize = 64 * 1024;
/// Most bytes of a page's header.
const MOST_HEADER: usize = 256 * 1024;

/// A table's bytes by their place, for several threads at once.
pub trait TableSource: Send + Sync {
    /// Bytes of the whole table.
    fn size(&self) -> u64;

    /// Bytes from a place on.
    ///
    /// # Errors
    /// The source's own; [`io::ErrorKind::UnexpectedEof`] where the table ends before.
    fn read_at(&self, at: u64, length: usize) -> io::Result<Bytes>;
}

impl TableSource for Bytes {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, at: u64, length: usize) -> io::Result<Bytes> {
        let from = usize::try_from(at).ok();
        let range = from.and_then(|from| Some(from..from.checked_add(length)?));
        match range.filter(|range| range.end <= self.len()) {
            Some(range) => Ok(self.slice(range)),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// A table's bytes, a range at a time.
#[derive(Clone)]
pub(crate) struct Chunks(pub(crate) Arc<dyn TableSource>);

impl Chunks {
    pub(crate) fn len(&self) -> u64 {
        self.0.size()
    }

    pub(crate) fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let inside = start
            .checked_add(length as u64)
            .is_some_and(|end| end <= self.len());
        if !inside {
            return Err(ParquetError::EOF(format!(
                "{length} bytes from {start} on, of {}",
                self.len()
            )));
        }
        let read = self.0.read_at(start, length);
        read.map_err(|error| ParquetError::External(Box::new(error)))
    }
}

/// What the crate reads of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reads {
    /// Pages whose places are known: each as a whole.
    PlacedPages,
    /// Pages one after the other: of each the header, then what is behind it.
    Pages,
    /// The bloom filter that begins there.
    Filter(u64),
}

/// A table as the crate reads it: no header that has not been looked at.
pub(crate) struct Checked(pub(crate) Chunks, pub(crate) Reads);

impl Length for Checked {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for Checked {
    type T = Reader<Bytes>;

    /// Only pages' headers are read in this way.
    fn get_read(&self, start: u64) -> Result<Self::T> {
        let left = usize::try_from(self.len().saturating_sub(start)).unwrap_or(usize::MAX);
        let mut bytes = self.0.get_bytes(start, left.min(PIECE))?;
        let mut checked = check_page_header(&bytes);
        if checked.is_err() && bytes.len() < left.min(MOST_HEADER) {
            // It may only be longer than most.
            bytes = self.0.get_bytes(start, left.min(MOST_HEADER))?;
            checked = check_page_header(&bytes);
        }
        checked?;
        Ok(bytes.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let bytes = self.0.get_bytes(start, length)?;
        match self.1 {
            Reads::PlacedPages => check_page_header(&bytes)?,
            Reads::Filter(at) if at == start => check_filter_header(&bytes)?,
            Reads::Pages | Reads::Filter(_) => {}
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_may_be_longer_than_a_piece() {
        // A data page's: its statistics' greatest value is a text.
        let length = PIECE as u32 + 5;
        let varint = [
            length as u8 | 0x80,
            (length >> 7) as u8 | 0x80,
            (length >> 14) as u8,
        ];
        let header = [
            &[
                0x15, 0, 0x15, 80, 0x15, 80, 0x2c, 0x15, 2, 0x15, 0, 0x15, 6, 0x15, 6, 0x1c, 0x58,
            ],
            &varint[..],
            &vec![b'a'; length as usize],
            &[0, 0, 0],
        ]
        .concat();
        let table = |header: &[u8]| Checked(Chunks(Arc::new(Bytes::copy_from_slice(header))), Reads::Pages);
        assert!(table(&header).get_read(0).is_ok());
        assert!(table(&header[..header.len() - 1]).get_read(0).is_err());
    }

    #[test]
    fn a_header_that_would_be_counted_on_for_good_is_not_read() {
        // A field of no known number: a list of what is true or false, each in no byte at all, before one of 2^31 - 1 of them.
        let endless: &[u8] = &[0xf9, 0x11, 0xf9, 0xf1, 0xff, 0xff, 0xff, 0xff, 7, 0, 0, 0];
        let table = |reads| Checked(Chunks(Arc::new(Bytes::from_static(endless))), reads);
        assert!(table(Reads::Pages).get_read(0).is_err());
        assert!(table(Reads::PlacedPages).get_bytes(0, endless.len()).is_err());
        assert!(table(Reads::Filter(0)).get_bytes(0, endless.len()).is_err());
        // What is behind a header is no header.
        assert!(table(Reads::Pages).get_bytes(0, endless.len()).is_ok());
        assert!(table(Reads::Filter(0)).get_bytes(1, 5).is_ok());
    }
}
