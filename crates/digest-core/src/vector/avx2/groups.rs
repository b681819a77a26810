//! IPv6 addresses that are written in groups of hex digits alone: what each byte of a token is worth is found for all of them
//! at once, then each group's digits are put together.

use std::arch::x86_64::*;

use super::{View, halves, mask};
use crate::address;

/// Eight groups of four digits and the colons between them.
const LONGEST: u32 = 39;
/// Digits of a group.
const MOST: usize = 4;

/// Reads a token. `None` where it is none of these addresses; it may be another.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
pub(super) fn v6(view: &View, (start, end): (u32, u32)) -> Option<u128> {
    let length = end.wrapping_sub(start);
    if !(1..=LONGEST).contains(&length) {
        return None;
    }
    let (low, high) = halves(view.chunk(start));
    let (low, high) = (Digits::of(low), Digits::of(high));
    let all = (1u64 << length) - 1;
    let colons = mask(low.are_colons, high.are_colons) & all;
    if colons | mask(low.are_digits, high.are_digits) & all != all {
        return None;
    }
    // As many before the first, so that the digits of every group are the last of four.
    let mut worth = [0; MOST + 64];
    let (_, behind) = worth.split_at_mut(MOST);
    let halves = behind.as_mut_ptr().cast::<__m256i>();
    // SAFETY: there are 64 bytes, and neither store asks for any alignment.
    unsafe {
        _mm256_storeu_si256(halves, low.worth);
        _mm256_storeu_si256(halves.add(1), high.worth);
    }
    let length = length as usize;
    let is_colon = |at: usize| colons >> at & 1 != 0;
    let (mut value, mut groups, mut gap, mut at) = (0u128, 0, None, 0);
    if is_colon(0) {
        if !is_colon(1) {
            return None;
        }
        (gap, at) = (Some(0), 2);
    }
    while at < length {
        let end = (at + (colons >> at).trailing_zeros() as usize).min(length);
        let digits = end - at;
        if digits == 0 || digits > MOST || groups == 8 {
            return None;
        }
        let last = u32::from_be_bytes(*worth.get(end..)?.first_chunk()?);
        // The digits of the group, a byte each, the last of them lowest.
        let own = _bzhi_u32(last, 8 * digits as u32);
        value = value << 16 | u128::from(_pext_u32(own, 0x0f0f_0f0f));
        groups += 1;
        at = end + 1;
        if at == length {
            // One colon at the end.
            return None;
        }
        if end < length && is_colon(at) {
            if gap.replace(groups).is_some() {
                return None;
            }
            at += 1;
        }
    }
    address::with_gap(value, groups, gap)
}

/// Bytes of a token: what each is worth as a hex digit, and which are digits, which colons.
struct Digits {
    worth: __m256i,
    are_digits: __m256i,
    are_colons: __m256i,
}

impl Digits {
    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    fn of(text: __m256i) -> Self {
        let decimal = _mm256_sub_epi8(text, _mm256_set1_epi8(b'0' as i8));
        let is_decimal = _mm256_cmpeq_epi8(_mm256_min_epu8(decimal, _mm256_set1_epi8(9)), decimal);
        let lower = _mm256_or_si256(text, _mm256_set1_epi8(0x20));
        let letter = _mm256_sub_epi8(lower, _mm256_set1_epi8(b'a' as i8));
        let is_letter = _mm256_cmpeq_epi8(_mm256_min_epu8(letter, _mm256_set1_epi8(5)), letter);
        let letter = _mm256_add_epi8(letter, _mm256_set1_epi8(10));
        Self {
            worth: _mm256_or_si256(
                _mm256_and_si256(decimal, is_decimal),
                _mm256_and_si256(letter, is_letter),
            ),
            are_digits: _mm256_or_si256(is_decimal, is_letter),
            are_colons: _mm256_cmpeq_epi8(text, _mm256_set1_epi8(b':' as i8)),
        }
    }
}
