//! A table's bytes for those who read it: of a file, or of an object in the storage bucket.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use digest_storage::{TableObject, Tables};
use digest_tables::TableSource;
use tokio::runtime::Handle;

/// What a Parquet file begins with.
const MAGIC: [u8; 4] = *b"PAR1";

/// A file.
struct OfFile {
    file: File,
    size: u64,
}

/// An object, read by ranges by threads outside the async runtime.
struct OfObject {
    tables: Tables,
    object: TableObject,
    runtime: Handle,
}

/// A file's bytes.
pub(crate) fn of_file(path: &Path) -> anyhow::Result<Arc<dyn TableSource>> {
    let unreadable = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(unreadable)?;
    let size = file.metadata().with_context(unreadable)?.len();
    Ok(Arc::new(OfFile { file, size }))
}

/// An object's bytes.
pub(crate) fn of_object(tables: Tables, object: TableObject) -> Arc<dyn TableSource> {
    Arc::new(OfObject {
        tables,
        object,
        runtime: Handle::current(),
    })
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

impl TableSource for OfObject {
    fn size(&self) -> u64 {
        self.object.size
    }

    fn read_at(&self, at: u64, length: usize) -> io::Result<Bytes> {
        let range = at..at + length as u64;
        let read = self.runtime.block_on(self.tables.read(&self.object, range));
        let bytes = read.map_err(io::Error::other)?;
        if bytes.len() == length {
            Ok(bytes)
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
}
