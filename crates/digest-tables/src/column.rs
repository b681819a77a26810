//! A column of a row group in the making: each value once, and for each row the number of its value.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::dictionary::Dictionary;

/// A row without value.
pub(crate) const NULL: u32 = u32::MAX;

/// What a column's values are written as.
pub(crate) trait Value: Hash + Eq + Clone {
    /// Appends all values, in order.
    fn write(values: &[Self], out: &mut Dictionary);
}

/// A column of values of this kind.
#[derive(Debug)]
pub(crate) struct Column<V: Value> {
    values: Vec<V>,
    numbers: Vec<u32>,
    index: HashTable<u32>,
    hasher: RandomState,
}

impl<V: Value> Default for Column<V> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            numbers: Vec::new(),
            index: HashTable::new(),
            hasher: RandomState::default(),
        }
    }
}

impl<V: Value> Column<V> {
    /// The next row's value.
    #[inline]
    pub(crate) fn push<Q>(&mut self, value: &Q)
    where
        Q: ToOwned<Owned = V> + Hash + Eq + ?Sized,
        V: Borrow<Q>,
    {
        // Edges are sorted and many columns have few values: the last row's is often this one's.
        if let Some(&last) = self.numbers.last()
            && self
                .values
                .get(last as usize)
                .is_some_and(|known| known.borrow() == value)
        {
            self.numbers.push(last);
            return;
        }
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
        let number = match index.find(hash, is) {
            Some(&known) => known,
            None => {
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
        };
        self.numbers.push(number);
    }

    /// The next row has no value.
    #[inline]
    pub(crate) fn push_null(&mut self) {
        self.numbers.push(NULL);
    }

    /// The next row's value, or none.
    #[inline]
    pub(crate) fn push_option<Q>(&mut self, value: Option<&Q>)
    where
        Q: ToOwned<Owned = V> + Hash + Eq + ?Sized,
        V: Borrow<Q>,
    {
        match value {
            Some(value) => self.push(value),
            None => self.push_null(),
        }
    }
}

/// A column of whatever kind, once it is full.
pub(crate) trait AnyColumn {
    /// Writes each value once, and hands out the numbers of the rows' values.
    fn take(&mut self, out: &mut Dictionary) -> &[u32];

    /// Forgets all rows.
    fn clear(&mut self);
}

impl<V: Value> AnyColumn for Column<V> {
    fn take(&mut self, out: &mut Dictionary) -> &[u32] {
        out.clear();
        V::write(&self.values, out);
        &self.numbers
    }

    fn clear(&mut self) {
        self.values.clear();
        self.numbers.clear();
        self.index.clear();
    }
}

impl Value for i32 {
    fn write(values: &[Self], out: &mut Dictionary) {
        for value in values {
            out.push(&value.to_le_bytes());
        }
    }
}

impl Value for i64 {
    fn write(values: &[Self], out: &mut Dictionary) {
        for value in values {
            out.push(&value.to_le_bytes());
        }
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

/// As text.
impl Value for IpAddr {
    fn write(values: &[Self], out: &mut Dictionary) {
        let mut text = Vec::with_capacity(40);
        for value in values {
            text.clear();
            match value {
                Self::V4(address) => push_dotted(&mut text, address.octets()),
                Self::V6(address) => text.extend_from_slice(address.to_string().as_bytes()),
            }
            out.push_text(&text);
        }
    }
}

fn push_dotted(out: &mut Vec<u8>, octets: [u8; 4]) {
    for (at, octet) in octets.into_iter().enumerate() {
        if at > 0 {
            out.push(b'.');
        }
        if octet >= 100 {
            out.push(b'0' + octet / 100);
        }
        if octet >= 10 {
            out.push(b'0' + octet / 10 % 10);
        }
        out.push(b'0' + octet % 10);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn addresses_are_written_as_std_writes_them() {
        for octet in 0..=255u8 {
            let octets = [octet, octet.wrapping_mul(7), octet / 3, 255 - octet];
            let mut text = Vec::new();
            push_dotted(&mut text, octets);
            assert_eq!(text, Ipv4Addr::from(octets).to_string().as_bytes());
        }
    }

    #[test]
    fn a_value_has_one_number() {
        let mut column = Column::<i64>::default();
        for value in [7, 7, 8, 7, 9, 8] {
            column.push(&value);
        }
        column.push_null();
        column.push_option(Some(&9));
        let mut values = Dictionary::default();
        assert_eq!(column.take(&mut values), [0, 0, 1, 0, 2, 1, NULL, 2]);
        assert_eq!(values.len(), 3);
        column.clear();
        assert!(column.take(&mut values).is_empty() && values.len() == 0);
    }
}
