//! A column of a row group in the making: each value once, and for each row the number of its value.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::dictionary::Dictionary;
use crate::runs::{NULL, Runs};

/// Which of a column's values its rows have.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rows<'c> {
    /// Each row its own, in order.
    Own,
    /// As the runs say.
    Of(&'c Runs),
}

/// A column of whatever kind, once it is full.
pub(crate) trait AnyColumn {
    /// Writes the values, and says which row has which. No row comes behind.
    fn take(&mut self, out: &mut Dictionary) -> Rows<'_>;

    /// Forgets all rows.
    fn clear(&mut self);
}

/// What the values of a [`Column`] are written as.
pub(crate) trait Value: Hash + Eq + Clone {
    /// Appends all values, in order.
    fn write(values: &[Self], out: &mut Dictionary);

    /// Whether it stands before those of which this is not so: where few are asked for, no more has to be inflated than
    /// these.
    fn stands_first(&self) -> bool {
        false
    }
}

/// A column of values of this kind, whichever they are.
#[derive(Debug)]
pub(crate) struct Column<V: Value> {
    pub(crate) values: Vec<V>,
    pub(crate) runs: Runs,
    index: HashTable<u32>,
    hasher: RandomState,
}

impl<V: Value> Default for Column<V> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            runs: Runs::default(),
            index: HashTable::new(),
            hasher: RandomState::default(),
        }
    }
}

impl<V: Value> Column<V> {
    /// The row's value, and that of those behind it until another is pushed.
    #[inline]
    pub(crate) fn push<Q>(&mut self, row: u32, value: &Q)
    where
        Q: ToOwned<Owned = V> + Hash + Eq + ?Sized,
        V: Borrow<Q>,
    {
        let is_last = |number| {
            self.values
                .get(number as usize)
                .is_some_and(|known: &V| known.borrow() == value)
        };
        if !self.runs.last().is_some_and(is_last) {
            let number = self.number(value);
            self.runs.begin(row, number);
        }
    }

    fn number<Q>(&mut self, value: &Q) -> u32
    where
        Q: ToOwned<Owned = V> + Hash + Eq + ?Sized,
        V: Borrow<Q>,
    {
        let hash = self.hasher.hash_one(value);
        let Self {
            values,
            index,
            hasher,
            ..
        } = self;
        let is = |&at: &u32| {
            values
                .get(at as usize)
                .is_some_and(|known| known.borrow() == value)
        };
        if let Some(&known) = index.find(hash, is) {
            return known;
        }
        // A row group has far fewer rows than 32 bits count.
        let number = values.len() as u32;
        values.push(value.to_owned());
        index.insert_unique(hash, number, |&at| {
            values
                .get(at as usize)
                .map_or(0, |known| hasher.hash_one(known.borrow()))
        });
        number
    }

    /// The row's value, or none.
    #[inline]
    pub(crate) fn push_option<Q>(&mut self, row: u32, value: Option<&Q>)
    where
        Q: ToOwned<Owned = V> + Hash + Eq + ?Sized,
        V: Borrow<Q>,
    {
        match value {
            Some(value) => self.push(row, value),
            None if self.runs.last() == Some(NULL) => {}
            None => self.runs.begin(row, NULL),
        }
    }
}

impl<V: Value> Column<V> {
    /// Puts values to the front that stand first; each keeps its rows.
    fn arrange(&mut self) {
        if self.values.is_sorted_by_key(|value| !value.stands_first()) {
            return;
        }
        let (mut places, mut arranged) = (vec![0; self.values.len()], Vec::with_capacity(self.values.len()));
        for first in [true, false] {
            for (value, place) in self.values.iter().zip(&mut places) {
                if value.stands_first() == first {
                    *place = arranged.len() as u32;
                    arranged.push(value.clone());
                }
            }
        }
        self.values = arranged;
        self.runs
            .change(|number| places.get(number as usize).copied().unwrap_or(NULL));
    }
}

impl<V: Value> AnyColumn for Column<V> {
    fn take(&mut self, out: &mut Dictionary) -> Rows<'_> {
        self.arrange();
        V::write(&self.values, out);
        Rows::Of(&self.runs)
    }

    fn clear(&mut self) {
        self.values.clear();
        self.runs.clear();
        self.index.clear();
    }
}

/// Text: what is none has its bytes replaced as `String` does.
impl Value for Vec<u8> {
    fn write(values: &[Self], out: &mut Dictionary) {
        for value in values {
            out.push_text(String::from_utf8_lossy(value).as_bytes());
        }
    }
}

/// What a name says; nothing where it says nothing.
pub(crate) fn named(name: &[u8]) -> Option<&[u8]> {
    Some(name).filter(|name| *name != b"-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_number() {
        let mut column = Column::<Vec<u8>>::default();
        for (row, value) in (0..).zip([b"7", b"7", b"8", b"7", b"9", b"8"]) {
            column.push(row, value.as_slice());
        }
        column.push_option(6, None::<&[u8]>);
        column.push_option(7, None::<&[u8]>);
        column.push_option(8, Some(b"9".as_slice()));
        let mut values = Dictionary::default();
        let mut each = Vec::new();
        let Rows::Of(runs) = column.take(&mut values) else {
            panic!("rows have no value of their own");
        };
        runs.expand(9, &mut each);
        assert_eq!(each, [0, 0, 1, 0, 2, 1, NULL, NULL, 2]);
        assert_eq!(values.len(), 3);
        column.clear();
        assert_eq!((column.runs.len(), column.values.len()), (0, 0));
    }
}
