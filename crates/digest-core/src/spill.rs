//! What a digest does with more groups than its memory may hold: it hands them out in sorted runs and takes them back
//! in order. Where runs are kept is the caller's affair; this crate knows no files.

use std::fmt::Debug;
use std::io::{self, Read, Write};
use std::sync::Arc;

/// How much memory the groups of a digest may take, and where they go beyond it.
#[derive(Debug, Clone)]
pub struct Budget {
    /// Bytes for tables, logs of records, and names. Each thread holds the text of one object besides.
    pub bytes: usize,
    /// Where runs are kept.
    pub spill: Arc<dyn Spill>,
}

/// A place for runs.
pub trait Spill: Send + Sync + Debug {
    /// Begins a run.
    ///
    /// # Errors
    /// Whatever keeps a run from being begun; it should say where.
    fn create(&self) -> io::Result<Box<dyn SpillWriter>>;
}

/// A run being written.
pub trait SpillWriter: Write + Send {
    /// Ends the run.
    ///
    /// # Errors
    /// Whatever keeps it from being read back.
    fn finish(self: Box<Self>) -> io::Result<Box<dyn SpilledRun>>;
}

/// A run that is kept until it is dropped.
pub trait SpilledRun: Send + Sync + Debug {
    /// Reads it from its begin.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    fn open(&self) -> io::Result<Box<dyn Read + Send>>;
}
