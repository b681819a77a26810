//! Data on stdout. A reader that has gone away, as `head` does, is no failure: then nobody wants the rest.

use std::io::{self, ErrorKind, StdoutLock, Write};

/// Writes to stdout, held for as long; `None` where the reader went away before the end.
pub(crate) fn write<T>(
    content: impl FnOnce(&mut StdoutLock<'static>) -> io::Result<T>,
) -> io::Result<Option<T>> {
    let mut out = io::stdout().lock();
    let written = content(&mut out).and_then(|content| out.flush().map(|()| content));
    match written {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(None),
        Err(error) => Err(error),
    }
}
