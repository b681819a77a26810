//! A column of a row group in the making: each value once, and for each row the number of its value.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash, Hasher};
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

/// A column of addresses. A number hashes faster than an address does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ip(pub(crate) IpAddr);

impl Hash for Ip {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0 {
            IpAddr::V4(address) => state.write_u32(address.to_bits()),
            IpAddr::V6(address) => state.write_u128(address.to_bits()),
        }
    }
}

/// The IPv4 addresses of a column as numbers, and of its other rows nothing.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    values: Vec<i64>,
    numbers: Vec<u32>,
}

impl Numbers {
    /// The numbers of these addresses, each of which is looked at once.
    pub(crate) fn of(&mut self, addresses: &Column<Ip>) {
        self.values.clear();
        let number = |address: &Ip| match address.0 {
            IpAddr::V4(address) => {
                self.values.push(address.to_bits().into());
                self.values.len() as u32 - 1
            }
            IpAddr::V6(_) => NULL,
        };
        let numbers: Vec<u32> = addresses.values.iter().map(number).collect();
        let of_row = |&row: &u32| numbers.get(row as usize).copied().unwrap_or(NULL);
        self.numbers.clear();
        self.numbers.extend(addresses.numbers.iter().map(of_row));
    }
}

impl AnyColumn for Numbers {
    fn take(&mut self, out: &mut Dictionary) -> &[u32] {
        out.clear();
        i64::write(&self.values, out);
        &self.numbers
    }

    fn clear(&mut self) {
        self.values.clear();
        self.numbers.clear();
    }
}

/// A column of values that seldom stand twice: none is looked for.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    values: Vec<i64>,
    numbers: Vec<u32>,
}

impl Plain {
    /// The next row's value.
    #[inline]
    pub(crate) fn push(&mut self, value: i64) {
        self.numbers.push(self.values.len() as u32);
        self.values.push(value);
    }
}

impl AnyColumn for Plain {
    fn take(&mut self, out: &mut Dictionary) -> &[u32] {
        out.clear();
        i64::write(&self.values, out);
        &self.numbers
    }

    fn clear(&mut self) {
        self.values.clear();
        self.numbers.clear();
    }
}

/// A column of ports: their numbers stand in a table.
#[derive(Debug)]
pub(crate) struct Ports {
    values: Vec<i32>,
    numbers: Vec<u32>,
    /// For each port its number.
    known: Vec<u32>,
}

impl Default for Ports {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            numbers: Vec::new(),
            known: vec![NULL; 1 << u16::BITS],
        }
    }
}

impl Ports {
    /// The next row's port, or none.
    #[inline]
    pub(crate) fn push(&mut self, port: Option<u16>) {
        let number = port.and_then(|port| {
            let known = self.known.get_mut(usize::from(port))?;
            if *known == NULL {
                *known = self.values.len() as u32;
                self.values.push(port.into());
            }
            Some(*known)
        });
        self.numbers.push(number.unwrap_or(NULL));
    }
}

impl AnyColumn for Ports {
    fn take(&mut self, out: &mut Dictionary) -> &[u32] {
        out.clear();
        i32::write(&self.values, out);
        &self.numbers
    }

    fn clear(&mut self) {
        for &port in &self.values {
            if let Some(known) = self.known.get_mut(port as usize) {
                *known = NULL;
            }
        }
        self.values.clear();
        self.numbers.clear();
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
impl Value for Ip {
    fn write(values: &[Self], out: &mut Dictionary) {
        let mut text = Vec::with_capacity(40);
        for value in values {
            text.clear();
            match value.0 {
                IpAddr::V4(address) => push_dotted(&mut text, address.octets()),
                IpAddr::V6(address) => text.extend_from_slice(address.to_string().as_bytes()),
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
