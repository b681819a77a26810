//! Where a digest goes: stdout, or a file that is there only once it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process;

use anyhow::Context;
use digest_core::{Digest, GzipSummary};
use digest_insight::{Conversion, Format};
use tempfile::NamedTempFile;
use tokio::signal::unix::{SignalKind, signal};

use crate::stdout;

mod early_sync;

/// Where bytes go.
#[derive(Debug)]
pub(crate) enum Output {
    /// stdout, as text.
    Stdout,
    /// Something that is there and is no file, such as a pipe: it cannot be put in place by renaming.
    Device(File, PathBuf),
    /// A file beside its target until it is whole.
    File(NamedTempFile, PathBuf),
}

/// What was written of a digest.
#[derive(Debug)]
pub(crate) struct Written {
    /// Lines of its text.
    pub(crate) lines: u64,
    /// Where it was gzip and its hashes were wanted.
    pub(crate) gzip: Option<GzipSummary>,
}

impl Output {
    /// Opens the target, so that one that cannot be written is told before the work is done.
    pub(crate) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            return Ok(Self::Stdout);
        };
        let unwritable = || format!("cannot write {}", path.display());
        let target = match path.canonicalize() {
            // A link stays a link.
            Ok(target) => target,
            Err(_) => path.to_owned(),
        };
        if target.metadata().is_ok_and(|told| !told.is_file()) {
            let device = OpenOptions::new()
                .write(true)
                .open(&target)
                .with_context(unwritable)?;
            return Ok(Self::Device(device, target));
        }
        let folder = target.parent().filter(|parent| *parent != Path::new(""));
        let temporary = tempfile::Builder::new()
            .prefix(".digesterd-")
            .suffix(".tmp")
            // As any program would make it; the process's mask takes away what is not wanted.
            .permissions(fs::Permissions::from_mode(0o666))
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .with_context(unwritable)?;
        Ok(Self::File(temporary, target))
    }

    /// Removes the unfinished file if the process is told to stop.
    pub(crate) fn remove_on_signals(&self) -> io::Result<()> {
        let Self::File(temporary, _) = self else {
            return Ok(());
        };
        let path = temporary.path().to_owned();
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::spawn(async move {
            // As a shell counts a process that a signal has ended.
            let code = tokio::select! {
                _ = interrupt.recv() => 128 + 2,
                _ = terminate.recv() => 128 + 15,
            };
            let _ = fs::remove_file(path);
            process::exit(code);
        });
        Ok(())
    }

    /// Writes the digest in a format; without one as gzip where the target's name ends in `.gz`, else as text. Gzip is
    /// hashed if that is wanted. `None` where nobody wants the rest of it.
    pub(crate) fn write(
        self,
        digest: &Digest,
        format: Option<Format>,
        hashed: bool,
    ) -> anyhow::Result<Option<Written>> {
        match self {
            Self::Stdout => {
                stdout::write(|out| write_as(digest, out, format.unwrap_or(Format::Text), hashed))
                    .context("cannot write to stdout")
            }
            Self::Device(mut device, target) => {
                encode(digest, &mut device, &target, (format, hashed)).map(Some)
            }
            Self::File(temporary, target) => {
                let file = temporary.as_file();
                let written =
                    early_sync::write_to(file, |out| encode(digest, out, &target, (format, hashed)))?;
                put_in_place(temporary, &target)?;
                Ok(Some(written))
            }
        }
    }

    /// Writes what `content` writes. `None` where nobody wants the rest of it.
    pub(crate) fn write_with<T>(
        self,
        content: impl FnOnce(&mut (dyn Write + Send)) -> anyhow::Result<T>,
    ) -> anyhow::Result<Option<T>> {
        match self {
            Self::Stdout => match content(&mut io::stdout()) {
                Err(error) if is_gone(&error) => Ok(None),
                written => written.map(Some),
            },
            Self::Device(mut device, _) => content(&mut device).map(Some),
            Self::File(temporary, target) => {
                let written = early_sync::write_to(temporary.as_file(), content)?;
                put_in_place(temporary, &target)?;
                Ok(Some(written))
            }
        }
    }

    /// Whether it is stdout.
    pub(crate) fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout)
    }

    /// Writes a part of what is to come. False where nobody wants the rest.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> anyhow::Result<bool> {
        let unwritable = |target: &Path| format!("cannot write {}", target.display());
        match self {
            Self::Stdout => {
                let written = stdout::write(|out| out.write_all(bytes));
                return Ok(written.context("cannot write to stdout")?.is_some());
            }
            Self::Device(device, target) => {
                device.write_all(bytes).with_context(|| unwritable(target))?;
            }
            Self::File(temporary, target) => {
                temporary.write_all(bytes).with_context(|| unwritable(target))?;
            }
        }
        Ok(true)
    }

    /// What was appended is whole.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Stdout | Self::Device(..) => Ok(()),
            Self::File(temporary, target) => put_in_place(temporary, &target),
        }
    }

    /// Writes bytes.
    pub(crate) fn write_bytes(self, bytes: &[u8]) -> anyhow::Result<()> {
        match self {
            Self::Stdout => stdout::write(|out| out.write_all(bytes))
                .map(drop)
                .context("cannot write to stdout"),
            Self::Device(mut device, target) => device
                .write_all(bytes)
                .with_context(|| format!("cannot write {}", target.display())),
            Self::File(mut temporary, target) => {
                temporary
                    .write_all(bytes)
                    .with_context(|| format!("cannot write {}", target.display()))?;
                put_in_place(temporary, &target)
            }
        }
    }
}

