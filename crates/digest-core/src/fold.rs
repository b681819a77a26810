//! Objects in, groups and tally out: the loop over an object's rows.

use std::io::Read;

use memchr::memchr;

use crate::block::{Block, Blocks};
use crate::digest::Digest;
use crate::error::{FoldError, LayoutFault, RowFault};
use crate::flow_record::{Span, Verdict, judge};
use crate::inflate::{Text, TextFailure};
use crate::layout::{Layout, tokens};
use crate::table::Table;
use crate::tally::ObjectTally;
use crate::window::Window;

/// How records are folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoldOptions {
    /// Only records that start in this window count; `None`: all.
    pub window: Option<Window>,
    /// What a row that makes no sense does.
    pub bad_rows: BadRows,
    /// Longest row in bytes, without its newline. A longer one is a bad row and is never held in memory.
    pub max_row: usize,
    /// Whether each edge keeps a [`History`](crate::History) beside its sums.
    pub edges: bool,
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
            edges: true,
        }
    }
}

/// A digest in the making: the group table and the tally of the objects read so far. One per thread; merge them.
#[derive(Debug)]
pub struct Fold {
    options: FoldOptions,
    table: Table,
    tally: ObjectTally,
}

impl Fold {
    /// An empty fold.
    #[must_use]
    pub fn new(options: &FoldOptions) -> Self {
        Self {
            options: *options,
            table: Table::new(options.edges),
            tally: ObjectTally::none_of(options.window.as_ref()),
        }
    }

    /// Reads one whole object (gzip of any number of members, or plain text, by its first bytes) and folds its
    /// records. `key` is for messages only. An empty object is an object without rows.
    ///
    /// # Errors
    /// [`FoldError`]. After one, the fold holds part of the object and must not be used any further.
    pub fn read_object(&mut self, key: &str, source: &mut dyn Read) -> Result<ObjectTally, FoldError> {
        let tally = match self.options.bad_rows {
            BadRows::Fail => Pass::over(&self.options, &mut self.table, key, source)?,
            BadRows::Skip => self.read_leniently(key, source)?,
        };
        self.tally.merge(&tally);
        Ok(tally)
    }

    /// Adds the groups and the tally of another fold with the same options.
    ///
    /// # Errors
    /// [`FoldError::Overflow`].
    pub fn merge(&mut self, other: Self) -> Result<(), FoldError> {
        self.tally.merge(&other.tally);
        self.table.merge(other.table)
    }

    /// What has been read so far.
    #[must_use]
    pub fn tally(&self) -> &ObjectTally {
        &self.tally
    }

    /// Number of edges so far.
    #[must_use]
    pub fn edges(&self) -> usize {
        self.table.len()
    }

    /// Sorts the groups into a digest.
    ///
    /// # Errors
    /// [`FoldError::Overflow`].
    pub fn finish(self) -> Result<Digest, FoldError> {
        Ok(Digest::new(self.table.into_parts(), self.tally))
    }

    /// Folds into a table of the object's own, which is merged only once the object has proved sound.
    fn read_leniently(&mut self, key: &str, source: &mut dyn Read) -> Result<ObjectTally, FoldError> {
        let mut table = Table::new(self.options.edges);
        match Pass::over(&self.options, &mut table, key, source) {
            Ok(tally) => {
                self.table.merge(table)?;
                Ok(tally)
            }
            Err(error) if error.is_of_contents() => {
                let window = self.options.window.as_ref();
                Ok(ObjectTally::refused(window, key, error.to_string()))
            }
            Err(error) => Err(error),
        }
    }
}

/// One object on its way into a table.
struct Pass<'a> {
    options: &'a FoldOptions,
    table: &'a mut Table,
    key: &'a str,
    layout: Layout,
    /// Lines read so far.
    line: u64,
    tally: ObjectTally,
}

