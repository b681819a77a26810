//! A list that says how long it would be: some items of many, and the count of all.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::Serialize;

/// The first of many items, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed<T> {
    /// All there are.
    pub count: u64,
    /// The first of them.
    pub items: Vec<T>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self {
            count: 0,
            items: Vec::new(),
        }
    }
}

impl<T> Listed<T> {
    /// The first of many, all of which are counted.
    pub(crate) fn of(all: impl IntoIterator<Item = T>, most: usize) -> Self {
        let mut listed = Self::default();
        all.into_iter().for_each(|item| listed.push(item, most));
        listed
    }

    /// How many are not shown.
    #[must_use]
    pub fn more(&self) -> u64 {
        self.count - self.items.len() as u64
    }

    /// Counts an item, and keeps it where there are not so many yet.
    pub(crate) fn push(&mut self, item: T, most: usize) {
        self.count += 1;
        if self.items.len() < most {
            self.items.push(item);
        }
    }
}

/// Keeps the items of the greatest weights; of equal weights those that came first.
#[derive(Debug)]
pub(crate) struct Heaviest<T> {
    most: usize,
    count: u64,
    heap: BinaryHeap<Reverse<Weighed<T>>>,
}

#[derive(Debug)]
struct Weighed<T> {
    weight: u64,
    place: Reverse<u64>,
    item: T,
}

impl<T> Weighed<T> {
    fn rank(&self) -> (u64, Reverse<u64>) {
        (self.weight, self.place)
    }
}

impl<T> PartialEq for Weighed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl<T> Eq for Weighed<T> {}

impl<T> PartialOrd for Weighed<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Weighed<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl<T> Heaviest<T> {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            count: 0,
            heap: BinaryHeap::new(),
        }
    }

    /// Takes an item, which is made only where it is kept.
    #[inline]
    pub(crate) fn push(&mut self, weight: u64, item: impl FnOnce() -> T) {
        self.push_at(weight, self.count, item);
    }

    /// The same of an item whose place among all is known: of equal weights the least places are kept.
    #[inline]
    pub(crate) fn push_at(&mut self, weight: u64, place: u64, item: impl FnOnce() -> T) {
        let place = Reverse(place);
        self.count += 1;
        if self.heap.len() >= self.most {
            match self.heap.peek() {
                Some(Reverse(least)) if (weight, place) > least.rank() => self.heap.pop(),
                _ => return,
            };
        }
        self.heap.push(Reverse(Weighed {
            weight,
            place,
            item: item(),
        }));
    }

    /// Takes what another has kept, and its count.
    pub(crate) fn merge(&mut self, other: Self) {
        let count = self.count + other.count;
        for Reverse(weighed) in other.heap {
            self.push_at(weighed.weight, weighed.place.0, || weighed.item);
        }
        self.count = count;
    }

    /// Heaviest first.
    pub(crate) fn finish(self) -> Listed<T> {
        let sorted = self.heap.into_sorted_vec();
        Listed {
            count: self.count,
            items: sorted.into_iter().map(|Reverse(weighed)| weighed.item).collect(),
        }
    }
}

/// Keeps what has the greatest weights; of equal weights the first by key.
#[derive(Debug)]
pub(crate) struct Foremost<K, T> {
    most: usize,
    count: u64,
    /// What is below has no chance.
    least: u128,
    kept: Vec<(u128, K, T)>,
}

/// Items beyond those wanted that are put in order at once, at least.
const BEYOND: usize = 1 << 12;

impl<K: Ord, T> Foremost<K, T> {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            count: 0,
            least: 0,
            kept: Vec::new(),
        }
    }

    /// Counts an item, which is made only where it has a chance.
    #[inline]
    pub(crate) fn push(&mut self, weight: u128, item: impl FnOnce() -> (K, T)) {
        self.count += 1;
        if weight < self.least {
            return;
        }
        let (key, item) = item();
        self.kept.push((weight, key, item));
        if self.kept.len() >= self.most.saturating_mul(2).max(BEYOND) {
            self.order();
            if self.kept.len() == self.most {
                self.least = self.kept.last().map_or(0, |(weight, ..)| *weight);
            }
        }
    }

    fn order(&mut self) {
        self.kept
            .sort_unstable_by(|(weight, key, _), (others, other, _)| {
                others.cmp(weight).then_with(|| key.cmp(other))
            });
        self.kept.truncate(self.most);
    }

    /// Heaviest first, each made into what is told.
    pub(crate) fn finish<L>(mut self, told: impl Fn(K, T) -> L) -> Listed<L> {
        self.order();
        Listed {
            count: self.count,
            items: self
                .kept
                .into_iter()
                .map(|(_, key, item)| told(key, item))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_are_kept_and_all_are_counted() {
        let mut heaviest = Heaviest::new(3);
        for (at, weight) in [5, 1, 9, 5, 7, 0, 5].into_iter().enumerate() {
            heaviest.push(weight, || (weight, at));
        }
        let listed = heaviest.finish();
        assert_eq!(listed.items, [(9, 2), (7, 4), (5, 0)]);
        assert_eq!((listed.count, listed.more()), (7, 4));
        let mut none = Heaviest::new(0);
        none.push(1, || ());
        assert_eq!((none.finish().items.len()), 0);
    }

    #[test]
    fn the_foremost_are_the_heaviest_and_of_equal_ones_the_first_by_key() {
        for most in [0, 1, 7, 5000, 20_000] {
            let items: Vec<(u128, u32)> = (0..12_000u32)
                .map(|at| (u128::from(at * 7919 % 500), at * 31 % 12_000))
                .collect();
            let mut foremost = Foremost::new(most);
            for &(weight, key) in &items {
                foremost.push(weight, || (key, weight));
            }
            let mut sorted = items.clone();
            sorted.sort_by_key(|&(weight, key)| (Reverse(weight), key));
            sorted.truncate(most);
            let listed = foremost.finish(|key, weight| (weight, key));
            assert_eq!(listed.items, sorted);
            assert_eq!(listed.count, 12_000);
        }
    }
}
