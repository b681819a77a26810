//! The operations with 512-bit vectors. A row's neighbouring columns are split and their numbers read at once, where 64 bytes hold
//! them all, by what these vectors alone can do: bytes picked by a mask, and moved anywhere.
//!
//! Every function here is safe to call where the processor has what [`Avx512::detected`] looks for: servers of Intel from Ice
//! Lake on and processors of AMD from Zen 4 on have. Bytes reach the vectors through checked slices; no pointer is followed.

use std::arch::x86_64::*;

use super::avx2::Avx2;
use super::{Lanes, MOST_SPLIT, Marks, NUMBERS, Neighbours, ONCE, Pass, SplitColumns, View};

/// That this processor has the features that this file needs, and those of AVX2's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx512 {
    avx2: Avx2,
}

impl Avx512 {
    /// `None` where the processor lacks a feature.
    pub(super) fn detected() -> Option<Self> {
        let avx2 = Avx2::detected()?;
        let has_all = std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512bw")
            && std::arch::is_x86_feature_detected!("avx512dq")
            && std::arch::is_x86_feature_detected!("avx512vl")
            && std::arch::is_x86_feature_detected!("avx512vbmi")
            && std::arch::is_x86_feature_detected!("avx512vbmi2")
            && std::arch::is_x86_feature_detected!("lzcnt");
        has_all.then_some(Self { avx2 })
    }

    /// Runs a pass as one function that may use all of this.
    pub(super) fn run(self, pass: impl Pass) {
        // SAFETY: the processor has the features, or there were no `self`.
        unsafe { run(self, pass) }
    }
}

#[target_feature(
    enable = "avx2,bmi1,bmi2,popcnt,lzcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2"
)]
fn run<P: Pass>(lanes: Avx512, pass: P) {
    pass.run(lanes);
}

