//! A stored table's bytes, for threads that may wait for them.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use digest_storage::{TableObject, Tables};
use digest_tables::TableSource;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::asked::Table;

/// An object, read by ranges by threads outside the async runtime.
struct OfObject {
    tables: Tables,
    object: TableObject,
    runtime: Handle,
    given_up: CancellationToken,
}

/// An object's bytes. Once it is given up nothing more can be read.
#[must_use]
pub fn of_object(tables: Tables, object: TableObject, given_up: CancellationToken) -> Table {
    Table(Arc::new(OfObject {
        tables,
        object,
        runtime: Handle::current(),
        given_up,
    }))
}

impl TableSource for OfObject {
    fn size(&self) -> u64 {
        self.object.size
    }

    fn read_at(&self, at: u64, length: usize) -> io::Result<Bytes> {
        let range = at..at + length as u64;
        let read = self.tables.read(&self.object, range);
        let read = self.runtime.block_on(self.given_up.run_until_cancelled(read));
        let read = read.ok_or_else(|| io::Error::other("the question was given up"))?;
        let bytes = read.map_err(io::Error::other)?;
        if bytes.len() == length {
            Ok(bytes)
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
}
