//! Runs kept in memory, for checks that spill.

use std::io::{self, Cursor, Read, Write};
use std::sync::Arc;

use crate::spill::{Budget, Spill, SpillWriter, SpilledRun};

/// Keeps runs in memory.
#[derive(Debug, Default)]
pub struct HeldRuns;

struct Writer(Vec<u8>);

#[derive(Debug)]
struct Run(Arc<[u8]>);

impl HeldRuns {
    /// A budget of so many bytes, beyond which groups are kept here.
    #[must_use]
    pub fn budget(bytes: usize) -> Budget {
        Budget {
            bytes,
            spill: Arc::new(Self),
        }
    }
}

impl Spill for HeldRuns {
    fn create(&self) -> io::Result<Box<dyn SpillWriter>> {
        Ok(Box::new(Writer(Vec::new())))
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SpillWriter for Writer {
    fn finish(self: Box<Self>) -> io::Result<Box<dyn SpilledRun>> {
        Ok(Box::new(Run(self.0.into())))
    }
}

impl SpilledRun for Run {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(Arc::clone(&self.0))))
    }
}
