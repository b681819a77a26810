//! Dotted addresses, two at a time: where the dots stand says where each digit goes.

use std::arch::x86_64::*;
use std::sync::LazyLock;

use super::sixteen;
use crate::vector::View;

/// How the digits of one pattern of dots are moved to four places each, and the least value of each octet: one of
/// three digits begins at 100, as leading zeros are not read.
#[derive(Clone, Copy)]
struct Pattern {
    /// For each of 16 places the digit's position, or 0x80 for none.
    moves: [u8; 16],
    least: [i32; 4],
}

/// Where the dots and the end are (a bit each) to the number of a pattern; 0 is no address.
pub(super) struct Patterns {
    numbers: Box<[u8; NUMBERS]>,
    patterns: [Pattern; PATTERNS_KEPT],
}

/// Longest dotted address.
const LONGEST: usize = 15;
const NUMBERS: usize = 1 << (LONGEST + 1);
/// 81 of them and none, up to a power of two.
const PATTERNS_KEPT: usize = 128;

pub(super) static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let none = Pattern {
        moves: [0x80; 16],
        least: [0; 4],
    };
    let mut numbers = Box::new([0; NUMBERS]);
    let mut patterns = [none; PATTERNS_KEPT];
    let out = patterns.iter_mut().enumerate().skip(1);
    for (lengths, (number, out)) in (0..81u8).zip(out) {
        let digits = [
            lengths / 27 + 1,
            lengths / 9 % 3 + 1,
            lengths / 3 % 3 + 1,
            lengths % 3 + 1,
        ];
        let (mut pattern, mut mask, mut at) = (none, 0usize, 0u8);
        for (octet, digits) in digits.into_iter().enumerate() {
            for digit in 0..digits {
                if let Some(place) = pattern.moves.get_mut(octet * 4 + 4 - usize::from(digits - digit)) {
                    *place = at;
                }
                at += 1;
            }
            if let Some(least) = pattern.least.get_mut(octet) {
                *least = [0, 0, 10, 100]
                    .get(usize::from(digits))
                    .copied()
                    .unwrap_or_default();
            }
            mask |= 1 << at;
            at += 1;
        }
        if let Some(place) = numbers.get_mut(mask) {
            *place = number as u8;
        }
        *out = pattern;
    }
    Patterns { numbers, patterns }
});

/// The number of the pattern that these dots and this length make; 0 for none.
#[inline]
fn pattern(numbers: &[u8; NUMBERS], dots: u32, length: u32) -> usize {
    if length as usize > LONGEST {
        return 0;
    }
    let end = 1u32 << length;
    let mask = (dots & (end - 1)) | end;
    match numbers.get(mask as usize % NUMBERS) {
        Some(number) => usize::from(*number),
        None => 0,
    }
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
pub(super) fn addresses(patterns: &Patterns, view: &View, [one, other]: [(u32, u32); 2]) -> ([u32; 2], u8) {
    let Patterns { numbers, patterns } = patterns;
    let vector = _mm256_set_m128i(sixteen(view.chunk(other.0)), sixteen(view.chunk(one.0)));
    let dots = _mm256_movemask_epi8(_mm256_cmpeq_epi8(vector, _mm256_set1_epi8(b'.' as i8))) as u32;
    let found = (
        pattern(numbers, dots, one.1 - one.0),
        pattern(numbers, dots >> 16, other.1 - other.0),
    );
    let (Some(first), Some(second)) = (
        patterns.get(found.0 % PATTERNS_KEPT),
        patterns.get(found.1 % PATTERNS_KEPT),
    ) else {
        return ([0; 2], 3);
    };
    let digits = _mm256_xor_si256(vector, _mm256_set1_epi8(b'0' as i8));
    let digits = _mm256_shuffle_epi8(digits, lanes(first.moves, second.moves));
    let pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi32(0x010a_6400));
    let octets = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
    let least = _mm256_set_epi32(
        second.least[3],
        second.least[2],
        second.least[1],
        second.least[0],
        first.least[3],
        first.least[2],
        first.least[1],
        first.least[0],
    );
    let wrong = _mm256_or_si256(
        _mm256_or_si256(
            _mm256_cmpgt_epi32(octets, _mm256_set1_epi32(255)),
            _mm256_cmpgt_epi32(least, octets),
        ),
        _mm256_subs_epu8(digits, _mm256_set1_epi8(9)),
    );
    let right = _mm256_movemask_epi8(_mm256_cmpeq_epi8(wrong, _mm256_setzero_si256())) as u32;
    let values = _mm256_shuffle_epi8(octets, _mm256_set1_epi32(0x0004_080c));
    let are_none = (
        u8::from(found.0 == 0 || right & 0xffff != 0xffff),
        u8::from(found.1 == 0 || right >> 16 != 0xffff),
    );
    (
        [
            _mm256_extract_epi32::<0>(values) as u32,
            _mm256_extract_epi32::<4>(values) as u32,
        ],
        are_none.0 | are_none.1 << 1,
    )
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn lanes(first: [u8; 16], second: [u8; 16]) -> __m256i {
    let (first, second) = (u128::from_le_bytes(first), u128::from_le_bytes(second));
    _mm256_set_epi64x(
        (second >> 64) as i64,
        second as i64,
        (first >> 64) as i64,
        first as i64,
    )
}
