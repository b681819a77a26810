//! Sorted runs of edges that did not fit memory, in files that have no name.
//!
//! A file is unlinked as soon as it is made, so that nothing is left behind whatever becomes of the process: the
//! system takes its room back with its last handle. There is nothing to clean, and no living neighbour to spare.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use digest_core::{Spill, SpillWriter, SpilledRun};

use super::room::{Share, TemporaryRoom};
use super::stopwatch::Stopwatch;

/// Makes runs in a directory.
#[derive(Debug)]
pub(super) struct TemporaryRuns {
    directory: Arc<Path>,
    stopwatch: Arc<Stopwatch>,
    room: Arc<TemporaryRoom>,
}

/// A run being written.
struct Writer {
    file: File,
    directory: Arc<Path>,
    stopwatch: Arc<Stopwatch>,
    share: Share,
}

/// A run.
#[derive(Debug)]
struct Run {
    file: Arc<File>,
    directory: Arc<Path>,
    /// Shared with those who read it: they keep the file.
    share: Arc<Share>,
}

/// A run being read.
struct Reader {
    file: Arc<File>,
    directory: Arc<Path>,
    at: u64,
    _share: Arc<Share>,
}

impl TemporaryRuns {
    pub(super) fn new(directory: PathBuf, stopwatch: Arc<Stopwatch>, room: Arc<TemporaryRoom>) -> Self {
        Self {
            directory: directory.into(),
            stopwatch,
            room,
        }
    }
}

impl Spill for TemporaryRuns {
    fn create(&self) -> io::Result<Box<dyn SpillWriter>> {
        let file = tempfile::tempfile_in(&self.directory).map_err(|error| told(&self.directory, &error))?;
        Ok(Box::new(Writer {
            file,
            directory: Arc::clone(&self.directory),
            stopwatch: Arc::clone(&self.stopwatch),
            share: self.room.share(),
        }))
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let begun = Instant::now();
        let room = self.share.grow(bytes.len() as u64);
        room.map_err(|error| told(&self.directory, &error))?;
        let written = self.file.write(bytes);
        self.stopwatch
            .add_spilled(begun.elapsed(), written.as_ref().copied().unwrap_or_default());
        written.map_err(|error| told(&self.directory, &error))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SpillWriter for Writer {
    fn finish(self: Box<Self>) -> io::Result<Box<dyn SpilledRun>> {
        Ok(Box::new(Run {
            file: Arc::new(self.file),
            directory: self.directory,
            share: Arc::new(self.share),
        }))
    }
}

impl SpilledRun for Run {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Reader {
            file: Arc::clone(&self.file),
            directory: Arc::clone(&self.directory),
            at: 0,
            _share: Arc::clone(&self.share),
        }))
    }
}

impl Read for Reader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(out, self.at);
        let read = read.map_err(|error| told(&self.directory, &error))?;
        self.at += read as u64;
        Ok(read)
    }
}

/// The system's error with what a person can do about it.
fn told(directory: &Path, error: &io::Error) -> io::Error {
    let what = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "give it more room, or the build more memory (DIGEST_MAX_MEMORY)"
        }
        _ => "set DIGEST_TEMP_DIR to a directory that can be written",
    };
    io::Error::new(error.kind(), format!("{}: {error}; {what}", directory.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(directory: &Path) -> TemporaryRuns {
        TemporaryRuns::new(directory.to_owned(), Arc::default(), Arc::default())
    }

    #[test]
    fn a_run_is_read_back_more_than_once_and_never_has_a_name() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = runs(directory.path()).create().unwrap();
        writer.write_all(b"some edges").unwrap();
        let run = writer.finish().unwrap();
        for _ in 0..2 {
            let mut read = String::new();
            run.open().unwrap().read_to_string(&mut read).unwrap();
            assert_eq!(read, "some edges");
        }
        assert_eq!(directory.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn a_directory_that_is_not_there_is_named_with_what_to_do() {
        let Err(error) = runs(Path::new("/nowhere/at/all")).create() else {
            panic!("a run was begun nowhere");
        };
        let told = error.to_string();
        assert!(told.starts_with("/nowhere/at/all: "), "{told}");
        assert!(
            told.ends_with("set DIGEST_TEMP_DIR to a directory that can be written"),
            "{told}"
        );
    }

    #[test]
    fn all_runs_together_keep_to_their_room_and_give_it_back() {
        let directory = tempfile::tempdir().unwrap();
        let room = Arc::new(TemporaryRoom::new(100));
        let runs = || TemporaryRuns::new(directory.path().to_owned(), Arc::default(), Arc::clone(&room));
        let mut first = runs().create().unwrap();
        first.write_all(&[0; 60]).unwrap();
        let first = first.finish().unwrap();
        let reader = first.open().unwrap();
        let mut second = runs().create().unwrap();
        let refused = second.write_all(&[0; 60]).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::QuotaExceeded);
        assert!(refused.to_string().contains("DIGEST_MAX_TEMP"), "{refused}");
        drop((first, second));
        let mut third = runs().create().unwrap();
        assert!(third.write_all(&[0; 60]).is_err(), "the first file is still read");
        drop((third, reader));
        runs().create().unwrap().write_all(&[0; 100]).unwrap();
    }
}
