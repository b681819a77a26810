//! Calls into crates that panic over bytes which are not what they say: the panic is an answer, and nobody is told of it.
//!
//! For that the process's panic hook is wrapped once, and passes over threads that are in such a call.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    /// Whether this thread is in a call that may panic, and whose panic is an answer.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// What a call gives; `None` where it panicked, which is not told: the file is, with its key, and thousands of lines of
/// another crate's asserts would say nothing more to whoever reads the log. All other panics are told as before. The
/// caller drops what it handed in.
pub fn untold<T>(call: impl FnOnce() -> T) -> Option<T> {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !IS_GUARDED.get() {
                others(panic);
            }
        }));
    });
    IS_GUARDED.set(true);
    let called = catch_unwind(AssertUnwindSafe(call));
    IS_GUARDED.set(false);
    called.ok()
}
