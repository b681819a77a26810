//! A row's neighbouring columns, split and their numbers read at once, where 64 bytes hold them all: the places of their
//! delimiters are a byte each of one number, so that one subtraction gives all lengths.

use std::arch::x86_64::*;

use super::{both, halves, marks, sixteen, sums_of_eight};
use crate::vector::neighbours::ADDRESSES;
use crate::vector::{AROUND, Marks, Neighbours, SplitColumns, View};

/// A one in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;
/// For each byte of a word that a number ends with, how many stand behind it: it is a digit where the number is longer.
const BEHIND: i64 = 0x0001_0203_0405_0607;

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
pub(super) fn columns(view: &View, at: u32, neighbours: &Neighbours) -> Option<SplitColumns> {
    let around = view.around(at)?;
    let Marks { delimiters, blanks } = marks(view.chunk(at));
    let mut left = delimiters;
    // Where columns end; 64 where there is no delimiter.
    let ends = [
        next_eight(&mut left),
        if neighbours.count > 8 {
            next_eight(&mut left)
        } else {
            0
        },
    ];
    let last = match neighbours.count {
        count @ ..=8 => place(ends[0], count.wrapping_sub(1)),
        count => place(ends[1], count - 9),
    };
    let bits = _bzhi_u64(delimiters, last + 1);
    let newline = u64::from(neighbours.ends_row) << (last % 64);
    // What stands before the first column is a delimiter.
    let are_wrong = last > 63
        || (bits << 1 | 1) & bits != 0
        || bits & !blanks != newline
        || neighbours.ends_row && view.byte(at + last) != b'\n';
    if are_wrong {
        return None;
    }
    // Where they begin: behind the delimiter before.
    let behind = [ends[0] + ONES, ends[1] + ONES];
    let ends = both(ends[0], ends[1]);
    let starts = both(behind[0] << 8, behind[1] << 8 | behind[0] >> 56);
    let picked = sixteen(&neighbours.picked);
    let end = word(_mm_shuffle_epi8(ends, picked));
    let start = word(_mm_shuffle_epi8(starts, picked));
    let number = |number: u32| word_before(around, place(end, number));
    // No byte up to the last column's is the smaller one.
    let lengths = _mm_sub_epi8(ends, starts);
    let (first, second) = halves(&neighbours.numbers);
    let first = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(lengths), first);
    let second = _mm_shuffle_epi8(lengths, _mm256_castsi256_si128(second));
    let zero = _mm256_set1_epi8(b'0' as i8);
    let digits = _mm256_xor_si256(
        _mm256_set_m128i(both(number(2), number(3)), both(number(0), number(1))),
        zero,
    );
    let one = _mm256_and_si256(digits, _mm256_cmpgt_epi8(first, _mm256_set1_epi64x(BEHIND)));
    let digits = _mm_xor_si128(both(number(4), number(5)), _mm256_castsi256_si128(zero));
    let two = _mm_and_si128(digits, _mm_cmpgt_epi8(second, _mm_set1_epi64x(BEHIND)));
    // Bytes that are no digits are above 9, lengths of more than eight above 8.
    let most = _mm256_max_epu8(one, _mm256_zextsi128_si256(two));
    let longest = _mm256_max_epu8(first, _mm256_zextsi128_si256(second));
    let beyond = _mm256_or_si256(
        _mm256_subs_epu8(most, _mm256_set1_epi8(9)),
        _mm256_subs_epu8(longest, _mm256_set1_epi8(8)),
    );
    if _mm256_testz_si256(beyond, beyond) == 0 {
        return None;
    }
    let token = |address: u32| (at + place(start, address), at + place(end, address));
    let [src, dst] = ADDRESSES;
    Some(SplitColumns {
        numbers: sums_of_eight(one, two),
        addresses: [token(src), token(dst)],
        end: at + last + 1,
    })
}

/// The places of the next eight bits, a byte each.
#[inline(always)]
fn next_eight(left: &mut u64) -> u64 {
    let mut places = 0;
    for byte in 0..8 {
        places |= u64::from(left.trailing_zeros()) << (8 * byte);
        *left &= left.wrapping_sub(1);
    }
    places
}

/// A byte of a word.
#[inline(always)]
fn place(places: u64, byte: u32) -> u32 {
    (places >> (8 * (byte % 8)) & 0xff) as u32
}

/// The low half of a vector.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn word(vector: __m128i) -> u64 {
    _mm_cvtsi128_si64(vector).cast_unsigned()
}

/// The eight bytes before a place among 64.
#[inline(always)]
fn word_before(around: &[u8; AROUND], end: u32) -> u64 {
    let (_, from) = around.split_at(end as usize % 64);
    from.first_chunk().map_or(0, |word| u64::from_le_bytes(*word))
}
