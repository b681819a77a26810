//! The blocking end of a fetch: a plain reader for a thread of its own.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use tokio::sync::mpsc::Receiver;

use super::Counted;
use super::fetch::Held;
use crate::error::StoreError;

/// An object's bytes as they arrive. Gives its room back as the bytes are consumed, and all of it when dropped.
///
/// A failure is an [`io::Error`] around a [`StoreError`]; nothing can be read after it. Fewer bytes than were
/// listed are a failure, whatever ended the fetch: a cut object must never look like a whole one.
#[derive(Debug)]
pub struct ObjectReader {
    /// Bytes to come.
    left: u64,
    /// The object's place among those in flight, until its last byte is consumed.
    counted: Option<Counted>,
    chunks: Receiver<Result<Chunk, StoreError>>,
    chunk: Option<Chunk>,
}

/// Bytes and the room that they take.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) bytes: Bytes,
    pub(super) held: Held,
}

impl ObjectReader {
    pub(super) fn new(size: u64, counted: Counted, chunks: Receiver<Result<Chunk, StoreError>>) -> Self {
        Self {
            left: size,
            counted: Some(counted),
            chunks,
            chunk: None,
        }
    }
}

impl Read for ObjectReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(chunk) = &mut self.chunk
                && chunk.bytes.has_remaining()
            {
                let count = chunk.bytes.remaining().min(out.len());
                if let Some(out) = out.get_mut(..count) {
                    chunk.bytes.copy_to_slice(out);
                }
                chunk.held.release(count);
                self.left = self.left.saturating_sub(count as u64);
                if self.left == 0 {
                    self.counted = None;
                }
                return Ok(count);
            }
            self.chunk = match self.chunks.blocking_recv() {
                Some(Ok(chunk)) => Some(chunk),
                Some(Err(error)) => return Err(io::Error::other(error)),
                None if self.left == 0 => return Ok(0),
                None => {
                    let ended = format!("the fetch ended {} bytes early", self.left);
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, ended));
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::super::Gauge;
    use super::*;

    #[test]
    fn a_fetch_that_goes_away_is_a_failure_and_no_end() {
        let gauge = Arc::<Gauge>::default();
        let permit = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        let mut reader = ObjectReader::new(5, Counted::new(&gauge, permit), receiver);
        drop(sender);
        let failed = reader.read(&mut [0; 8]).unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(gauge.objects(), 1, "in flight until it is consumed or let go");
        drop(reader);
        assert_eq!(gauge.objects(), 0);
    }
}
