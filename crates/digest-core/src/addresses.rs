//! IPv6 addresses as 32-bit numbers, shared by all threads of a digest.

use std::hash::BuildHasher;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::fast::RandomState;

use crate::intern::Interner;
use crate::tables::lock;
use crate::vector::prefetch;

/// Bits of a number that name its shard: threads rarely meet at one.
const SHARD_BITS: u32 = 4;
const SHARDS: usize = 1 << SHARD_BITS;
/// Bytes that an address takes: itself, its place in an index, and the room that both keep to grow.
const HELD_EACH: usize = 32;
/// Places of a thread's own memory of numbers: a megabyte, which the last cache keeps at hand.
const REMEMBERED: usize = 1 << 15;

/// All addresses seen, each with a number.
#[derive(Debug)]
pub(crate) struct Addresses {
    hasher: RandomState,
    shards: [Mutex<Interner<u128>>; SHARDS],
    /// Addresses numbered.
    count: AtomicUsize,
}

/// What one thread remembers of the numbers it has asked for.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    places: Vec<(u128, Option<u32>)>,
}

/// Addresses in order, and the rank of each number.
#[derive(Debug, Default)]
pub(crate) struct Ranks {
    pub(crate) ordered: Vec<u128>,
    ranks: Vec<Vec<u32>>,
}

impl Addresses {
    pub(crate) fn new() -> Self {
        Self {
            hasher: RandomState::default(),
            shards: std::array::from_fn(|_| Mutex::new(Interner::new())),
            count: AtomicUsize::new(0),
        }
    }

    /// Asks for the memory that [`Addresses::number`] will need for an address; the hash is for it, too.
    #[inline]
    pub(crate) fn expect(&self, address: u128, remembered: &mut Remembered) -> u64 {
        if remembered.places.is_empty() {
            remembered.places = vec![(0, None); REMEMBERED];
        }
        let hash = self.hasher.hash_one(address);
        prefetch(&remembered.places, hash as usize / SHARDS % REMEMBERED);
        hash
    }

    /// The number of an address, new or known; `None` if 32 bits do not suffice.
    pub(crate) fn number(&self, address: u128, remembered: &mut Remembered) -> Option<u32> {
        let hash = self.expect(address, remembered);
        self.number_by(address, hash, remembered)
    }

    /// The number of an address whose hash is known.
    #[inline]
    pub(crate) fn number_by(&self, address: u128, hash: u64, remembered: &mut Remembered) -> Option<u32> {
        let hash = hash as usize;
        let place = remembered.places.get_mut(hash / SHARDS % REMEMBERED)?;
        if let (known, Some(number)) = *place
            && known == address
        {
            return Some(number);
        }
        let shard = hash % SHARDS;
        let mut addresses = lock(self.shards.get(shard)?);
        let before = addresses.values().len();
        let in_shard = addresses.intern(&address)?;
        self.count
            .fetch_add(addresses.values().len() - before, Ordering::Relaxed);
        drop(addresses);
        let number = in_shard
            .checked_mul(SHARDS as u32)?
            .checked_add(u32::try_from(shard).ok()?)?;
        *place = (address, Some(number));
        Some(number)
    }

    /// The address of a number.
    pub(crate) fn address(&self, number: u32) -> Option<u128> {
        let shard = lock(self.shards.get(number as usize % SHARDS)?);
        shard.get(number >> SHARD_BITS).copied()
    }

    /// Forgets all addresses; no number means anything any more.
    pub(crate) fn clear(&self) {
        for shard in &self.shards {
            *lock(shard) = Interner::new();
        }
        self.count.store(0, Ordering::Relaxed);
    }

    /// Bytes of memory held, about.
    pub(crate) fn held(&self) -> usize {
        self.count.load(Ordering::Relaxed) * HELD_EACH
    }

    /// Puts the addresses in order.
    pub(crate) fn ranked(&self) -> Ranks {
        let mut numbered: Vec<(u128, u32)> = Vec::new();
        for (shard, addresses) in (0..).zip(&self.shards) {
            let addresses = lock(addresses);
            let numbers = (0u32..).map(|number| number << SHARD_BITS | shard);
            numbered.extend(addresses.values().iter().copied().zip(numbers));
        }
        numbered.sort_unstable();
        let mut ranks = self
            .shards
            .each_ref()
            .map(|shard| vec![0; lock(shard).values().len()]);
        for (rank, (_, number)) in (0..).zip(&numbered) {
            let shard = ranks.get_mut(*number as usize % SHARDS);
            if let Some(place) = shard.and_then(|shard| shard.get_mut((number >> SHARD_BITS) as usize)) {
                *place = rank;
            }
        }
        Ranks {
            ordered: numbered.into_iter().map(|(address, _)| address).collect(),
            ranks: ranks.into(),
        }
    }
}

impl Ranks {
    /// The rank of a number.
    pub(crate) fn rank(&self, number: u32) -> u32 {
        let shard = self.ranks.get(number as usize % SHARDS);
        let rank = shard.and_then(|shard| shard.get((number >> SHARD_BITS) as usize));
        rank.copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_for_their_addresses_and_ranks_for_their_order() {
        let addresses = Addresses::new();
        let mut remembered = Remembered::default();
        let sample: Vec<u128> = (0..10_000u128)
            .map(|at| at.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
            .collect();
        let numbers: Vec<u32> = sample
            .iter()
            .map(|&address| addresses.number(address, &mut remembered).unwrap())
            .collect();
        let ranks = addresses.ranked();
        assert!(ranks.ordered.is_sorted());
        for (&address, &number) in sample.iter().zip(&numbers) {
            let mut forgetful = Remembered::default();
            assert_eq!(addresses.number(address, &mut forgetful), Some(number));
            assert_eq!(addresses.address(number), Some(address));
            assert_eq!(ranks.ordered[ranks.rank(number) as usize], address);
        }
    }
}
