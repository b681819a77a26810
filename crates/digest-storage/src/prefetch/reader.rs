//! The blocking end of a fetch: a plain reader for a thread of its own.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;

use bytes::{Buf, Bytes};
use object_store::path::Path;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::Counted;
use super::fetch::{CHUNKS, Held};
use crate::error::{ErrorKind, StoreError};
use crate::place::Place;

/// An object's bytes as they arrive. Gives its room back as the bytes are consumed, and all of it when dropped.
///
/// A failure is an [`io::Error`] around a [`StoreError`]; nothing can be read after it. Fewer bytes than were
/// listed are a failure, whatever ended the fetch: a cut object must never look like a whole one.
#[derive(Debug)]
pub struct ObjectReader {
    size: u64,
    /// Bytes to come.
    left: u64,
    /// Where an object that does not come whole is asked for ranges.
    ranges: Option<Sender<Wanted>>,
    /// One has been asked for.
    by_ranges: bool,
    /// The object's place among those in flight, until its last byte is consumed.
    counted: Option<Counted>,
    chunks: Receiver<Result<Chunk, StoreError>>,
    chunk: Option<Chunk>,
}

/// Bytes and the room that they take.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) body: Body,
    pub(super) held: Held,
}

#[derive(Debug)]
pub(super) enum Body {
    Bytes(Bytes),
    File(FilePart),
}

/// A local file, at the place where a part of it begins, and that part's bytes to come.
#[derive(Debug)]
pub(super) struct FilePart {
    pub(super) file: File,
    pub(super) left: u64,
    pub(super) place: Place,
    pub(super) key: Path,
}

impl Body {
    /// Reads some; nothing at the end.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Bytes(bytes) => {
                let count = bytes.remaining().min(out.len());
                if let Some(out) = out.get_mut(..count) {
                    bytes.copy_to_slice(out);
                }
                Ok(count)
            }
            Self::File(part) => part.read(out),
        }
    }
}

impl FilePart {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(out.len());
        let out = out.get_mut(..most).unwrap_or_default();
        match self.file.read(out) {
            Ok(0) if most > 0 => Err(self.failure("the file has become shorter")),
            Ok(read) => {
                self.left -= read as u64;
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => Err(self.failure(error)),
        }
    }

    #[cold]
    fn failure(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
        io::Error::other(StoreError::new(
            ErrorKind::Unavailable,
            &self.place,
            &self.key,
            source,
        ))
    }
}

impl ObjectReader {
    pub(super) fn new(size: u64, counted: Counted, chunks: Receiver<Result<Chunk, StoreError>>) -> Self {
        Self {
            size,
            left: size,
            ranges: None,
            by_ranges: false,
            counted: Some(counted),
            chunks,
            chunk: None,
        }
    }
}

/// A range that the reader wants next, and where to send it.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) range: Range<u64>,
    pub(super) chunks: Sender<Result<Chunk, StoreError>>,
}

impl ObjectReader {
    pub(super) fn with_ranges(self, ranges: Sender<Wanted>) -> Self {
        Self {
            ranges: Some(ranges),
            ..self
        }
    }

    /// Bytes of the whole object.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether [`ObjectReader::read_at`] may be asked: of objects that are too large to come whole.
    #[must_use]
    pub fn has_ranges(&self) -> bool {
        self.ranges.is_some()
    }

    /// Fills `out` from the object's byte `at` on, within the room that the object has reserved. Nothing can be read in
    /// order afterwards.
    ///
    /// # Errors
    /// As reading in order; [`io::ErrorKind::Unsupported`] for an object that comes whole.
    pub fn read_at(&mut self, at: u64, out: &mut [u8]) -> io::Result<()> {
        if out.is_empty() {
            return Ok(());
        }
        let ranges = self.ranges.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        let end = at.saturating_add(out.len() as u64);
        if end > self.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let (sender, receiver) = channel(CHUNKS);
        let wanted = Wanted {
            range: at..end,
            chunks: sender,
        };
        if ranges.blocking_send(wanted).is_err() {
            return Err(self.why_it_ended());
        }
        // What was fetched in order gives its room back only now: the range was wanted before nobody read any more.
        (self.chunks, self.chunk) = (receiver, None);
        (self.left, self.by_ranges) = (out.len() as u64, true);
        self.read_exact(out)
    }

    /// The failure that ended the fetch.
    fn why_it_ended(&mut self) -> io::Error {
        while let Some(chunk) = self.chunks.blocking_recv() {
            if let Err(error) = chunk {
                return io::Error::other(error);
            }
        }
        io::Error::new(io::ErrorKind::UnexpectedEof, "the fetch has ended")
    }
}

impl Read for ObjectReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() || self.by_ranges && self.left == 0 {
            return Ok(0);
        }
        loop {
            if let Some(chunk) = &mut self.chunk {
                let count = chunk.body.read(out)?;
                if count > 0 {
                    chunk.held.release(count);
                    self.left = self.left.saturating_sub(count as u64);
                    if self.left == 0 && !self.by_ranges {
                        self.counted = None;
                    }
                    return Ok(count);
                }
            }
            self.chunk = match self.chunks.blocking_recv() {
                Some(Ok(chunk)) => Some(chunk),
                Some(Err(error)) => return Err(io::Error::other(error)),
                None if self.left == 0 => return Ok(0),
                None => {
                    let ended = format!("the fetch ended {} bytes early", self.left);
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, ended));
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::super::Gauge;
    use super::*;

    #[test]
    fn a_file_that_has_become_shorter_is_a_failure_and_no_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("flow.log");
        std::fs::write(&path, b"12345").unwrap();
        let mut part = FilePart {
            file: File::open(&path).unwrap(),
            left: 7,
            place: "s3://logs".parse().unwrap(),
            key: Path::from("flow.log"),
        };
        let mut out = [0; 16];
        assert_eq!(part.read(&mut out).unwrap(), 5);
        let failed = part.read(&mut out).unwrap_err().downcast::<StoreError>().unwrap();
        assert!(
            failed.is_retryable() && failed.to_string().contains("flow.log"),
            "{failed}"
        );
        // What lies behind the part is not read.
        let mut part = FilePart {
            file: File::open(&path).unwrap(),
            left: 3,
            ..part
        };
        assert_eq!(
            (part.read(&mut out).unwrap(), part.read(&mut out).unwrap()),
            (3, 0)
        );
    }

    #[test]
    fn a_fetch_that_goes_away_is_a_failure_and_no_end() {
        let gauge = Arc::<Gauge>::default();
        let permit = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let (sender, receiver) = channel(1);
        let mut reader = ObjectReader::new(5, Counted::new(&gauge, permit), receiver);
        drop(sender);
        let failed = reader.read(&mut [0; 8]).unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(gauge.objects(), 1, "in flight until it is consumed or let go");
        drop(reader);
        assert_eq!(gauge.objects(), 0);
    }
}
