//! The blocking end of a fetch: a plain reader for a thread of its own.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use tokio::sync::mpsc::Receiver;

use super::fetch::Held;
use crate::error::StoreError;

/// An object's bytes as they arrive. Gives its room back as the bytes are consumed, and all of it when dropped.
///
/// A failure is an [`io::Error`] around a [`StoreError`]; nothing can be read after it.
#[derive(Debug)]
pub struct ObjectReader {
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
    pub(super) fn new(chunks: Receiver<Result<Chunk, StoreError>>) -> Self {
        Self { chunks, chunk: None }
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
                return Ok(count);
            }
            self.chunk = match self.chunks.blocking_recv() {
                Some(Ok(chunk)) => Some(chunk),
                Some(Err(error)) => return Err(io::Error::other(error)),
                None => return Ok(0),
            };
        }
    }
}