impl Lanes for Avx512 {
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
        self.avx2.numbers(view, cells)
    }

    #[inline(always)]
    fn addresses(self, view: &View, cells: [(u32, u32); 2]) -> ([u32; 2], u8) {
        self.avx2.addresses(view, cells)
    }

    #[inline(always)]
    fn v6(self, view: &View, cell: (u32, u32)) -> Option<u128> {
        self.avx2.v6(view, cell)
    }

    #[inline(always)]
    fn unpack(self, words: [u64; 2], width: u32) -> [u32; 8] {
        self.avx2.unpack(words, width)
    }

    #[inline(always)]
    fn columns(self, view: &View, at: u32, neighbours: &Neighbours) -> Option<SplitColumns> {
        if at > MOST_SPLIT {
            return None;
        }
        // SAFETY: as above.
        unsafe { columns(view.chunk(at), at, neighbours) }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn marks(bytes: &[u8; 64]) -> Marks {
    let text = sixty_four(bytes);
    let blank = _mm512_set1_epi8(b' ' as i8);
    Marks {
        delimiters: _mm512_cmple_epu8_mask(text, blank),
        blanks: _mm512_cmpeq_epi8_mask(text, blank),
    }
}

/// Whether so many bytes are the same. What is read beyond them is masked out.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,bmi2")]
fn are_same(one: &View, from: u32, other: &View, at: u32, length: u32) -> bool {
    let mut done = 0;
    while done < length {
        let differ = _mm512_cmpneq_epi8_mask(
            sixty_four(one.chunk(from + done)),
            sixty_four(other.chunk(at + done)),
        );
        if _bzhi_u64(differ, (length - done).min(64)) != 0 {
            return false;
        }
        done += 64;
    }
    true
}

/// Where each byte of a number stands in its token, from the end: 8 for the first of eight.
#[allow(clippy::indexing_slicing, reason = "worked out while compiling")]
const FROM_END: [u8; 64] = {
    let mut from_end = [0; 64];
    let mut at = 0;
    while at < 64 {
        from_end[at] = 8 - (at % 8) as u8;
        at += 1;
    }
    from_end
};

/// The places of 64 bytes.
#[allow(clippy::indexing_slicing, reason = "worked out while compiling")]
const PLACES: [u8; 64] = {
    let mut places = [0; 64];
    let mut at = 0;
    while at < 64 {
        places[at] = at as u8;
        at += 1;
    }
    places
};

#[inline]
#[target_feature(
    enable = "avx2,bmi1,bmi2,popcnt,lzcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2"
)]
fn columns(bytes: &[u8; 64], at: u32, neighbours: &Neighbours) -> Option<SplitColumns> {
    let text = sixty_four(bytes);
    let blank = _mm512_set1_epi8(b' ' as i8);
    let all = _mm512_cmple_epu8_mask(text, blank);
    // As many as there are columns.
    let delimiters = _pdep_u64(neighbours.columns, all);
    let last = (63 - _lzcnt_u64(delimiters | 1)) as u32;
    let newline = u64::from(neighbours.ends_row) << last;
    // What stands before the first column is a delimiter.
    let are_wrong = delimiters.count_ones() != neighbours.count
        || (delimiters << 1 | 1) & delimiters != 0
        || delimiters & !_mm512_cmpeq_epi8_mask(text, blank) != newline
        || neighbours.ends_row && bytes.get(last as usize) != Some(&b'\n');
    if are_wrong {
        return None;
    }
    // A byte each: where columns end, and the places before them, the first of which is one before the text.
    let ends = _mm512_castsi512_si128(_mm512_maskz_compress_epi8(delimiters, sixty_four(&PLACES)));
    let befores = _mm_alignr_epi8::<15>(ends, _mm_set1_epi8(-1));
    let numbers = sixty_four(&neighbours.numbers);
    let end = _mm512_permutexvar_epi8(numbers, _mm512_castsi128_si512(ends));
    let before = _mm512_permutexvar_epi8(numbers, _mm512_castsi128_si512(befores));
    let length = _mm512_sub_epi8(_mm512_sub_epi8(end, before), _mm512_set1_epi8(1));
    let from_end = sixty_four(&FROM_END);
    let is_digit = _mm512_cmple_epu8_mask(from_end, length);
    let digits = _mm512_permutexvar_epi8(_mm512_sub_epi8(end, from_end), text);
    let digits = _mm512_maskz_sub_epi8(is_digit, digits, _mm512_set1_epi8(b'0' as i8));
    // A token has eight digits at most, and one at least, for no two delimiters stand together.
    let beyond = _mm512_cmpgt_epu8_mask(digits, _mm512_set1_epi8(9))
        | _mm512_cmpgt_epu8_mask(length, _mm512_set1_epi8(8));
    if beyond != 0 {
        return None;
    }
    let pairs = _mm512_maddubs_epi16(digits, _mm512_set1_epi16(0x010a));
    let fours = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x0001_0064));
    // Two numbers in each quarter, and the same two once more.
    let eights = _mm512_madd_epi16(_mm512_packus_epi32(fours, fours), _mm512_set1_epi32(0x0001_2710));
    let numbers = _mm512_permutexvar_epi32(
        _mm512_setr_epi32(0, 1, 4, 5, 8, 9, 12, 13, 0, 0, 0, 0, 0, 0, 0, 0),
        eights,
    );
    let numbers = eight(_mm512_castsi512_si256(numbers));
    let (ends, befores) = (sixteen(ends), sixteen(befores));
    let [src, dst] = neighbours.addresses;
    Some(SplitColumns {
        numbers: [
            numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5],
        ],
        addresses: [token(&befores, &ends, at, src), token(&befores, &ends, at, dst)],
        end: at + last + 1,
    })
}

/// Where a column's token begins and ends.
#[inline(always)]
fn token(befores: &[u8; ONCE], ends: &[u8; ONCE], at: u32, column: u8) -> (u32, u32) {
    let column = usize::from(column) % ONCE;
    match (befores.get(column), ends.get(column)) {
        (Some(before), Some(end)) => (at + u32::from(before.wrapping_add(1)), at + u32::from(*end)),
        _ => (at, at),
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn sixty_four(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: the load lies inside the 64 bytes and asks for no alignment.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn eight(numbers: __m256i) -> [u32; 8] {
    let mut out = [0; 8];
    // SAFETY: the store writes the 32 bytes of `out` and asks for no alignment.
    unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), numbers) };
    out
}

#[inline]
#[target_feature(enable = "avx2")]
fn sixteen(bytes: __m128i) -> [u8; ONCE] {
    let mut out = [0; ONCE];
    // SAFETY: the store writes the 16 bytes of `out` and asks for no alignment.
    unsafe { _mm_storeu_si128(out.as_mut_ptr().cast(), bytes) };
    out
}