/// Whether a reader went away, as `head` does.
fn is_gone(error: &anyhow::Error) -> bool {
    let mut causes = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

fn encode(
    digest: &Digest,
    file: &mut dyn Write,
    target: &Path,
    (format, hashed): (Option<Format>, bool),
) -> anyhow::Result<Written> {
    let gzip = is_gzip(target);
    let format = format.unwrap_or(if gzip { Format::Gzip } else { Format::Text });
    let mut out = io::BufWriter::with_capacity(256 << 10, file);
    write_as(digest, &mut out, format, hashed)
        .and_then(|written| out.flush().map(|()| written))
        .with_context(|| format!("cannot write {}", target.display()))
}

/// Whether a file's name promises gzip.
pub(crate) fn is_gzip(target: &Path) -> bool {
    target.extension().is_some_and(|extension| extension == "gz")
}

fn write_as(digest: &Digest, out: &mut dyn Write, format: Format, hashed: bool) -> io::Result<Written> {
    let lines = match format {
        Format::Gzip if hashed => {
            let gzip = digest.write_gzip(out)?;
            return Ok(Written {
                lines: gzip.text.lines,
                gzip: Some(gzip),
            });
        }
        Format::Gzip => digest.write_gzip_unhashed(out)?,
        Format::Text => digest.write_text_unhashed(out)?,
        other => {
            let mut converting = Converting {
                conversion: Conversion::to(other),
                out,
                converted: Vec::new(),
            };
            let lines = digest.write_text_unhashed(&mut converting)?;
            converting.finish()?;
            lines
        }
    };
    Ok(Written { lines, gzip: None })
}

/// Takes a digest's text and passes on what a format makes of it.
struct Converting<'o> {
    conversion: Conversion,
    out: &'o mut dyn Write,
    converted: Vec<u8>,
}

impl Converting<'_> {
    fn finish(mut self) -> io::Result<()> {
        self.converted.clear();
        let finished = self.conversion.finish(&mut self.converted);
        finished.map_err(io::Error::other)?;
        self.out.write_all(&self.converted)?;
        self.out.flush()
    }
}

impl Write for Converting<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.converted.clear();
        let pushed = self.conversion.push(text, &mut self.converted);
        pushed.map_err(io::Error::other)?;
        self.out.write_all(&self.converted)?;
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn put_in_place(temporary: NamedTempFile, target: &Path) -> anyhow::Result<()> {
    let synced = temporary.as_file().sync_all();
    synced
        .and_then(|()| temporary.persist(target).map(drop).map_err(|error| error.error))
        .with_context(|| format!("cannot write {}", target.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn an_output_that_is_not_written_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("digest.log");
        drop(Output::open(Some(&target)).unwrap());
        assert_eq!(names(folder.path()), Vec::<String>::new());
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        Output::open(Some(&link)).unwrap().write_bytes(b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&target).unwrap(), b"new");
    }

    #[test]
    fn an_unwritable_target_is_told_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let error = Output::open(Some(&folder.path().join("no/such/digest.log"))).unwrap_err();
        assert!(format!("{error:#}").contains("no/such/digest.log"), "{error:#}");
        assert!(Output::open(Some(folder.path())).is_err(), "a directory");
    }
}
