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

use super::stopwatch::Stopwatch;

/// Makes runs in a directory.
#[derive(Debug)]
pub(super) struct TemporaryRuns {
    directory: Arc<Path>,
    stopwatch: Arc<Stopwatch>,
}

/// A run being written.
struct Writer {
    file: File,
    directory: Arc<Path>,
    stopwatch: Arc<Stopwatch>,
}

/// A run.
#[derive(Debug)]
struct Run {
    file: Arc<File>,
    directory: Arc<Path>,
}

/// A run being read.
struct Reader {
    file: Arc<File>,
    directory: Arc<Path>,
    at: u64,
}

impl TemporaryRuns {
    pub(super) fn new(directory: PathBuf, stopwatch: Arc<Stopwatch>) -> Self {
        Self {
            directory: directory.into(),
            stopwatch,
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
        }))
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let begun = Instant::now();
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
        }))
    }
}

impl SpilledRun for Run {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Reader {
            file: Arc::clone(&self.file),
            directory: Arc::clone(&self.directory),
            at: 0,
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
        TemporaryRuns::new(directory.to_owned(), Arc::default())
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
}
