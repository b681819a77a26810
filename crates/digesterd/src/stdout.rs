//! Data on stdout. A reader that has gone away, as `head` does, is no failure: then nobody wants the rest.

use std::io::{self, ErrorKind, StdoutLock, Write};

/// Whether all of it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// All of it.
    Whole,
    /// The reader went away before the end.
    Left,
}

/// Writes to stdout, held for as long.
pub(crate) fn write(content: impl FnOnce(&mut StdoutLock<'static>) -> io::Result<()>) -> io::Result<Taken> {
    let mut out = io::stdout().lock();
    let written = content(&mut out).and_then(|()| out.flush());
    match written {
        Ok(()) => Ok(Taken::Whole),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Taken::Left),
        Err(error) => Err(error),
    }
}
