//! How far a build is: counters that its threads raise and its owner reads at any time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use digest_core::record::Progress;
use digesterd_process::metrics::{Phase, PhaseTimes};

/// Live counters of one build. Cheap to read while the build runs; a build that plans anew starts them anew.
#[derive(Debug, Default)]
pub struct ProgressCounters {
    objects_done: AtomicU64,
    objects_total: AtomicU64,
    bytes_done: AtomicU64,
    bytes_total: AtomicU64,
    records: AtomicU64,
    phases: Mutex<PhaseTimes>,
}

impl ProgressCounters {
    /// All counters as they stand.
    #[must_use]
    pub fn snapshot(&self) -> Progress {
        Progress {
            objects_done: self.objects_done.load(Ordering::Relaxed),
            objects_total: self.objects_total.load(Ordering::Relaxed),
            bytes_done: self.bytes_done.load(Ordering::Relaxed),
            bytes_total: self.bytes_total.load(Ordering::Relaxed),
            records: self.records.load(Ordering::Relaxed),
        }
    }

    /// A phase of the attempt begins.
    pub(crate) fn enter(&self, phase: Phase) {
        self.lock().enter(phase);
    }

    /// How long each phase has taken so far.
    pub(crate) fn phases(&self) -> PhaseTimes {
        self.lock().ended()
    }

    /// Nothing panics while it holds the lock; a poisoned one is still right.
    fn lock(&self) -> MutexGuard<'_, PhaseTimes> {
        self.phases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A plan of this many objects and compressed bytes begins.
    pub(crate) fn begin(&self, objects: u64, bytes: u64) {
        self.objects_done.store(0, Ordering::Relaxed);
        self.bytes_done.store(0, Ordering::Relaxed);
        self.records.store(0, Ordering::Relaxed);
        self.objects_total.store(objects, Ordering::Relaxed);
        self.bytes_total.store(bytes, Ordering::Relaxed);
    }

    /// Compressed bytes were read.
    pub(crate) fn add_bytes(&self, bytes: u64) {
        self.bytes_done.fetch_add(bytes, Ordering::Relaxed);
    }

    /// An object was read to its end; it held this many records of the window.
    pub(crate) fn add_object(&self, records: u64) {
        self.objects_done.fetch_add(1, Ordering::Relaxed);
        self.records.fetch_add(records, Ordering::Relaxed);
    }
}
