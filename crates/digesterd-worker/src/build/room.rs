//! How much the builds of a process hold in temporary files together, and how much they may.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Room for temporary files, shared by all builds of a process.
#[derive(Debug)]
pub struct TemporaryRoom {
    most: u64,
    held: AtomicU64,
}

/// What one file holds of the room; given back with it.
#[derive(Debug)]
pub(super) struct Share {
    room: Arc<TemporaryRoom>,
    held: u64,
}

impl TemporaryRoom {
    /// Room for so many bytes.
    #[must_use]
    pub fn new(most: u64) -> Self {
        Self {
            most,
            held: AtomicU64::new(0),
        }
    }

    /// Nothing yet, of this room.
    pub(super) fn share(self: &Arc<Self>) -> Share {
        Share {
            room: Arc::clone(self),
            held: 0,
        }
    }
}

impl Default for TemporaryRoom {
    /// Without a bound.
    fn default() -> Self {
        Self::new(u64::MAX)
    }
}

impl Share {
    /// Takes room for so many more bytes.
    ///
    /// # Errors
    /// [`io::ErrorKind::QuotaExceeded`] where there is no more.
    pub(super) fn grow(&mut self, bytes: u64) -> io::Result<()> {
        let held = self.room.held.fetch_add(bytes, Ordering::Relaxed);
        self.held += bytes;
        if held.saturating_add(bytes) > self.room.most {
            let most = self.room.most;
            let told = format!("temporary files would take more than {most} bytes (DIGEST_MAX_TEMP)");
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, told));
        }
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.held.fetch_sub(self.held, Ordering::Relaxed);
    }
}
