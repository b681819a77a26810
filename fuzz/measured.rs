//! What one input may make the program hold at once, however much the machine has: more is a failure. What libraries in C ask
//! for is not counted; the limit on all of the process's memory is there for that.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that one input may take: four times a budget of 16 MiB, for the same is read in several ways and by the oracle.
const MOST: usize = 64 << 20;

/// The system's allocator, counted.
struct Measured {
    held: AtomicUsize,
    most: AtomicUsize,
}

#[global_allocator]
static MEMORY: Measured = Measured {
    held: AtomicUsize::new(0),
    most: AtomicUsize::new(0),
};

// SAFETY: every call is the system allocator's own, with the same arguments and answers.
unsafe impl GlobalAlloc for Measured {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = self.held.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        self.most.fetch_max(held, Ordering::Relaxed);
        // SAFETY: as the caller has it.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        self.held.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller has it.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// Runs it.
///
/// # Panics
/// Where it held more than it may.
pub fn bounded(run: impl FnOnce()) {
    let before = MEMORY.held.load(Ordering::Relaxed);
    MEMORY.most.store(before, Ordering::Relaxed);
    run();
    let held = MEMORY.most.load(Ordering::Relaxed).saturating_sub(before);
    assert!(held <= MOST, "{held} bytes were held at once, {MOST} may be");
}
