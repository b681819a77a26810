//! Sums by key that several threads gather at once, in little memory: arrays in parts by the key, which are put in order
//! and added up now and then, and at the end.
//!
//! Nearly every edge of a large table is a link of its own. A hash table of them would be twice as large as they are, at
//! worst three times while it grows, and each look into it would wait for memory.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// Parts, of which each is put in order by itself: a power of two.
const PARTS: usize = 64;
/// Sums of a part that a thread keeps to itself, so that it seldom takes a lock: pieces of one size, which leave no holes in
/// memory.
const PIECE: usize = 256;
/// Sums of a part that are put in order, at least.
const LEAST: usize = 1 << 12;

/// Something that is summed by its key.
pub(crate) trait Keyed: Copy + Send {
    /// What it is summed by.
    type Key: Ord;

    /// Its key.
    fn key(&self) -> Self::Key;

    /// A number that sums of one key have in common; those of most other keys have others, in its highest bits too.
    fn spread(&self) -> u64;

    /// Adds what has the same key. False where a number would become too large: then both stay.
    fn add(&mut self, other: &Self) -> bool;
}

/// More sums than may be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManySums;

/// Sums that are being gathered.
#[derive(Debug)]
pub(crate) struct Gathered<S> {
    parts: Vec<Mutex<Part<S>>>,
    /// Most that are held.
    most: usize,
    /// How many of different keys there are, as far as is known.
    known: AtomicUsize,
}

#[derive(Debug)]
struct Part<S> {
    /// In order, each key once.
    ordered: Vec<S>,
    /// What has come since, and how many there are.
    pieces: Vec<Vec<S>>,
    waiting: usize,
    /// How many may wait.
    most_waiting: usize,
}

/// A thread's way to add to them.
#[derive(Debug)]
pub(crate) struct Gatherer<'g, S> {
    to: &'g Gathered<S>,
    waiting: Vec<Vec<S>>,
}

impl<S: Keyed> Gathered<S> {
    /// Nothing yet, and never more than so many.
    pub(crate) fn new(most: usize) -> Self {
        let part = || {
            Mutex::new(Part {
                ordered: Vec::new(),
                pieces: Vec::new(),
                waiting: 0,
                most_waiting: LEAST,
            })
        };
        Self {
            parts: (0..PARTS).map(|_| part()).collect(),
            most,
            known: AtomicUsize::new(0),
        }
    }

    /// A way to add to them.
    pub(crate) fn gatherer(&self) -> Gatherer<'_, S> {
        Gatherer {
            to: self,
            waiting: (0..PARTS).map(|_| Vec::with_capacity(PIECE)).collect(),
        }
    }

    /// All sums, by several threads: those of one key stand together, and are one but for numbers that became too large.
    pub(crate) fn finish(self) -> Result<Vec<Vec<S>>, TooManySums> {
        let next = AtomicUsize::new(0);
        let order = || {
            while let Some(part) = self.parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                self.order(&mut held(part));
            }
        };
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(order);
            }
            order();
        });
        self.bounded()?;
        let parts = self.parts.into_iter();
        let parts = parts.map(|part| part.into_inner().unwrap_or_else(PoisonError::into_inner));
        Ok(parts.map(|part| part.ordered).collect())
    }

    /// Puts sums to those of a part.
    fn take(&self, part: usize, piece: Vec<S>) -> Result<(), TooManySums> {
        let Some(part) = self.parts.get(part) else {
            return Ok(());
        };
        let mut part = held(part);
        part.waiting += piece.len();
        part.pieces.push(piece);
        if part.waiting >= part.most_waiting {
            self.order(&mut part);
            self.bounded()?;
        }
        Ok(())
    }

    fn order(&self, part: &mut Part<S>) {
        let known = part.ordered.len();
        let all = known + part.waiting;
        part.ordered.reserve_exact(part.waiting);
        for piece in part.pieces.drain(..) {
            part.ordered.extend_from_slice(&piece);
        }
        part.waiting = 0;
        // The front is in order: this sort finds that out.
        part.ordered.sort_by_key(S::key);
        part.ordered
            .dedup_by(|one, kept| one.key() == kept.key() && kept.add(one));
        let held = part.ordered.len();
        // Where nearly every key is another, order gains nothing as long as there is room.
        let room = (self.most / PARTS).saturating_sub(held);
        let further = if held > all / 4 * 3 { room.min(4 * held) } else { 0 };
        part.most_waiting = further.max(held / 2).max(LEAST);
        // Never fewer than before.
        self.known.fetch_add(held - known, Ordering::Relaxed);
    }

    fn bounded(&self) -> Result<(), TooManySums> {
        match self.known.load(Ordering::Relaxed) > self.most {
            true => Err(TooManySums),
            false => Ok(()),
        }
    }
}

