//! What comes between an object's text and its digest, a stage at a time: columns, tables, order.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use memchr::memchr_iter;

use crate::digest::Digest;
use crate::error::FoldError;
use crate::fold::FoldOptions;
use crate::folder::{Gathered, together};
use crate::layout::Layout;
use crate::logs::Logs;
use crate::memory::Compact;
use crate::object_rows::ObjectRows;
use crate::regular::{Regular, Terms};
use crate::tables::{Tables, lock};
use crate::vector::{Level, PAD, Padded};

/// Regular rows of one layout, cut as the kernel cuts them.
#[derive(Debug)]
pub struct Rows {
    bytes: Vec<u8>,
    layout: Layout,
    cuts: Vec<Range<usize>>,
    options: FoldOptions,
}

/// Reads rows, and forgets them.
pub struct Parser<'t> {
    rows: &'t Rows,
    regular: Regular,
    logs: Arc<Mutex<Logs<Compact>>>,
}

/// Rows that have been read.
pub struct Parsed<'t> {
    rows: &'t Rows,
    chunks: Vec<Regular>,
    tables: Arc<Tables<Compact>>,
    logs: Arc<Mutex<Logs<Compact>>>,
}

/// Records in their tables.
pub struct Folded {
    tables: Arc<Tables<Compact>>,
    gathered: Gathered,
}

impl Rows {
    /// Whole lines, of which the first is a header; `None` where it names no layout.
    #[must_use]
    pub fn new(text: &[u8]) -> Option<Self> {
        let header = memchr_iter(b'\n', text).next()?;
        let layout = Layout::from_header(text.get(..header)?).ok()?;
        let bytes = [&[0; PAD], text.get(header + 1..)?, &[0; PAD]].concat();
        let (mut from, stop) = (PAD, bytes.len() - PAD);
        let mut cuts = Vec::new();
        while from < stop {
            let to = together(&bytes, from, stop);
            cuts.push(from..to);
            from = to;
        }
        Some(Self {
            bytes,
            layout,
            cuts,
            options: FoldOptions::default(),
        })
    }

    /// Reads the columns of all rows and keeps them.
    ///
    /// # Errors
    /// As [`Parser::parse`].
    pub fn parsed(&self) -> Result<Parsed<'_>, FoldError> {
        let tables = Arc::new(Tables::new(None));
        let logs = tables.member();
        let mut chunks = Vec::with_capacity(self.cuts.len());
        for text in self.texts() {
            let mut regular = Regular::new(Level::best());
            let read = regular.read(text, self.terms(), &mut *lock(&logs))?;
            if read.is_some() {
                chunks.push(regular);
            }
        }
        Ok(Parsed {
            rows: self,
            chunks,
            tables,
            logs,
        })
    }

    fn texts(&self) -> impl Iterator<Item = Padded<'_>> {
        let text = |cut: &Range<usize>| Padded::new(&self.bytes, cut.start, cut.end);
        self.cuts.iter().filter_map(text)
    }

    fn terms(&self) -> Terms<'_> {
        Terms {
            layout: &self.layout,
            window: None,
            max_row: self.options.max_row,
            by_action: false,
            ahead: &[],
        }
    }
}

impl<'t> Parser<'t> {
    /// A parser with the best loops that this processor has, or with those in plain Rust.
    #[must_use]
    pub fn new(rows: &'t Rows, portable: bool) -> Self {
        let level = if portable { Level::Portable } else { Level::best() };
        Self {
            rows,
            regular: Regular::new(level),
            logs: Arc::new(Tables::new(None)).member(),
        }
    }

    /// Reads the columns of all rows; gives the rows that were regular.
    ///
    /// # Errors
    /// [`FoldError::Overflow`] where numbers run out.
    pub fn parse(&mut self) -> Result<u64, FoldError> {
        let mut regular = 0;
        for text in self.rows.texts() {
            let read = self
                .regular
                .read(text, self.rows.terms(), &mut *lock(&self.logs))?;
            if read.is_some() {
                regular += newlines(text) as u64;
            }
        }
        Ok(regular)
    }
}

impl Parsed<'_> {
    /// Folds all records into tables.
    ///
    /// # Errors
    /// [`FoldError::Overflow`].
    pub fn fold(self) -> Result<Folded, FoldError> {
        let mut object = ObjectRows::new(&self.rows.options, "rows", None);
        let mut logs = lock(&self.logs);
        for (regular, text) in self.chunks.iter().zip(self.rows.texts()) {
            if let Some(read) = regular.as_read(text) {
                read.fold(&mut *logs, &mut object)?;
            }
        }
        logs.flush()?;
        let gathered = Gathered {
            tally: object.tally,
            span: logs.span,
        };
        drop(logs);
        Ok(Folded {
            tables: self.tables,
            gathered,
        })
    }
}

impl Folded {
    /// Records in the tables.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.gathered.tally.records
    }

    /// Puts the tables in order.
    ///
    /// # Errors
    /// As [`Fold::finish`](crate::Fold::finish).
    pub fn sort(self, threads: usize) -> Result<Digest, FoldError> {
        Digest::new(&self.tables, self.gathered, threads)
    }
}

fn newlines(text: Padded<'_>) -> usize {
    memchr_iter(b'\n', text.lines()).count()
}

/// Their insides are the kernel's, and long.
macro_rules! opaque {
    ($($name:ident $(<$life:lifetime>)?),+) => {
        $(impl fmt::Debug for $name $(<$life>)? {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        })+
    };
}

opaque!(Parser<'_>, Parsed<'_>, Folded);
