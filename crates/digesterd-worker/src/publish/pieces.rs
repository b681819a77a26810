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
    /// Bytes that may still be written.
    left: u64,
    most: u64,
}

impl Pieces {
    pub(super) fn new(sender: mpsc::Sender<Bytes>) -> Self {
        Self {
            sender,
            buffer: BytesMut::new(),
            left: u64::MAX,
            most: u64::MAX,
        }
    }

    /// With a bound on all that is written; [`io::ErrorKind::FileTooLarge`] beyond it.
    pub(super) fn within(self, most: u64) -> Self {
        Self {
            left: most,
            most,
            ..self
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
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(|| {
            let told = format!(
                "it takes more than {} bytes, which is all that may be stored (DIGEST_MAX_OUTPUT)",
                self.most
            );
            io::Error::new(io::ErrorKind::FileTooLarge, told)
        })?;
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
