//! A writer that knows the length and the hash of what went through it.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;

use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use sha2::{Digest as _, Sha256};

use crate::error::TableError;

/// Level of compression of every table: see `docs/decisions/0011-edges-as-parquet.md`.
pub(crate) const LEVEL: i32 = 1;

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

    /// A file of this schema on its way through.
    pub(crate) fn file(&mut self, schema: &str) -> Result<SerializedFileWriter<&mut Self>, TableError> {
        let schema = Arc::new(parse_message_type(schema)?);
        let properties = WriterProperties::builder()
            .set_created_by(concat!("vpcflow-digesterd version ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        Ok(SerializedFileWriter::new(self, schema, Arc::new(properties))?)
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
