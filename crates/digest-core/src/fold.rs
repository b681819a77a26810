//! Objects in, groups and tally out.

use std::io::Read;
use std::sync::Arc;

use crate::contents::InOrder;
use crate::digest::Digest;
use crate::error::FoldError;
use crate::folder::Folder;
use crate::layout::Layout;
use crate::memory::Compact;
#[cfg(feature = "testing")]
use crate::regular::Regular;
use crate::spill::Budget;
use crate::tables::Tables;
use crate::tally::ObjectTally;
#[cfg(feature = "testing")]
use crate::vector::Level;
use crate::window::Window;

/// How records are folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldOptions {
    /// Only records that start in this window count; `None`: all.
    pub window: Option<Window>,
    /// What a row that makes no sense does.
    pub bad_rows: BadRows,
    /// Longest row in bytes, without its newline. A longer one is a bad row and is never held in memory.
    pub max_row: usize,
    /// Most columns of a header, or of a Parquet file's schema. An object with more is none that can be digested.
    pub max_columns: usize,
    /// Most bytes of text for each byte of an object, once the text is longer than 16 MiB. An object that gives more is
    /// taken for corrupt.
    pub max_ratio: u64,
    /// Whether each edge keeps a [`History`](crate::History) beside its sums.
    pub edges: bool,
    /// The columns of rows that no header stands above; a header always goes before it.
    pub layout: Layout,
}

/// What becomes of rows that do not fit their header, and of objects that are corrupt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BadRows {
    /// The first one is an error: no digest is made.
    #[default]
    Fail,
    /// They are counted, and the first few reasons kept. A corrupt object contributes nothing at all.
    Skip,
}

impl Default for FoldOptions {
    fn default() -> Self {
        Self {
            window: None,
            bad_rows: BadRows::Fail,
            max_row: 64 * 1024,
            max_columns: usize::MAX,
            max_ratio: u64::MAX,
            edges: true,
            layout: Layout::default(),
        }
    }
}

/// A digest in the making, by one thread: the group tables and the tally of the objects read so far. Folds with the
/// same options can be merged; [`fold_parallel`](crate::fold_parallel) has several threads share their tables.
#[derive(Debug)]
pub struct Fold {
    kind: Kind,
}

/// With or without a memory of each edge.
#[derive(Debug)]
enum Kind {
    Sums(Box<Folder<()>>),
    Edges(Box<Folder<Compact>>),
}

/// Does the same to either kind.
macro_rules! either {
    ($kind:expr, $folder:ident => $action:expr) => {
        match $kind {
            Kind::Sums($folder) => $action,
            Kind::Edges($folder) => $action,
        }
    };
}

impl Fold {
    /// An empty fold.
    #[must_use]
    pub fn new(options: &FoldOptions) -> Self {
        Self::within(options, None)
    }

    /// An empty fold that keeps within a budget.
    #[must_use]
    pub fn within(options: &FoldOptions, budget: Option<Budget>) -> Self {
        let kind = if options.edges {
            Kind::Edges(Box::new(Folder::new(options, &Arc::new(Tables::new(budget)))))
        } else {
            Kind::Sums(Box::new(Folder::new(options, &Arc::new(Tables::new(budget)))))
        };
        Self { kind }
    }

    /// Empty folds, one for each of the implementations that this processor can do: in plain Rust, and with its vectors.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn at_every_level(options: &FoldOptions) -> Vec<(String, Self)> {
        let at = |level: Level| {
            let mut fold = Self::new(options);
            either!(&mut fold.kind, folder => folder.regular = Regular::new(level));
            (format!("{level:?}"), fold)
        };
        Level::all().into_iter().map(at).collect()
    }

    /// Reads one whole object and folds its records. Its first bytes say what it is: gzip of any number of members, zstd
    /// of any number of frames, Parquet, or plain; and in text a flow log, an export of CloudWatch Logs or JSON documents
    /// with a message for each row. `key` is for messages only. An empty object is an object without rows.
    ///
    /// # Errors
    /// [`FoldError`]. After one, the fold holds part of the object and must not be used any further.
    pub fn read_object(&mut self, key: &str, source: &mut dyn Read) -> Result<ObjectTally, FoldError> {
        either!(&mut self.kind, folder => folder.read_object(key, &mut InOrder(source)))
    }

    /// Adds the groups and the tally of another fold with the same options.
    ///
    /// # Errors
    /// [`FoldError::Overflow`].
    pub fn merge(&mut self, other: Self) -> Result<(), FoldError> {
        match (&mut self.kind, other.kind) {
            (Kind::Sums(ours), Kind::Sums(theirs)) => ours.merge(*theirs),
            (Kind::Edges(ours), Kind::Edges(theirs)) => ours.merge(*theirs),
            (Kind::Sums(ours), Kind::Edges(theirs)) => ours.merge(*theirs),
            (Kind::Edges(ours), Kind::Sums(theirs)) => ours.merge(*theirs),
        }
    }

    /// What has been read so far.
    #[must_use]
    pub fn tally(&self) -> &ObjectTally {
        either!(&self.kind, folder => folder.tally())
    }

    /// Sorts the groups into a digest.
    ///
    /// # Errors
    /// [`FoldError::Overflow`], [`FoldError::Spill`].
    pub fn finish(self) -> Result<Digest, FoldError> {
        either!(self.kind, folder => {
            let (tables, gathered) = folder.finish()?;
            Digest::new(&tables, gathered, 1)
        })
    }
}
