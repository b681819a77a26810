//! A table's bytes by their place: in memory, or wherever ranges can be had from.

use std::io::{self, BufReader, Read};
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// Bytes that are asked of a source at once, where nobody knows how many are needed.
const PIECE: usize = 64 * 1024;

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

/// A source as the crate reads it.
#[derive(Clone)]
pub(crate) struct Chunks(pub(crate) Arc<dyn TableSource>);

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.size()
    }
}

impl ChunkReader for Chunks {
    type T = BufReader<InOrder>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let source = Arc::clone(&self.0);
        Ok(BufReader::with_capacity(PIECE, InOrder { source, at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let inside = start
            .checked_add(length as u64)
            .is_some_and(|end| end <= self.0.size());
        if !inside {
            return Err(ParquetError::EOF(format!(
                "{length} bytes from {start} on, of {}",
                self.0.size()
            )));
        }
        let read = self.0.read_at(start, length);
        read.map_err(|error| ParquetError::External(Box::new(error)))
    }
}

/// A source's bytes in order.
pub(crate) struct InOrder {
    source: Arc<dyn TableSource>,
    at: u64,
}

impl Read for InOrder {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.source.size().saturating_sub(self.at);
        let count = out.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let bytes = self.source.read_at(self.at, count)?;
        if let Some(place) = out.get_mut(..bytes.len()) {
            place.copy_from_slice(&bytes);
        }
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }
}
