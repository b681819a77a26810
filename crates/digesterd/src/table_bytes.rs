//! The bytes of a table in a file, for those who read it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use digest_tables::TableSource;

/// What a Parquet file begins with.
const MAGIC: [u8; 4] = *b"PAR1";

/// A file.
struct OfFile {
    file: File,
    size: u64,
}

/// A file's bytes.
pub(crate) fn of_file(path: &Path) -> anyhow::Result<Arc<dyn TableSource>> {
    let unreadable = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(unreadable)?;
    let size = file.metadata().with_context(unreadable)?.len();
    Ok(Arc::new(OfFile { file, size }))
}

/// Whether a file is Parquet, by its first bytes.
pub(crate) fn is_table(path: &Path) -> bool {
    let mut begin = [0; MAGIC.len()];
    let read = File::open(path).and_then(|file| file.read_exact_at(&mut begin, 0));
    read.is_ok() && begin == MAGIC
}

impl TableSource for OfFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, at: u64, length: usize) -> io::Result<Bytes> {
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, at)?;
        Ok(bytes.into())
    }
}
