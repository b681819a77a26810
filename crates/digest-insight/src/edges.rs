//! The edges of a stored digest, one after another: inflated and read on a thread of its own, a few batches ahead.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use digest_core::{DigestLine, DigestLines, DigestRow, LineFault, TextError, read_digest_text};
use thiserror::Error;

/// Batches that are read ahead, of some hundred kilobytes each: so many that of two digests which are read in turn neither waits
/// for the other's thread to be woken.
const AHEAD: usize = 12;

/// Why a digest cannot be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// Its bytes cannot be read or inflated.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A line is none of a digest's.
    #[error("line {line}: {fault}")]
    Line {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// A line does not come behind the one before.
    #[error(
        "line {line} does not come behind the line before it in the order of digests: digests that are compared or \
         merged have to be sorted, and those of the Go service are not"
    )]
    Order {
        /// The line, from 1.
        line: u64,
    },
    /// No thread could be started.
    #[error("no thread can be started: {0}")]
    Thread(io::Error),
}

/// A stored digest as it is read.
#[derive(Debug)]
pub struct Edges {
    batches: Receiver<Result<DigestLines, ReadError>>,
    /// Batches on their way back, to be used again.
    used: SyncSender<DigestLines>,
    batch: DigestLines,
    at: usize,
}

impl Edges {
    /// A digest (gzip, or plain text) whose edges are wanted in whatever order they come.
    ///
    /// # Errors
    /// [`ReadError`] of the first lines.
    pub fn unsorted(source: impl Read + Send + 'static) -> Result<Self, ReadError> {
        Self::open(Box::new(source), false)
    }

    /// A digest whose edges have to come in the order of digests, each once.
    ///
    /// # Errors
    /// [`ReadError`] of the first lines.
    pub fn sorted(source: impl Read + Send + 'static) -> Result<Self, ReadError> {
        Self::open(Box::new(source), true)
    }

    fn open(source: Box<dyn Read + Send>, sorted: bool) -> Result<Self, ReadError> {
        let (sender, batches) = sync_channel(AHEAD);
        let (used, pool) = sync_channel(AHEAD);
        let reading = move || read(source, sorted, &sender, &pool);
        let named = thread::Builder::new().name("digest".to_owned());
        named.spawn(reading).map_err(ReadError::Thread)?;
        let mut edges = Self {
            batches,
            used,
            batch: DigestLines::default(),
            at: 0,
        };
        edges.next_batch()?;
        Ok(edges)
    }

    /// The line at hand; `None` once all have been taken.
    #[inline]
    #[must_use]
    pub fn line(&self) -> Option<DigestLine<'_>> {
        Some(self.row()?.line())
    }

    /// The same, of which only what is asked for is put in words.
    #[inline]
    #[must_use]
    pub fn row(&self) -> Option<DigestRow<'_>> {
        self.batch.row(self.at)
    }

    /// Goes on to the next line.
    ///
    /// # Errors
    /// [`ReadError`]: what was handed out before is not to be trusted either.
    #[inline]
    pub fn advance(&mut self) -> Result<(), ReadError> {
        self.at += 1;
        if self.at >= self.batch.len() {
            self.next_batch()?;
        }
        Ok(())
    }

    /// Hands every line that is left to `take`.
    ///
    /// # Errors
    /// [`ReadError`], and what `take` returns.
    pub fn for_each<E: From<ReadError>>(
        &mut self,
        mut take: impl FnMut(&DigestLine<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(line) = self.line() {
            take(&line)?;
            self.advance()?;
        }
        Ok(())
    }

    fn next_batch(&mut self) -> Result<(), ReadError> {
        // The reading thread has gone once it has sent all there is.
        let next = self
            .batches
            .recv()
            .unwrap_or_else(|_| Ok(DigestLines::default()))?;
        let used = std::mem::replace(&mut self.batch, next);
        self.at = 0;
        // Full, or nobody reads any more: then it is dropped.
        let _ = self.used.try_send(used);
        Ok(())
    }
}

/// Reads a digest to its end, or until nobody wants the rest.
fn read(
    mut source: Box<dyn Read + Send>,
    sorted: bool,
    sender: &SyncSender<Result<DigestLines, ReadError>>,
    pool: &Receiver<DigestLines>,
) {
    let mut before = 0;
    let mut last = DigestLines::default();
    let mut failed = None;
    let read = read_digest_text(&mut source, &mut |lines| {
        let mut batch = pool.try_recv().unwrap_or_default();
        let fault = match batch.read(lines) {
            Err((line, fault)) => Some(ReadError::Line {
                line: before + line + 1,
                fault,
            }),
            Ok(()) if sorted => first_unsorted(&last, &batch).map(|at| ReadError::Order {
                line: before + at as u64 + 1,
            }),
            Ok(()) => None,
        };
        if fault.is_some() {
            failed = fault;
            return ControlFlow::Break(());
        }
        before += batch.len() as u64;
        if sorted {
            keep_last(lines, &mut last);
        }
        match sender.send(Ok(batch)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    });
    if let Some(error) = failed.or(read.err().map(ReadError::Text)) {
        // Who does not listen any more does not want to know.
        let _ = sender.send(Err(error));
    }
}

/// Keeps the last of some lines.
fn keep_last(lines: &[u8], last: &mut DigestLines) {
    let text = lines.strip_suffix(b"\n").unwrap_or(lines);
    let from = memchr::memrchr(b'\n', text).map_or(0, |at| at + 1);
    // It has been read before.
    let _ = last.read(lines.get(from..).unwrap_or_default());
}

/// The first line that does not come behind the one before it.
fn first_unsorted(last: &DigestLines, batch: &DigestLines) -> Option<usize> {
    let border = last.row(0).zip(batch.row(0));
    match border {
        Some((last, first)) if last.order(&first).is_ge() => Some(0),
        _ => batch.first_unsorted(),
    }
}
