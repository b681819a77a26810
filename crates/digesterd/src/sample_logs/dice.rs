//! Seeded chance: the same seed gives the same numbers on every machine, in every version.
//!
//! Whole numbers only: what a floating point library makes of a logarithm differs from machine to machine.

/// Weyl increment of `SplitMix64`.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A stream of chance (`SplitMix64`).
#[derive(Debug, Clone)]
pub(super) struct Dice {
    state: u64,
}

impl Dice {
    /// The stream that these numbers name. Different numbers give unrelated streams.
    pub(super) fn of(parts: &[u64]) -> Self {
        Self { state: hash(parts) }
    }

    /// Any number.
    pub(super) fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mixed(self.state)
    }

    /// A number below `bound`; 0 where the bound is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        scaled(self.roll(), bound)
    }

    /// Whether something happens that happens `per_million` times in a million.
    pub(super) fn chance(&mut self, per_million: u64) -> bool {
        self.below(1_000_000) < per_million
    }

    /// A number below `bound`, small ones far more often: the cube of an even chance.
    ///
    /// The popularity of network peers: of n ranks, the first n/1000 get a tenth of the draws.
    pub(super) fn rank(&mut self, bound: u64) -> u64 {
        let even = self.roll() >> 32;
        let cube = (((even * even) >> 32) * even) >> 32;
        scaled(cube << 32, bound)
    }
}

/// A number that looks like chance and follows from these.
pub(super) fn hash(parts: &[u64]) -> u64 {
    parts.iter().fold(STEP, |sum, part| {
        mixed(sum.rotate_left(23) ^ mixed(part.wrapping_add(STEP)))
    })
}

/// Brings an even 64-bit number below `bound`, evenly.
pub(super) fn scaled(even: u64, bound: u64) -> u64 {
    ((u128::from(even) * u128::from(bound)) >> 64) as u64
}

fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_below_their_bound_and_reach_all_of_it() {
        let mut dice = Dice::of(&[1]);
        let mut seen = [0_u32; 7];
        for _ in 0..7000 {
            seen[dice.below(7) as usize] += 1;
        }
        assert!(seen.iter().all(|&times| (850..1150).contains(&times)), "{seen:?}");
        assert_eq!(dice.below(0), 0);
    }

    #[test]
    fn small_ranks_are_popular() {
        let mut dice = Dice::of(&[2]);
        let ranks: Vec<u64> = (0..10_000).map(|_| dice.rank(1000)).collect();
        let first = ranks.iter().filter(|&&rank| rank == 0).count();
        assert!((900..1100).contains(&first), "{first}");
        assert!(ranks.iter().all(|&rank| rank < 1000));
        assert!(ranks.iter().any(|&rank| rank > 990));
    }
}
