//! The IPv6 addresses of one interface as 32-bit numbers.
//!
//! An interface meets few addresses, again and again, so that what is looked up here is mostly in the cache; and its
//! edges are put in order by themselves, so that no number need mean anything elsewhere.

use crate::index::Index;
use crate::key::Seeds;
use crate::vector::prefetch;

/// Addresses that are asked for before the first of them is looked up.
const TOGETHER: usize = 64;

/// Addresses, each with a number.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    index: Index,
    values: Vec<u128>,
}

/// Addresses in order, and the rank of each number.
#[derive(Debug, Default)]
pub(crate) struct Ranks {
    pub(crate) ordered: Vec<u128>,
    ranks: Vec<u32>,
}

impl Addresses {
    /// The number of an address, new or known; `None` if 32 bits do not suffice.
    pub(crate) fn number(&mut self, address: u128, seeds: Seeds) -> Option<u32> {
        self.number_by(address, seeds.hash(address), seeds)
    }

    /// The numbers of many addresses, in their order.
    pub(crate) fn numbers(&mut self, addresses: &[u128], seeds: Seeds, numbers: &mut Vec<u32>) -> Option<()> {
        let mut hashes = [0; TOGETHER];
        for some in addresses.chunks(TOGETHER) {
            for (hash, address) in hashes.iter_mut().zip(some) {
                *hash = seeds.hash(*address);
                self.index.expect(*hash);
            }
            for hash in hashes.iter().take(some.len()) {
                prefetch(&self.values, self.index.near(*hash));
            }
            for (hash, address) in hashes.iter().zip(some) {
                numbers.push(self.number_by(*address, *hash, seeds)?);
            }
        }
        Some(())
    }

    #[inline]
    fn number_by(&mut self, address: u128, hash: u64, seeds: Seeds) -> Option<u32> {
        let is = |place: usize| self.values.get(place) == Some(&address);
        let mut slot = match self.index.find(hash, is) {
            Ok(place) => return u32::try_from(place).ok(),
            Err(slot) => slot,
        };
        let place = self.values.len();
        if !self.index.has_room(place + 1) {
            let hashes = self.values.iter().map(|&value| seeds.hash(value));
            if !self.index.widen(place + 1, hashes) {
                return None;
            }
            slot = self.index.find(hash, |_| false).unwrap_or_else(|slot| slot);
        }
        self.index.set(slot, place, hash);
        self.values.push(address);
        u32::try_from(place).ok()
    }

    /// The address of a number.
    pub(crate) fn get(&self, number: u32) -> Option<u128> {
        self.values.get(number as usize).copied()
    }

    /// Bytes of memory held.
    pub(crate) fn held(&self) -> usize {
        self.index.held() + self.values.capacity() * size_of::<u128>()
    }

    /// Puts the addresses in order.
    pub(crate) fn ranked(self) -> Ranks {
        let mut ranks = vec![0; self.values.len()];
        let mut numbered: Vec<(u128, u32)> = self.values.into_iter().zip(0..).collect();
        numbered.sort_unstable();
        for (rank, (_, number)) in (0..).zip(&numbered) {
            if let Some(place) = ranks.get_mut(*number as usize) {
                *place = rank;
            }
        }
        Ranks {
            ordered: numbered.into_iter().map(|(address, _)| address).collect(),
            ranks,
        }
    }
}

impl Ranks {
    /// The rank of a number.
    pub(crate) fn rank(&self, number: u32) -> u32 {
        self.ranks.get(number as usize).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_for_their_addresses_and_ranks_for_their_order() {
        let seeds = Seeds::draw();
        let mut addresses = Addresses::default();
        let sample: Vec<u128> = (0..10_000u128)
            .map(|at| (at % 7000).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
            .collect();
        let mut numbers = Vec::new();
        addresses.numbers(&sample, seeds, &mut numbers).unwrap();
        assert_eq!(addresses.values.len(), 7000);
        for (&address, &number) in sample.iter().zip(&numbers) {
            assert_eq!(addresses.number(address, seeds), Some(number));
            assert_eq!(addresses.get(number), Some(address));
        }
        let ranks = addresses.ranked();
        assert!(ranks.ordered.is_sorted());
        for (&address, &number) in sample.iter().zip(&numbers) {
            assert_eq!(ranks.ordered[ranks.rank(number) as usize], address);
        }
    }
}
