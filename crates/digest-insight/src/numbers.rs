//! Numbers for what is too large to be part of many keys: given by several threads, the same to each.

use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// What has a number.
#[derive(Debug)]
pub(crate) struct Numbers<T>(Mutex<Numbered<T>>);

#[derive(Debug)]
struct Numbered<T> {
    all: Vec<T>,
    numbers: HashMap<T, u32, RandomState>,
}

/// A thread's own look at them.
#[derive(Debug)]
pub(crate) struct Numbering<'n, T> {
    of: &'n Numbers<T>,
    known: HashMap<T, u32, RandomState>,
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self(Mutex::new(Numbered {
            all: Vec::new(),
            numbers: HashMap::default(),
        }))
    }
}

impl<T: Clone + Eq + Hash> Numbers<T> {
    /// A thread's look at them.
    pub(crate) fn numbering(&self) -> Numbering<'_, T> {
        Numbering {
            of: self,
            known: HashMap::default(),
        }
    }

    /// What has this number.
    pub(crate) fn get(&self, number: u32) -> Option<T> {
        self.locked().all.get(number as usize).cloned()
    }

    fn locked(&self) -> MutexGuard<'_, Numbered<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone + Eq + Hash> Numbering<'_, T> {
    /// Its number: from 0 on, in the order in which threads ask. No more are held than 32 bits count.
    pub(crate) fn number(&mut self, one: T) -> u32 {
        if let Some(number) = self.known.get(&one) {
            return *number;
        }
        let mut numbered = self.of.locked();
        let Numbered { all, numbers } = &mut *numbered;
        let number = *numbers.entry(one.clone()).or_insert_with(|| {
            all.push(one.clone());
            (all.len() - 1) as u32
        });
        drop(numbered);
        self.known.insert(one, number);
        number
    }
}
