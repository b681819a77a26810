//! An object's bytes as a fold is handed them: in order, or by their place where the source can.

use std::io::{self, Cursor, Read};
use std::sync::Arc;

use crate::others::Others;

/// An object's bytes.
///
/// Text is read in order. A Parquet file is read by its places: out of memory, once all of it has been read in order, or
/// by [`Ranges`] where the source has them.
pub trait Contents: Read {
    /// The object's ranges, where it is so large that they are better than all of it. Once one has been read, nothing
    /// more can be read in order.
    fn ranges(&mut self) -> Option<&mut dyn Ranges> {
        None
    }

    /// What other flow logs tell of the same interfaces, where any may. Then the interfaces that the object's records name
    /// are noted, and records that the others have do not count.
    fn others(&self) -> Option<Arc<dyn Others>> {
        None
    }
}

/// An object's bytes by their place.
pub trait Ranges {
    /// Bytes of the whole object.
    fn size(&self) -> u64;

    /// Fills `out` from the object's byte `at` on.
    ///
    /// # Errors
    /// The source's own; [`io::ErrorKind::UnexpectedEof`] where the object ends before.
    fn read_at(&mut self, at: u64, out: &mut [u8]) -> io::Result<()>;

    /// All that was needed has been read.
    fn end(&mut self) {}
}

/// Any reader as contents that can be read in order only.
#[derive(Debug)]
pub struct InOrder<R>(pub R);

impl<R: Read> Read for InOrder<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

impl<R: Read> Contents for InOrder<R> {}

impl Contents for &[u8] {}

impl<T: AsRef<[u8]>> Contents for Cursor<T> {}
