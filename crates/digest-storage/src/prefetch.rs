//! Bounded read-ahead: at most so many objects and so many compressed bytes requested and not yet consumed.
//!
//! An object of modest size reserves all its bytes and comes by one request. A larger one reserves a fixed
//! share for its whole life and streams through it in pieces, in order or by the ranges that its reader asks
//! for, so that an object which has begun can always go on: whoever holds a reservation never waits for
//! another's. Reservations are granted in the order in which they were asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{ErrorKind, StoreError};
use crate::flow_logs::{FlowLogObject, FlowLogs};

mod fetch;
mod reader;

pub use reader::ObjectReader;

const MIB: u64 = 1024 * 1024;
/// Largest object that is requested whole.
const MOST_WHOLE: u64 = 32 * MIB;
/// What a larger one reserves: two pieces.
const SHARE: u64 = 16 * MIB;
/// Largest piece of a larger one.
const PIECE: u64 = 8 * MIB;

/// The bounds, shared by all builds of a process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Prefetch {
    objects: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    most_bytes: u64,
    gauge: Arc<Gauge>,
}

/// What is in flight now, and the most that ever was.
#[derive(Debug, Default)]
pub struct Gauge {
    objects: AtomicU64,
    most_objects: AtomicU64,
    bytes: AtomicU64,
    most_bytes: AtomicU64,
}

/// What an object holds while it is read.
#[derive(Debug)]
struct Reservation {
    /// Given back when the object's last byte has been consumed.
    object: Counted,
    /// Given back piece by piece as an object that came whole is consumed.
    bytes: OwnedSemaphorePermit,
    gauge: Arc<Gauge>,
}

/// One of a gauge's objects.
#[derive(Debug)]
struct Counted {
    gauge: Arc<Gauge>,
    _permit: OwnedSemaphorePermit,
}

impl Prefetch {
    /// At most `objects` objects and `bytes` bytes at once; at least one of each.
    #[must_use]
    pub fn new(objects: usize, bytes: u64) -> Self {
        let most_bytes = bytes.clamp(1, Semaphore::MAX_PERMITS as u64);
        let permits = usize::try_from(most_bytes).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            objects: Arc::new(Semaphore::new(objects.clamp(1, Semaphore::MAX_PERMITS))),
            bytes: Arc::new(Semaphore::new(permits)),
            most_bytes,
            gauge: Arc::default(),
        }
    }

    /// Waits for room and begins to fetch the object. The reader blocks: it is for a thread of its own.
    ///
    /// # Errors
    /// [`StoreError`] where the key cannot be addressed. What goes wrong later comes from the reader.
    pub async fn open(
        &self,
        flow_logs: &FlowLogs,
        object: &FlowLogObject,
    ) -> Result<ObjectReader, StoreError> {
        let store = flow_logs.store_of(object)?;
        let closed = |_| {
            StoreError::new(
                ErrorKind::Other,
                store.place(),
                &object.key,
                "the read-ahead is closed",
            )
        };
        let permit = Arc::clone(&self.objects).acquire_owned().await.map_err(closed)?;
        let counted = Counted::new(&self.gauge, permit);
        let whole = self.is_whole(object.size);
        let share = if whole {
            object.size
        } else {
            self.most_bytes.min(SHARE)
        };
        let permits = u32::try_from(share).unwrap_or(u32::MAX);
        let bytes = Arc::clone(&self.bytes)
            .acquire_many_owned(permits)
            .await
            .map_err(closed)?;
        let reservation = Reservation {
            object: counted,
            bytes,
            gauge: Arc::clone(&self.gauge),
        };
        let piece = if whole { object.size } else { self.piece() };
        fetch::begin(store.clone(), object, reservation, piece, whole)
    }

    /// Whether an object of this size comes whole; a larger one comes in pieces or by ranges.
    #[must_use]
    pub fn is_whole(&self, size: u64) -> bool {
        size <= self.most_bytes.min(MOST_WHOLE)
    }

    /// Requests that fetch an object of this size in order, where none breaks off.
    #[must_use]
    pub fn requests(&self, size: u64) -> u64 {
        if self.is_whole(size) {
            return 1;
        }
        let piece = self.piece();
        1 + size.saturating_sub(fetch::FIRST.min(piece)).div_ceil(piece)
    }

    /// Bytes of the first piece of an object of this size: all of it, where it comes whole.
    #[must_use]
    pub fn first_bytes(&self, size: u64) -> u64 {
        if self.is_whole(size) {
            size
        } else {
            fetch::FIRST.min(self.piece()).min(size)
        }
    }

    /// Largest piece of an object that does not come whole.
    fn piece(&self) -> u64 {
        self.most_bytes.min(SHARE).min(PIECE)
    }

    /// What is in flight.
    #[must_use]
    pub fn gauge(&self) -> &Gauge {
        &self.gauge
    }
}

impl Gauge {
    /// Objects being read now.
    #[must_use]
    pub fn objects(&self) -> u64 {
        self.objects.load(Ordering::Relaxed)
    }

    /// The most objects at once so far.
    #[must_use]
    pub fn most_objects(&self) -> u64 {
        self.most_objects.load(Ordering::Relaxed)
    }

    /// Bytes requested and not yet consumed now.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The most such bytes at once so far.
    #[must_use]
    pub fn most_bytes(&self) -> u64 {
        self.most_bytes.load(Ordering::Relaxed)
    }

    fn request(&self, bytes: u64) {
        let now = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.most_bytes.fetch_max(now, Ordering::Relaxed);
    }

    fn release(&self, bytes: u64) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Counted {
    fn new(gauge: &Arc<Gauge>, permit: OwnedSemaphorePermit) -> Self {
        let now = gauge.objects.fetch_add(1, Ordering::Relaxed) + 1;
        gauge.most_objects.fetch_max(now, Ordering::Relaxed);
        Self {
            gauge: Arc::clone(gauge),
            _permit: permit,
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.gauge.objects.fetch_sub(1, Ordering::Relaxed);
    }
}
