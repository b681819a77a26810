//! An object's bytes on their way into a fold: counted, the waiting timed, and cut off once the build stops.
//!
//! A reader that is let go before its end means that its object failed. Where that fails the build, no
//! further object need be opened.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

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
            at_end: false,
            begun: Instant::now(),
            waited: Duration::ZERO,
        }
    }
}

impl<R: Read> Read for TimedReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.stop.is_cancelled() {
            return Err(io::Error::other("the build was stopped"));
        }
        let before = Instant::now();
        let read = self.inner.read(out);
        self.waited += before.elapsed();
        if let Ok(count) = read {
            self.progress.add_bytes(count as u64);
            self.at_end = count == 0 && !out.is_empty();
        }
        read
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
    }
}