impl<S: Keyed> Gatherer<'_, S> {
    /// Adds a sum.
    #[inline]
    pub(crate) fn add(&mut self, sum: S) -> Result<(), TooManySums> {
        let part = sum.spread() as usize >> (u64::BITS - PARTS.ilog2());
        let Some(waiting) = self.waiting.get_mut(part) else {
            return Ok(());
        };
        waiting.push(sum);
        if waiting.len() == PIECE {
            let piece = std::mem::replace(waiting, Vec::with_capacity(PIECE));
            self.to.take(part, piece)?;
        }
        Ok(())
    }

    /// Adds what still waits.
    pub(crate) fn flush(&mut self) -> Result<(), TooManySums> {
        for (part, waiting) in self.waiting.iter_mut().enumerate() {
            self.to.take(part, std::mem::take(waiting))?;
        }
        Ok(())
    }
}

fn held<T>(part: &Mutex<T>) -> MutexGuard<'_, T> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number that spreads keys of two words over the parts.
#[inline]
pub(crate) fn spread(one: u64, other: u64) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mixed = (one ^ other.rotate_left(29)).wrapping_mul(ODD);
    (mixed ^ mixed >> 32).wrapping_mul(ODD)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone, Copy)]
    struct Count {
        key: u32,
        count: u8,
    }

    impl Keyed for Count {
        type Key = u32;

        fn key(&self) -> u32 {
            self.key
        }

        fn spread(&self) -> u64 {
            spread(self.key.into(), 0)
        }

        fn add(&mut self, other: &Self) -> bool {
            match self.count.checked_add(other.count) {
                Some(count) => {
                    self.count = count;
                    true
                }
                None => false,
            }
        }
    }

    proptest! {
        #[test]
        fn what_threads_gather_adds_up(
            counts in prop::collection::vec((0_u32..900, any::<u8>()), 0..9000),
            most in prop::sample::select(vec![0_usize, 50, 400, 5000]),
        ) {
            let mut expected: BTreeMap<u32, u64> = BTreeMap::new();
            for &(key, count) in &counts {
                *expected.entry(key).or_default() += u64::from(count);
            }
            let gathered = Gathered::new(most);
            let outcomes: Vec<_> = thread::scope(|scope| {
                let threads: Vec<_> = counts
                    .chunks(counts.len().div_ceil(3).max(1))
                    .map(|some| {
                        let mut gatherer = gathered.gatherer();
                        scope.spawn(move || {
                            some.iter().try_for_each(|&(key, count)| gatherer.add(Count { key, count }))?;
                            gatherer.flush()
                        })
                    })
                    .collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            let finished = outcomes.into_iter().collect::<Result<(), _>>().and_then(|()| gathered.finish());
            match finished {
                // Sums of one key that stay apart may count twice: here they are large at once.
                Err(TooManySums) => prop_assert!(counts.len() > most),
                Ok(parts) => {
                    let mut found: BTreeMap<u32, u64> = BTreeMap::new();
                    for part in &parts {
                        for same in part.chunk_by(|one, other| one.key == other.key) {
                            let sum = same.iter().map(|one| u64::from(one.count)).sum();
                            prop_assert_eq!(found.insert(same[0].key, sum), None);
                        }
                    }
                    prop_assert!(expected.len() <= most);
                    prop_assert_eq!(found, expected);
                }
            }
        }
    }
}
