//! What one input may make the program hold at once, however much the machine has: more is a failure. What libraries in C ask
//! for is not counted; the limit on all of the process's memory is there for that.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

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
/// Where it held more than so many bytes at once.
pub fn within(most: usize, run: impl FnOnce()) {
    let before = MEMORY.held.load(Ordering::Relaxed);
    MEMORY.most.store(before, Ordering::Relaxed);
    run();
    let held = MEMORY.most.load(Ordering::Relaxed).saturating_sub(before);
    assert!(held <= most, "{held} bytes were held at once, {most} may be");
}
