//! A writer that knows the length and the hash of what went through it.

use std::fmt::Write as _;
use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

/// A table that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSummary {
    /// Rows.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
}

/// Passes bytes on.
pub(crate) struct Sealing<'o> {
    out: &'o mut (dyn Write + Send),
    bytes: u64,
    hash: Sha256,
}

impl<'o> Sealing<'o> {
    pub(crate) fn new(out: &'o mut (dyn Write + Send)) -> Self {
        Self {
            out,
            bytes: 0,
            hash: Sha256::new(),
        }
    }

    /// All has been written, in so many rows.
    pub(crate) fn finish(mut self, rows: u64) -> io::Result<TableSummary> {
        self.flush()?;
        let mut sha256 = String::with_capacity(64);
        for byte in self.hash.finalize() {
            // Writing to a string cannot fail.
            let _ = write!(sha256, "{byte:02x}");
        }
        Ok(TableSummary {
            rows,
            bytes: self.bytes,
            sha256,
        })
    }
}

impl Write for Sealing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
