//! The operations with 256-bit vectors: 64 bytes of text, six numbers, two addresses at a time.
//!
//! Every function here is safe to call where the processor has AVX2, BMI1, BMI2 and POPCNT, which [`Avx2::detected`] looks
//! for once. Bytes reach the vectors through checked slices; no pointer is followed.

use std::arch::x86_64::*;

use super::{Lanes, MOST_SPLIT, Marks, NUMBERS, Neighbours, Pass, SplitColumns, View};
use dotted::{PATTERNS, Patterns};

mod columns;
mod dotted;
mod groups;

/// That this processor has the features that this file needs.
#[derive(Clone, Copy)]
pub(crate) struct Avx2 {
    patterns: &'static Patterns,
}

/// By the length of a token, less one.
const DIGITS: [u64; 8] = [
    0xff << 56,
    0xffff << 48,
    0x00ff_ffff << 40,
    0xffff_ffff << 32,
    0x00ff_ffff_ffff << 24,
    0xffff_ffff_ffff << 16,
    0x00ff_ffff_ffff_ffff << 8,
    u64::MAX,
];

impl std::fmt::Debug for Avx2 {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Avx2")
    }
}

impl Avx2 {
    /// `None` where the processor lacks a feature.
    pub(super) fn detected() -> Option<Self> {
        let has_all = std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("bmi1")
            && std::arch::is_x86_feature_detected!("bmi2")
            && std::arch::is_x86_feature_detected!("popcnt");
        has_all.then(|| Self { patterns: &PATTERNS })
    }

    /// Runs a pass as one function that may use all of this.
    pub(super) fn run(self, pass: impl Pass) {
        // SAFETY: the processor has the features, or there were no `self`.
        unsafe { run(self, pass) }
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn run<P: Pass>(lanes: Avx2, pass: P) {
    pass.run(lanes);
}

impl Lanes for Avx2 {
    const READS_COLUMNS: bool = true;

    #[inline(always)]
    fn marks(self, view: &View, from: u32) -> Marks {
        // SAFETY: the processor has the features, or there were no `self`.
        unsafe { marks(view.chunk(from)) }
    }

    #[inline(always)]
    fn same(self, one: &View, from: u32, other: &View, at: u32, length: u32) -> bool {
        // SAFETY: as above.
        unsafe { are_same(one, from, other, at, length) }
    }

    #[inline(always)]
    fn numbers(self, view: &View, cells: [(u32, u32); NUMBERS]) -> Option<[u32; NUMBERS]> {
        // SAFETY: as above.
        unsafe { numbers(view, cells) }
    }

    #[inline(always)]
    fn addresses(self, view: &View, cells: [(u32, u32); 2]) -> ([u32; 2], u8) {
        // SAFETY: as above.
        unsafe { dotted::addresses(self.patterns, view, cells) }
    }

    #[inline(always)]
    fn v6(self, view: &View, cell: (u32, u32)) -> Option<u128> {
        // SAFETY: as above.
        unsafe { groups::v6(view, cell) }
    }

    #[inline(always)]
    fn unpack(self, words: [u64; 2], width: u32) -> [u32; 8] {
        // SAFETY: as above.
        unsafe { unpack(words, width) }
    }

    #[inline(always)]
    fn columns(self, view: &View, at: u32, neighbours: &Neighbours) -> Option<SplitColumns> {
        if at > MOST_SPLIT {
            return None;
        }
        // SAFETY: as above.
        unsafe { columns::columns(view, at, neighbours) }
    }
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn unpack([one, other]: [u64; 2], width: u32) -> [u32; 8] {
    // Bits of each number to the low end of 16.
    let places = ((1u64 << width.min(16)) - 1).wrapping_mul(0x0001_0001_0001_0001);
    let numbers = both(_pdep_u64(one, places), _pdep_u64(other, places));
    let mut out = [0; 8];
    // SAFETY: the store writes the 32 bytes of `out` and asks for no alignment.
    unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), _mm256_cvtepu16_epi32(numbers)) };
    out
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn marks(bytes: &[u8; 64]) -> Marks {
    let (low, high) = halves(bytes);
    let blank = _mm256_set1_epi8(b' ' as i8);
    Marks {
        delimiters: mask(
            _mm256_cmpeq_epi8(_mm256_min_epu8(low, blank), low),
            _mm256_cmpeq_epi8(_mm256_min_epu8(high, blank), high),
        ),
        blanks: mask(_mm256_cmpeq_epi8(low, blank), _mm256_cmpeq_epi8(high, blank)),
    }
}

/// Whether so many bytes are the same. What is read beyond them is masked out.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn are_same(one: &View, from: u32, other: &View, at: u32, length: u32) -> bool {
    let mut done = 0;
    while done < length {
        let one = halves(one.chunk(from + done));
        let other = halves(other.chunk(at + done));
        let same = mask(
            _mm256_cmpeq_epi8(one.0, other.0),
            _mm256_cmpeq_epi8(one.1, other.1),
        );
        if _bzhi_u64(!same, (length - done).min(64)) != 0 {
            return false;
        }
        done += 64;
    }
    true
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn numbers(view: &View, cells: [(u32, u32); NUMBERS]) -> Option<[u32; NUMBERS]> {
    let lengths = cells.map(|(start, end)| end.wrapping_sub(start).wrapping_sub(1));
    let all = lengths[0] | lengths[1] | lengths[2] | lengths[3] | lengths[4] | lengths[5];
    if all > 7 {
        return None;
    }
    let one = four(
        view,
        [cells[0].1, cells[1].1, cells[2].1, cells[3].1],
        [lengths[0], lengths[1], lengths[2], lengths[3]],
    );
    let two = two(view, [cells[4].1, cells[5].1], [lengths[4], lengths[5]]);
    // Bytes that are no digits are above 9.
    let beyond = _mm256_subs_epu8(
        _mm256_max_epu8(one, _mm256_zextsi128_si256(two)),
        _mm256_set1_epi8(9),
    );
    if _mm256_testz_si256(beyond, beyond) == 0 {
        return None;
    }
    Some(sums_of_eight(one, two))
}

/// The numbers of six words of eight digits, the first digit lowest.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn sums_of_eight(one: __m256i, two: __m128i) -> [u32; NUMBERS] {
    let one = _mm256_maddubs_epi16(one, _mm256_set1_epi16(0x010a));
    let one = _mm256_madd_epi16(one, _mm256_set1_epi32(0x0001_0064));
    let two = _mm_maddubs_epi16(two, _mm_set1_epi16(0x010a));
    let two = _mm_madd_epi16(two, _mm_set1_epi32(0x0001_0064));
    let one = _mm_packus_epi32(_mm256_castsi256_si128(one), _mm256_extracti128_si256::<1>(one));
    let two = _mm_packus_epi32(two, two);
    let last = _mm_set1_epi32(0x0001_2710);
    let (one, two) = (_mm_madd_epi16(one, last), _mm_madd_epi16(two, last));
    [
        _mm_extract_epi32::<0>(one) as u32,
        _mm_extract_epi32::<1>(one) as u32,
        _mm_extract_epi32::<2>(one) as u32,
        _mm_extract_epi32::<3>(one) as u32,
        _mm_extract_epi32::<0>(two) as u32,
        _mm_extract_epi32::<1>(two) as u32,
    ]
}

