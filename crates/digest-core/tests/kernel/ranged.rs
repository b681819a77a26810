//! A table that is read by ranges, and what was asked for.

use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use digest_core::{Contents, Ranges};

/// What was asked of a table.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    ranges: AtomicU64,
    bytes: AtomicU64,
    ends: AtomicU64,
}

/// A table.
pub(crate) struct Ranged {
    pub(crate) table: Cursor<Vec<u8>>,
    pub(crate) asked: Arc<Asked>,
}

impl Asked {
    /// Ranges that are not empty.
    pub(crate) fn ranges(&self) -> u64 {
        self.ranges.load(Ordering::Relaxed)
    }

    /// Bytes of all ranges.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How many times it was said that no more is asked for.
    pub(crate) fn ends(&self) -> u64 {
        self.ends.load(Ordering::Relaxed)
    }
}

impl Read for Ranged {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.table.read(out)
    }
}

impl Contents for Ranged {
    fn ranges(&mut self) -> Option<&mut dyn Ranges> {
        Some(self)
    }
}

impl Ranges for Ranged {
    fn size(&self) -> u64 {
        self.table.get_ref().len() as u64
    }

    fn read_at(&mut self, at: u64, out: &mut [u8]) -> io::Result<()> {
        let Asked { ranges, bytes, .. } = &*self.asked;
        ranges.fetch_add(u64::from(!out.is_empty()), Ordering::Relaxed);
        bytes.fetch_add(out.len() as u64, Ordering::Relaxed);
        let at = at as usize;
        out.copy_from_slice(&self.table.get_ref()[at..at + out.len()]);
        Ok(())
    }

    fn end(&mut self) {
        self.asked.ends.fetch_add(1, Ordering::Relaxed);
    }
}
