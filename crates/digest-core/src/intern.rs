//! Values that repeat a million times, kept once and named by a 32-bit number.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// Numbers for values, in the order of first sight. That order never shows in a digest.
#[derive(Debug)]
pub(crate) struct Interner<T> {
    hasher: RandomState,
    index: HashTable<u32>,
    values: Vec<T>,
}

impl<T: Hash + Eq> Interner<T> {
    pub(crate) fn new() -> Self {
        Self {
            hasher: RandomState::default(),
            index: HashTable::new(),
            values: Vec::new(),
        }
    }

    /// The number of a value, new or known; `None` if 32 bits do not suffice.
    pub(crate) fn intern<Q>(&mut self, value: &Q) -> Option<u32>
    where
        T: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = T> + ?Sized,
    {
        let hash = self.hasher.hash_one(value);
        let same = |&number: &u32| self.values.get(number as usize).map(Borrow::borrow) == Some(value);
        if let Some(&number) = self.index.find(hash, same) {
            return Some(number);
        }
        let number = u32::try_from(self.values.len()).ok()?;
        self.values.push(value.to_owned());
        self.index.insert_unique(hash, number, |&number| {
            self.values
                .get(number as usize)
                .map_or(0, |value| self.hasher.hash_one(value.borrow()))
        });
        Some(number)
    }

    /// The value of a number.
    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.values.get(number as usize)
    }

    /// All values, by number.
    pub(crate) fn values(&self) -> &[T] {
        &self.values
    }
}
