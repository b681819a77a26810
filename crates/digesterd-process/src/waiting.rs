//! A stream of bytes read by a thread that may wait for it.

use std::fmt;
use std::io::{self, Read};

use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt};
use tokio::runtime::Handle;

/// Reads a stream from a thread outside the async runtime, which goes on meanwhile.
pub struct Waiting {
    stream: BoxStream<'static, io::Result<Bytes>>,
    runtime: Handle,
    piece: Bytes,
}

impl Waiting {
    /// A stream of the runtime that this is called on. Reading on one of that runtime's own threads would panic.
    #[must_use]
    pub fn new(stream: BoxStream<'static, io::Result<Bytes>>) -> Self {
        Self {
            stream,
            runtime: Handle::current(),
            piece: Bytes::new(),
        }
    }
}

impl Read for Waiting {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.runtime.block_on(self.stream.next()) {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let count = self.piece.len().min(out.len());
        let taken = self.piece.split_to(count);
        taken.as_ref().read(out)
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").finish_non_exhaustive()
    }
}
