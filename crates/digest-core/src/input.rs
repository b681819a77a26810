//! An object's bytes as they arrive: buffered, counted, and with the source's own failures kept apart.

use std::io::{self, BufRead, Read};

/// Bytes asked of the source at a time.
const BUFFER: usize = 128 * 1024;

/// A buffered source. An inflater that reads from it sees only that it failed; [`Input::failure`] says why.
pub(crate) struct Input<'s> {
    source: &'s mut dyn Read,
    /// What of it has been read and not yet consumed stands between `start` and `end`.
    buffer: &'s mut Vec<u8>,
    start: usize,
    end: usize,
    taken: u64,
    failure: Option<io::Error>,
}

impl<'s> Input<'s> {
    /// A source whose first `read` bytes stand in `buffer` already.
    pub(crate) fn after(buffer: &'s mut Vec<u8>, read: usize, source: &'s mut dyn Read) -> Self {
        buffer.resize(read.max(BUFFER), 0);
        Self {
            source,
            buffer,
            start: 0,
            end: read,
            taken: 0,
            failure: None,
        }
    }

    /// The next bytes without consuming them: `count` of them (few) unless the source ends before.
    pub(crate) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        if self.end - self.start < count {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        while self.end - self.start < count {
            if self.refill()? == 0 {
                break;
            }
        }
        let ready = (self.end - self.start).min(count);
        Ok(self
            .buffer
            .get(self.start..self.start + ready)
            .unwrap_or_default())
    }

    /// Bytes consumed so far.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    /// The source's own error, once it has failed.
    pub(crate) fn failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Reads once behind what is buffered.
    fn refill(&mut self) -> io::Result<usize> {
        let stop = self.buffer.len().min(self.end + BUFFER);
        let room = self.buffer.get_mut(self.end..stop).unwrap_or_default();
        match read_some(self.source, room) {
            Ok(read) => {
                self.end += read;
                Ok(read)
            }
            Err(error) => {
                self.failure = Some(error);
                Err(io::Error::other("the source failed"))
            }
        }
    }
}

/// Reads once, however often the system interrupts.
pub(crate) fn read_some(source: &mut dyn Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

impl Read for Input<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            self.refill()?;
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.taken += count as u64;
    }
}
