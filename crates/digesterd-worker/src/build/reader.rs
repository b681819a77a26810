//! An object's bytes on their way into a fold: counted, the waiting timed, and cut off once the build stops.
//!
//! A reader that is let go before its end means that its object failed. Where that fails the build, no
//! further object need be opened.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use digest_core::{Contents, Others, Ranges};
use digest_storage::ObjectReader;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::progress::ProgressCounters;
use super::stopwatch::Stopwatch;

/// Wraps an object's reader for the thread that folds it. Lives exactly as long as the folding of its object.
pub(super) struct TimedReader<R> {
    inner: R,
    progress: Arc<ProgressCounters>,
    stopwatch: Arc<Stopwatch>,
    stop: CancellationToken,
    enough: Option<CancellationToken>,
    others: Option<Arc<dyn Others>>,
    gone: Option<watch::Sender<usize>>,
    /// Bytes read so far.
    read: u64,
    at_end: bool,
    begun: Instant,
    waited: Duration,
}

impl<R: Read> TimedReader<R> {
    /// `stop` cuts the reading off; `enough` is cancelled by a reader that is let go before its end.
    pub(super) fn new(
        inner: R,
        progress: &Arc<ProgressCounters>,
        stopwatch: &Arc<Stopwatch>,
        stop: &CancellationToken,
        enough: Option<&CancellationToken>,
    ) -> Self {
        Self {
            inner,
            progress: Arc::clone(progress),
            stopwatch: Arc::clone(stopwatch),
            stop: stop.clone(),
            enough: enough.cloned(),
            others: None,
            gone: None,
            read: 0,
            at_end: false,
            begun: Instant::now(),
            waited: Duration::ZERO,
        }
    }
}

impl<R> TimedReader<R> {
    /// With what other flow logs tell of the object's interfaces.
    pub(super) fn beside(mut self, others: Option<Arc<dyn Others>>) -> Self {
        self.others = others;
        self
    }

    /// Counted once it has been let go.
    pub(super) fn counted(mut self, gone: &watch::Sender<usize>) -> Self {
        self.gone = Some(gone.clone());
        self
    }

    /// Reads somehow, unless the build was stopped, and times it.
    fn timed<T>(&mut self, read: impl FnOnce(&mut R) -> io::Result<T>) -> io::Result<T> {
        if self.stop.is_cancelled() {
            return Err(io::Error::other("the build was stopped"));
        }
        let before = Instant::now();
        let read = read(&mut self.inner);
        self.waited += before.elapsed();
        read
    }

    fn count(&mut self, bytes: u64) {
        self.progress.add_bytes(bytes);
        self.read += bytes;
    }
}

impl<R: Read> Read for TimedReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.timed(|inner| inner.read(out));
        if let Ok(count) = read {
            self.count(count as u64);
            // Reading nothing tells nothing.
            self.at_end = count == 0 && (self.at_end || !out.is_empty());
        }
        read
    }
}

impl Contents for TimedReader<ObjectReader> {
    fn ranges(&mut self) -> Option<&mut dyn Ranges> {
        if self.inner.has_ranges() { Some(self) } else { None }
    }

    fn others(&self) -> Option<Arc<dyn Others>> {
        self.others.clone()
    }
}

impl Ranges for TimedReader<ObjectReader> {
    fn size(&self) -> u64 {
        self.inner.size()
    }

    fn read_at(&mut self, at: u64, out: &mut [u8]) -> io::Result<()> {
        self.timed(|inner| inner.read_at(at, out))?;
        self.count(out.len() as u64);
        Ok(())
    }

    fn end(&mut self) {
        self.at_end = true;
        // What need not be read is done as well.
        let rest = self.inner.size().saturating_sub(self.read);
        self.progress.add_bytes(rest);
    }
}

impl<R> Drop for TimedReader<R> {
    fn drop(&mut self) {
        self.stopwatch.add_waited(self.waited);
        self.stopwatch
            .add_worked(self.begun.elapsed().saturating_sub(self.waited));
        if let Some(enough) = self.enough.as_ref().filter(|_| !self.at_end) {
            enough.cancel();
        }
        if let Some(gone) = &self.gone {
            gone.send_modify(|gone| *gone += 1);
        }
    }
}
