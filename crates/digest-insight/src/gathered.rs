//! Sums by key that several threads gather at once, in little memory: arrays in parts by the key, which are put in order
//! and added up once they are full, and at the end.
//!
//! Nearly every edge of a large table is a link of its own. A hash table of them would be twice as large as they are, at
//! worst three times while it grows, and each look into it would wait for memory.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// Parts, of which each is put in order by itself: a power of two.
const PARTS: usize = 64;
/// Sums of a part that a thread keeps to itself, so that it seldom takes a lock.
const WAITING: usize = 256;

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
    /// Room for all that may be held, and a quarter more, is reserved before the first: memory that is not written to costs
    /// nothing, and none is left behind by growing.
    sums: Vec<S>,
    /// So many are in order, each key once.
    ordered: usize,
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
                sums: Vec::new(),
                ordered: 0,
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
            waiting: (0..PARTS).map(|_| Vec::with_capacity(WAITING)).collect(),
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
        Ok(parts.map(|part| part.sums).collect())
    }

    /// Puts sums to those of a part.
    fn take(&self, part: usize, waiting: &mut Vec<S>) -> Result<(), TooManySums> {
        let Some(part) = self.parts.get(part) else {
            return Ok(());
        };
        let mut part = held(part);
        if part.sums.capacity() - part.sums.len() < waiting.len() {
            if !part.sums.is_empty() {
                self.order(&mut part);
                self.bounded()?;
            }
            let known = part.sums.len().max(self.most / PARTS);
            let room = known + known / 4 + WAITING - part.sums.len();
            part.sums.reserve_exact(room);
        }
        part.sums.append(waiting);
        Ok(())
    }

    fn order(&self, part: &mut Part<S>) {
        if part.ordered == part.sums.len() {
            return;
        }
        let known = part.ordered;
        // The front is in order: this sort finds that out.
        part.sums.sort_by_key(S::key);
        part.sums
            .dedup_by(|one, kept| one.key() == kept.key() && kept.add(one));
        part.ordered = part.sums.len();
        // Never fewer than before.
        self.known.fetch_add(part.ordered - known, Ordering::Relaxed);
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
        if waiting.len() == WAITING {
            self.to.take(part, waiting)?;
        }
        Ok(())
    }

    /// Adds what still waits.
    pub(crate) fn flush(&mut self) -> Result<(), TooManySums> {
        for (part, waiting) in self.waiting.iter_mut().enumerate() {
            self.to.take(part, waiting)?;
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
