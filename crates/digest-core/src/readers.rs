//! Memory that reading takes beside the tables: pages, dictionaries and footers of the Parquet files that are open. It is
//! part of the budget.
//!
//! Of the budget, a quarter is divided among the threads: each may hold its share at any time. A file that needs more takes
//! the one turn there is, until it has been read, and may then hold half of the budget. So what one file may need does
//! not depend on what the other threads do, and a quarter is left for the tables whatever is read.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// What a file may hold at least, however small the budget is.
const LEAST: usize = 4 << 20;

/// What the files that are open hold.
#[derive(Debug)]
pub(crate) struct Readers {
    budget: Option<usize>,
    held: AtomicUsize,
    is_turn_taken: Mutex<bool>,
    turn_ends: Condvar,
}

/// What one file may hold, and does.
#[derive(Debug)]
pub(crate) struct Allowance<'r> {
    readers: &'r Readers,
    /// Bytes without the turn, and with it.
    fair: usize,
    most: usize,
    has_turn: bool,
    held: usize,
}

impl Readers {
    pub(crate) fn new(budget: Option<usize>) -> Self {
        Self {
            budget,
            held: AtomicUsize::new(0),
            is_turn_taken: Mutex::new(false),
            turn_ends: Condvar::new(),
        }
    }

    /// Bytes that all files hold.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// For a file that is opened by one of so many threads.
    pub(crate) fn open(&self, threads: usize) -> Allowance<'_> {
        Allowance {
            readers: self,
            fair: self
                .budget
                .map_or(usize::MAX, |budget| budget / 4 / threads.max(1)),
            most: self.budget.map_or(usize::MAX, |budget| (budget / 2).max(LEAST)),
            has_turn: false,
            held: 0,
        }
    }
}

impl Allowance<'_> {
    /// Bytes that may still be held.
    pub(crate) fn room(&self) -> usize {
        let most = if self.has_turn { self.most } else { self.fair };
        most.saturating_sub(self.held)
    }

    /// Bytes of this file that the budget allows in all.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// Waits for the turn, with which there is more room. False where it was had before.
    pub(crate) fn take_turn(&mut self) -> bool {
        if self.has_turn || self.most == usize::MAX {
            return false;
        }
        let taken = self.readers.is_turn_taken.lock();
        let taken = taken.unwrap_or_else(PoisonError::into_inner);
        let taken = self.readers.turn_ends.wait_while(taken, |taken| *taken);
        *taken.unwrap_or_else(PoisonError::into_inner) = true;
        self.has_turn = true;
        true
    }

    /// Exchanges what was held for what is.
    pub(crate) fn change(&mut self, before: usize, now: usize) {
        self.held = (self.held + now).saturating_sub(before);
        if now > before {
            self.readers.held.fetch_add(now - before, Ordering::Relaxed);
        } else {
            self.readers.held.fetch_sub(before - now, Ordering::Relaxed);
        }
    }
}

impl Drop for Allowance<'_> {
    fn drop(&mut self) {
        self.readers.held.fetch_sub(self.held, Ordering::Relaxed);
        if self.has_turn {
            let taken = self.readers.is_turn_taken.lock();
            *taken.unwrap_or_else(PoisonError::into_inner) = false;
            self.readers.turn_ends.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn shares_and_the_turn_together_leave_a_quarter() {
        let readers = Readers::new(Some(64 << 20));
        let mut one = readers.open(2);
        assert_eq!((one.room(), one.most()), (8 << 20, 32 << 20));
        one.change(0, 8 << 20);
        assert_eq!((one.room(), readers.held()), (0, 8 << 20));
        assert!(one.take_turn() && !one.take_turn());
        assert_eq!(one.room(), 24 << 20);
        one.change(8 << 20, 1 << 20);
        assert_eq!((one.room(), readers.held()), (31 << 20, 1 << 20));
        drop(one);
        assert_eq!(readers.held(), 0);
        let mut unbounded = Readers::new(None);
        assert_eq!(unbounded.open(1).room(), usize::MAX);
        assert!(!unbounded.open(1).take_turn());
        unbounded = Readers::new(Some(0));
        let mut least = unbounded.open(1);
        assert!(least.room() == 0 && least.take_turn() && least.room() == LEAST);
    }

    #[test]
    fn the_turn_is_one_files_until_it_has_been_read() {
        let readers = Readers::new(Some(64 << 20));
        let is_done = AtomicBool::new(false);
        thread::scope(|scope| {
            let mut one = readers.open(2);
            assert!(one.take_turn());
            scope.spawn(|| {
                assert!(readers.open(2).take_turn());
                assert!(is_done.load(Ordering::SeqCst), "it waited");
            });
            thread::sleep(Duration::from_millis(50));
            is_done.store(true, Ordering::SeqCst);
            drop(one);
        });
    }
}
