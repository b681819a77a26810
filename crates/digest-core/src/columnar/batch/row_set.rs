//! Some of the rows at hand, a bit each.

use std::ops::Range;

/// Rows of a word.
const WORD: usize = 64;

/// A set of rows.
#[derive(Debug, Default)]
pub(super) struct RowSet {
    words: Vec<u64>,
}

impl RowSet {
    /// The rows among whose flags this one is; there is a byte of flags for each row.
    pub(super) fn find(&mut self, flags: &[u8], flag: u8) {
        let shift = flag.trailing_zeros();
        self.words.clear();
        self.words.extend(flags.chunks(WORD).map(|flags| {
            let eights = flags.chunks(8).enumerate();
            eights.fold(0, |word, (at, eight)| word | bits(eight, shift) << (8 * at))
        }));
    }

    /// The first of them among some rows.
    #[inline]
    pub(super) fn next(&self, rows: Range<usize>) -> Option<usize> {
        let mut at = rows.start / WORD;
        let mut word = self.words.get(at)? & u64::MAX << (rows.start % WORD);
        while word == 0 {
            at += 1;
            if at * WORD >= rows.end {
                return None;
            }
            word = *self.words.get(at)?;
        }
        let row = at * WORD + word.trailing_zeros() as usize;
        (row < rows.end).then_some(row)
    }

    /// Those among some rows, in order.
    #[inline]
    pub(super) fn among(&self, rows: Range<usize>) -> impl Iterator<Item = usize> {
        let Range { start: mut from, end } = rows;
        std::iter::from_fn(move || {
            let row = self.next(from..end)?;
            from = row + 1;
            Some(row)
        })
    }
}

/// A bit of each of eight bytes, or fewer, in one byte.
#[inline]
fn bits(eight: &[u8], shift: u32) -> u64 {
    let word = match eight.try_into() {
        Ok(eight) => u64::from_le_bytes(eight),
        Err(_) => eight
            .iter()
            .rev()
            .fold(0, |word, &byte| word << 8 | u64::from(byte)),
    };
    // Each byte's bit comes to a place of its own in the highest byte, and nothing is carried into that.
    (word >> shift & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_are_found_by_their_flags(
            flags in proptest::collection::vec(prop_oneof![9 => Just(0), 1 => 0..8u8], 0..300),
            flag in prop_oneof![Just(1u8), Just(2), Just(4)],
            ends in (0usize..320, 0usize..320),
        ) {
            let mut set = RowSet::default();
            set.find(&flags, flag);
            let all: Vec<usize> = (0..flags.len()).filter(|&row| flags[row] & flag != 0).collect();
            let rows = ends.0.min(ends.1)..ends.0.max(ends.1);
            for from in 0..=rows.end {
                let expected = all.iter().copied().find(|row| (from..rows.end).contains(row));
                prop_assert_eq!(set.next(from..rows.end), expected);
            }
            let among: Vec<usize> = set.among(rows.clone()).collect();
            let expected: Vec<usize> = all.into_iter().filter(|row| rows.contains(row)).collect();
            prop_assert_eq!(among, expected);
        }
    }
}
