//! A file that is on its way to the disk while it is still being written.
//!
//! What is put in place has to outlive a loss of power, so that its bytes are waited for. Asked for only at the end, that
//! wait was a fortieth of the time of a digest of two gigabytes of logs.

use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc::{self, SyncSender};
use std::thread;

/// Bytes from one asking to the next.
const STEP: usize = 4 << 20;

/// Has `write` write to the file. What it has written then is with the disk but for the last bytes, which are for the
/// caller to wait for.
///
/// # Errors
/// Those of `write`, and that of a disk that could not take what had been written before.
pub(super) fn write_to<T>(
    file: &File,
    write: impl FnOnce(&mut (dyn Write + Send)) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let (due, asked) = mpsc::sync_channel(1);
    thread::scope(|scope| {
        let sync = move || asked.into_iter().try_for_each(|()| file.sync_data());
        let syncing = thread::Builder::new().spawn_scoped(scope, sync)?;
        let mut out = Early { file, due, since: 0 };
        let written = write(&mut out);
        drop(out);
        let synced = syncing.join();
        let written = written?;
        // The system tells of a failure once: whoever asks again is told that all is well.
        synced.unwrap_or_else(|_| Err(io::Error::other("a thread fell over")))?;
        Ok(written)
    })
}

/// A file that asks for its bytes to be taken to the disk now and then.
struct Early<'f> {
    file: &'f File,
    due: SyncSender<()>,
    since: usize,
}

impl Write for Early<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.since += written;
        // Where one is still under way and the next one asked for, the latter takes these bytes as well.
        if self.since >= STEP && self.due.try_send(()).is_ok() {
            self.since = 0;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use super::*;

    #[test]
    fn all_bytes_arrive_and_a_failure_is_told() {
        let mut file = tempfile::tempfile().unwrap();
        let bytes: Vec<u8> = (0..3 * STEP).map(|at| at as u8).collect();
        write_to(&file, |out| {
            Ok(bytes.chunks(100_000).try_for_each(|some| out.write_all(some))?)
        })
        .unwrap();
        let mut read = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut read).unwrap();
        assert!(read == bytes);
        let failed = write_to(&file, |_| anyhow::bail!("no more"));
        assert_eq!(failed.map(|()| 0).unwrap_err().to_string(), "no more");
    }

    #[test]
    fn a_disk_that_cannot_take_them_is_an_error() {
        // Nothing can be taken to a disk from here: the call itself is refused.
        let full = File::options().write(true).open("/dev/null").unwrap();
        let written = write_to(&full, |out| Ok(out.write_all(&vec![0; STEP])?));
        assert!(written.is_err());
    }
}
