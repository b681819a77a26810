//! The operations in plain Rust, eight bytes at a time. Serves every processor; the measure of the vector ones.

use super::{Lanes, Marks, NUMBERS, Padded, View};
use crate::address;
use crate::number::decimal;

const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
const HIGH: u64 = 0x8080_8080_8080_8080;
/// Added to seven bits, it reaches the eighth for bytes above the blank (0x20).
const ABOVE_BLANK: u64 = 0x5f5f_5f5f_5f5f_5f5f;
const BLANKS: u64 = 0x2020_2020_2020_2020;
/// Gathers the highest bits of eight bytes in the highest byte.
const GATHER: u64 = 0x0002_0408_1020_4081;

/// Plain Rust.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scalar;

impl Lanes for Scalar {
    #[inline(always)]
    fn marks(self, view: &View, from: u32) -> Marks {
        let (words, _) = view.chunk::<64>(from).as_chunks::<8>();
        let mut marks = Marks {
            delimiters: 0,
            blanks: 0,
        };
        for word in words.iter().rev() {
            let word = u64::from_le_bytes(*word);
            let delimiters = !(((word & LOW) + ABOVE_BLANK) | word) & HIGH;
            let other = word ^ BLANKS;
            let blanks = !(((other & LOW) + LOW) | other) & HIGH;
            marks.delimiters = marks.delimiters << 8 | gather(delimiters);
            marks.blanks = marks.blanks << 8 | gather(blanks);
        }
        marks
    }

    #[inline(always)]
    fn same(self, one: &View, from: u32, other: &View, at: u32, length: u32) -> bool {
        let double = |view: &View, at: u32| u128::from_le_bytes(*view.chunk(at));
        let mut done = 0;
        while done < length {
            let differ = double(one, from + done) ^ double(other, at + done);
            // What stands behind them is shifted out.
            if differ << (128 - 8 * (length - done).min(16)) != 0 {
                return false;
            }
            done += 16;
        }
        true
    }

    #[inline(always)]
    fn numbers(self, view: &View, cells: [(u32, u32); NUMBERS]) -> Option<[u32; NUMBERS]> {
        let mut values = [0; NUMBERS];
        for (value, (start, end)) in values.iter_mut().zip(cells) {
            *value = short(view.word_before(end), end.wrapping_sub(start))?;
        }
        Some(values)
    }

    #[inline(always)]
    fn addresses(self, view: &View, cells: [(u32, u32); 2]) -> ([u32; 2], u8) {
        let [one, other] = cells.map(|(start, end)| address::v4(view.get(start, end)));
        let are_none = u8::from(one.is_none()) | u8::from(other.is_none()) << 1;
        ([one.unwrap_or_default(), other.unwrap_or_default()], are_none)
    }

    #[inline(always)]
    fn unpack(self, [one, other]: [u64; 2], width: u32) -> [u32; 8] {
        let width = width.min(16);
        let mask = (1u64 << width) - 1;
        let number = |word: u64, at: u32| (word >> (at * width) & mask) as u32;
        [
            number(one, 0),
            number(one, 1),
            number(one, 2),
            number(one, 3),
            number(other, 0),
            number(other, 1),
            number(other, 2),
            number(other, 3),
        ]
    }
}

/// The highest bits of eight bytes, the first byte's lowest.
#[inline(always)]
fn gather(highest: u64) -> u64 {
    (highest >> 7).wrapping_mul(GATHER << 7) >> 56
}

/// The number between two positions; `None` where there is none, or it does not fit.
#[inline]
pub(super) fn number(text: Padded<'_>, start: u32, end: u32) -> Option<u32> {
    const EIGHT_DIGITS: u64 = 100_000_000;
    match end.wrapping_sub(start) {
        0 => None,
        length @ ..=8 => short(text.word_before(end), length),
        // Times have ten digits.
        length @ ..=16 => {
            let high = short(text.word_before(end - 8), length - 8)?;
            let low = short(text.word_before(end), 8)?;
            u32::try_from(u64::from(high) * EIGHT_DIGITS + u64::from(low)).ok()
        }
        _ => decimal(text.get(start, end), u32::MAX.into()).map(|value| value as u32),
    }
}

/// A number of 1 to 8 digits, out of the word that ends with it.
#[inline(always)]
fn short(word: u64, length: u32) -> Option<u32> {
    if length.wrapping_sub(1) > 7 {
        return None;
    }
    // Bytes that are no digits come out above 9: by XOR, never by subtraction, where a borrow would change the next
    // digit without a trace.
    let digits = (word ^ 0x3030_3030_3030_3030) & u64::MAX << (64 - 8 * length);
    if (((digits & LOW) + 0x7676_7676_7676_7676) | digits) & HIGH != 0 {
        return None;
    }
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours.wrapping_mul(10_000) + (fours >> 32)) as u32)
}