/// The digits of four tokens.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn four(view: &View, ends: [u32; 4], lengths: [u32; 4]) -> __m256i {
    _mm256_set_m128i(
        two(view, [ends[2], ends[3]], [lengths[2], lengths[3]]),
        two(view, [ends[0], ends[1]], [lengths[0], lengths[1]]),
    )
}

/// The digits of two tokens that end here, of 1 to 8 bytes and one less.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn two(view: &View, ends: [u32; 2], lengths: [u32; 2]) -> __m128i {
    let words = both(view.word_before(ends[0]), view.word_before(ends[1]));
    let digits = both(digits(lengths[0]), digits(lengths[1]));
    _mm_and_si128(_mm_xor_si128(words, _mm_set1_epi8(b'0' as i8)), digits)
}

/// Which bytes of a word are the digits of a token of so many bytes and one more.
#[inline(always)]
fn digits(length: u32) -> u64 {
    match DIGITS.get(length as usize % DIGITS.len()) {
        Some(digits) => *digits,
        None => 0,
    }
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn both(low: u64, high: u64) -> __m128i {
    _mm_set_epi64x(high.cast_signed(), low.cast_signed())
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn halves(block: &[u8; 64]) -> (__m256i, __m256i) {
    let half = block.as_ptr().cast::<__m256i>();
    // SAFETY: both loads lie inside the 64 bytes of the block; neither asks for any alignment.
    unsafe { (_mm256_loadu_si256(half), _mm256_loadu_si256(half.add(1))) }
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn sixteen(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: the load lies inside the 16 bytes and asks for no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn mask(low: __m256i, high: __m256i) -> u64 {
    let (low, high) = (
        _mm256_movemask_epi8(low) as u32,
        _mm256_movemask_epi8(high) as u32,
    );
    u64::from(high) << 32 | u64::from(low)
}
