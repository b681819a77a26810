//! What a thread writes, on its way to the task that uploads it.

use std::io::{self, Write};

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

/// Bytes that are gathered before they are sent on; also the size of an upload's parts.
const PIECE: usize = 8 * 1024 * 1024;

/// Cuts what is written into pieces and sends them on; waits where the receiver is busy.
pub(super) struct Pieces {
    sender: mpsc::Sender<Bytes>,
    buffer: BytesMut,
}

impl Pieces {
    pub(super) fn new(sender: mpsc::Sender<Bytes>) -> Self {
        Self {
            sender,
            buffer: BytesMut::new(),
        }
    }

    /// Sends what is buffered.
    pub(super) fn send(&mut self) -> io::Result<()> {
        let piece = self.buffer.split().freeze();
        if piece.is_empty() {
            return Ok(());
        }
        self.sender
            .blocking_send(piece)
            .map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody takes what is written any more"))
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
