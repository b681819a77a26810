//! Columns of addresses: as text, and those of IPv4 as numbers besides.

use std::hash::{BuildHasher, Hash};
use std::net::{IpAddr, Ipv6Addr};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::column::{AnyColumn, Rows};
use crate::dictionary::Dictionary;
use crate::runs::{NULL, Runs};

/// What the number of an IPv6 address is marked by until all are known: those of IPv4 are numbered on behind them.
const V6: u32 = 1 << 31;

/// A column of addresses in the making: each once, and for each row the number of its address. Those of IPv6 stand first, for they
/// alone are asked for by text, and no more has to be inflated than them.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    last: Option<IpAddr>,
    runs: Runs,
    v4: Family<u32>,
    v6: Family<u128>,
}

impl Addresses {
    /// The row's address, and that of those behind it until another is pushed.
    #[inline]
    pub(crate) fn push(&mut self, row: u32, address: IpAddr) {
        if self.last == Some(address) {
            return;
        }
        self.last = Some(address);
        let number = match address {
            IpAddr::V4(address) => self.v4.number(address.to_bits()),
            IpAddr::V6(address) => self.v6.number(address.to_bits()) | V6,
        };
        self.runs.begin(row, number);
    }

    /// The row's address, or none.
    #[inline]
    pub(crate) fn push_option(&mut self, row: u32, address: Option<IpAddr>) {
        match address {
            Some(address) => self.push(row, address),
            None if self.runs.last() == Some(NULL) => {}
            None => {
                self.last = None;
                self.runs.begin(row, NULL);
            }
        }
    }
}

/// Addresses of a family, each once in the order of their numbers.
#[derive(Debug)]
struct Family<A> {
    all: Vec<A>,
    /// Addresses with their numbers: one is found without a look anywhere else.
    index: HashTable<(A, u32)>,
    hasher: RandomState,
}

impl<A> Default for Family<A> {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            index: HashTable::new(),
            hasher: RandomState::default(),
        }
    }
}

impl<A: Copy + Eq + Hash> Family<A> {
    fn number(&mut self, address: A) -> u32 {
        let hasher = &self.hasher;
        let entry = self.index.entry(
            hasher.hash_one(address),
            |&(known, _)| known == address,
            |&(known, _)| hasher.hash_one(known),
        );
        match entry {
            Entry::Occupied(known) => known.get().1,
            Entry::Vacant(place) => {
                // A row group has far fewer rows than 31 bits count.
                let number = self.all.len() as u32;
                place.insert((address, number));
                self.all.push(address);
                number
            }
        }
    }

    fn clear(&mut self) {
        self.all.clear();
        self.index.clear();
    }
}

/// As text.
impl AnyColumn for Addresses {
    fn take(&mut self, out: &mut Dictionary) -> Rows<'_> {
        for &address in &self.v6.all {
            out.push_text(Ipv6Addr::from_bits(address).to_string().as_bytes());
        }
        self.v4.all.iter().for_each(|&address| out.push_dotted(address));
        let before = self.v6.all.len() as u32;
        if before > 0 {
            self.runs.change(|number| match number {
                NULL => NULL,
                _ if number & V6 != 0 => number ^ V6,
                _ => number + before,
            });
        }
        Rows::Of(&self.runs)
    }

    fn clear(&mut self) {
        self.last = None;
        self.runs.clear();
        self.v4.clear();
        self.v6.clear();
    }
}

/// What stands for an address in a column of numbers: those of IPv6 have none.
#[inline]
pub(crate) fn number(address: IpAddr) -> Option<i64> {
    match address {
        IpAddr::V4(address) => Some(address.to_bits().into()),
        IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_ipv6_stand_first_and_rows_keep_theirs() {
        let addresses = ["10.0.0.1", "2001:db8::1", "10.0.0.2", "10.0.0.1", "2001:db8::2"];
        let mut column = Addresses::default();
        for (row, address) in (0..).zip(addresses) {
            let address = address.parse().unwrap();
            column.push(row, address);
        }
        column.push_option(5, None);
        column.push_option(6, Some("10.0.0.2".parse().unwrap()));
        let (mut values, mut each) = (Dictionary::default(), Vec::new());
        let Rows::Of(runs) = column.take(&mut values) else {
            panic!("texts are no numbers");
        };
        runs.expand(7, &mut each);
        assert_eq!(each, [2, 0, 3, 2, 1, NULL, 3]);
        let texts: Vec<_> = values.iter().collect();
        assert_eq!(
            texts,
            [
                b"2001:db8::1".as_slice(),
                b"2001:db8::2",
                b"10.0.0.1",
                b"10.0.0.2"
            ]
        );
    }
}