impl<'a> Pass<'a> {
    fn over(
        options: &'a FoldOptions,
        table: &'a mut Table,
        key: &'a str,
        source: &mut dyn Read,
    ) -> Result<ObjectTally, FoldError> {
        let mut pass = Self {
            options,
            table,
            key,
            layout: Layout::default_format(),
            line: 0,
            tally: ObjectTally::none_of(options.window.as_ref()),
        };
        let text = Text::open(source).map_err(|failure| pass.failed(failure))?;
        let mut blocks = Blocks::new(text, options.max_row);
        while let Some(block) = blocks.next().map_err(|failure| pass.failed(failure))? {
            match block {
                Block::Lines(lines) => pass.lines(lines)?,
                Block::TooLong => {
                    pass.line += 1;
                    pass.too_long()?;
                }
            }
        }
        pass.tally.objects = 1;
        pass.tally.source_bytes = blocks.taken();
        pass.tally.inflated_bytes = blocks.inflated();
        Ok(pass.tally)
    }

    fn lines(&mut self, mut lines: &[u8]) -> Result<(), FoldError> {
        while !lines.is_empty() {
            let line = match memchr(b'\n', lines).and_then(|at| lines.split_at_checked(at)) {
                Some((line, rest)) => {
                    lines = rest.get(1..).unwrap_or_default();
                    line
                }
                None => std::mem::take(&mut lines),
            };
            self.line += 1;
            self.line(line)?;
        }
        Ok(())
    }

    #[inline]
    fn line(&mut self, line: &[u8]) -> Result<(), FoldError> {
        if line.len() > self.options.max_row {
            return self.too_long();
        }
        let verdict = match judge(line, &self.layout, self.options.window.as_ref()) {
            Ok(verdict) => verdict,
            Err(_) if tokens(line).next().is_none() => return Ok(()),
            Err(fault) => return self.refuse(fault),
        };
        match verdict {
            Verdict::Counted(record) => {
                self.table.add(&record)?;
                self.tally.records += 1;
                self.tally.minutes.mark(record.span.start, record.span.end);
            }
            Verdict::Header => return self.header(line),
            Verdict::Outside => self.tally.outside_window += 1,
            Verdict::NoData(span) => {
                self.tally.no_data += 1;
                if let Some(Span { start, end }) = span {
                    self.tally.minutes.mark(start, end);
                }
            }
            Verdict::SkipData => self.tally.skip_data += 1,
            Verdict::OtherStatus(status) => self.tally.other_status(self.key, self.line, status),
            Verdict::Unusable(field) => self.tally.unusable(self.key, self.line, field),
        }
        self.tally.rows += 1;
        Ok(())
    }

    #[cold]
    fn header(&mut self, line: &[u8]) -> Result<(), FoldError> {
        self.layout = Layout::from_header(line).map_err(|reason| self.not_flow_log(self.line, reason))?;
        self.tally.headers += 1;
        Ok(())
    }

    #[cold]
    fn too_long(&mut self) -> Result<(), FoldError> {
        self.refuse(RowFault::TooLong {
            most: self.options.max_row,
        })
    }

    #[cold]
    fn refuse(&mut self, reason: RowFault) -> Result<(), FoldError> {
        match self.options.bad_rows {
            BadRows::Fail => Err(FoldError::BadRow {
                key: self.key.to_owned(),
                line: self.line,
                reason,
            }),
            BadRows::Skip => {
                self.tally.bad_row(self.key, self.line, &reason);
                Ok(())
            }
        }
    }

    #[cold]
    fn failed(&self, failure: TextFailure) -> FoldError {
        let key = self.key.to_owned();
        match failure {
            TextFailure::Source(source) => FoldError::Read { key, source },
            TextFailure::Corrupt(reason) => FoldError::Corrupt { key, reason },
            TextFailure::Parquet => self.not_flow_log(1, LayoutFault::Parquet),
        }
    }

    #[cold]
    fn not_flow_log(&self, line: u64, reason: LayoutFault) -> FoldError {
        FoldError::NotFlowLog {
            key: self.key.to_owned(),
            line,
            reason,
        }
    }
}
