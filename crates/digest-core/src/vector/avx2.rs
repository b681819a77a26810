//! The loops with 256-bit vectors: 64 bytes of text, four numbers, two addresses at a time.
//!
//! Every function here is safe to call where the processor has AVX2, BMI1, BMI2 and POPCNT, which [`Level`](super::Level) looks for
//! once. Bytes reach the vectors through checked slices; no pointer is followed.

use std::arch::x86_64::*;

use super::portable::{self, digits_before, number};
use super::{Grid, KeyColumns, PAD, Padded, Seen};
use crate::key::Key;

mod dotted;

pub(super) use dotted::addresses;

/// Delimiters written at once, whether or not there are as many: what is too much is written over. Few blocks of 64
/// bytes have more.
const AT_ONCE: usize = 12;

/// Blocks whose newlines are counted in bytes before they are added up.
const COUNTED_TOGETHER: usize = 127;

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
pub(super) fn delimiters(text: Padded<'_>, at: &mut [u32]) -> Seen {
    let lines = text.lines();
    let (blocks, rest) = lines.as_chunks::<64>();
    let mut last = [b'x'; 64];
    if let Some(start) = last.get_mut(..rest.len()) {
        start.copy_from_slice(rest);
    }
    let mut found = Found {
        written: 1,
        position: PAD as u32,
        // The line before this text has ended: a delimiter at its very start is one too many.
        before: 1,
        touching: 0,
        controls: _mm256_setzero_si256(),
        newlines: _mm256_setzero_si256(),
    };
    let mut newlines = 0;
    for blocks in blocks.chunks(COUNTED_TOGETHER) {
        for block in blocks {
            found.block(block, at);
        }
        newlines += found.take_newlines();
    }
    found.block(&last, at);
    newlines += found.take_newlines();
    Seen {
        delimiters: found.written - 1,
        newlines,
        regular: found.touching == 0 && _mm256_testz_si256(found.controls, found.controls) == 1,
    }
}

/// What has been found so far.
struct Found {
    /// Elements of the list written.
    written: usize,
    /// Where the next block begins.
    position: u32,
    /// 1 if the block before ended with a delimiter.
    before: u64,
    /// Delimiters that follow another one.
    touching: u64,
    /// Bytes up to the blank that are no delimiters.
    controls: __m256i,
    /// Newlines by their place in half a block, not yet added up.
    newlines: __m256i,
}

impl Found {
    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    fn block(&mut self, block: &[u8; 64], at: &mut [u32]) {
        let (low, high) = halves(block);
        let at_most_blank = (at_most_blank(low), at_most_blank(high));
        let lines = (equal(low, b'\n'), equal(high, b'\n'));
        let others = (
            _mm256_andnot_si256(_mm256_or_si256(lines.0, equal(low, b' ')), at_most_blank.0),
            _mm256_andnot_si256(_mm256_or_si256(lines.1, equal(high, b' ')), at_most_blank.1),
        );
        self.controls = _mm256_or_si256(self.controls, _mm256_or_si256(others.0, others.1));
        // A comparison that holds is -1.
        self.newlines = _mm256_sub_epi8(self.newlines, _mm256_add_epi8(lines.0, lines.1));
        let found = mask(
            _mm256_andnot_si256(others.0, at_most_blank.0),
            _mm256_andnot_si256(others.1, at_most_blank.1),
        );
        self.touching |= found & (found << 1 | self.before);
        self.before = found >> 63;
        let count = found.count_ones() as usize;
        let mut left = write_places(at, self.written, self.position, found);
        let mut done = AT_ONCE;
        while done < count {
            left = write_places(at, self.written + done, self.position, left);
            done += AT_ONCE;
        }
        self.written += count;
        self.position += 64;
    }

    /// The newlines that have not been added up.
    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    fn take_newlines(&mut self) -> usize {
        let sums = _mm256_sad_epu8(self.newlines, _mm256_setzero_si256());
        self.newlines = _mm256_setzero_si256();
        let low = _mm256_extract_epi64::<0>(sums) + _mm256_extract_epi64::<1>(sums);
        let high = _mm256_extract_epi64::<2>(sums) + _mm256_extract_epi64::<3>(sums);
        (low + high) as usize
    }
}

/// Writes the places of the lowest [`AT_ONCE`] bits; gives the bits that are left.
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn write_places(at: &mut [u32], from: usize, position: u32, mut bits: u64) -> u64 {
    if let Some(out) = at.get_mut(from..).and_then(<[u32]>::first_chunk_mut::<AT_ONCE>) {
        for out in out {
            // SAFETY: the reference is valid. Volatile, as the compiler would else put the numbers together in vector
            // registers one by one, which takes twice as long as to store them.
            unsafe { std::ptr::from_mut(out).write_volatile(position + bits.trailing_zeros()) };
            bits &= bits.wrapping_sub(1);
        }
    }
    bits
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn halves(block: &[u8; 64]) -> (__m256i, __m256i) {
    let half = block.as_ptr().cast::<__m256i>();
    // SAFETY: both loads lie inside the 64 bytes of the block; neither asks for any alignment.
    unsafe { (_mm256_loadu_si256(half), _mm256_loadu_si256(half.add(1))) }
}

/// The 16 bytes from a position on; zeros where they are not there.
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn sixteen(text: Padded<'_>, at: u32) -> __m128i {
    match text.sixteen(at) {
        // SAFETY: the load lies inside the 16 bytes and asks for no alignment.
        Some(bytes) => unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) },
        None => _mm_setzero_si128(),
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn mask(low: __m256i, high: __m256i) -> u64 {
    let (low, high) = (
        _mm256_movemask_epi8(low) as u32,
        _mm256_movemask_epi8(high) as u32,
    );
    u64::from(high) << 32 | u64::from(low)
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn equal(bytes: __m256i, byte: u8) -> __m256i {
    _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte as i8))
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn at_most_blank(bytes: __m256i) -> __m256i {
    _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(b' ' as i8)), bytes)
}

/// The digits of a field, as a lane.
#[inline]
fn digits_of(text: Padded<'_>, (start, end): (u32, u32)) -> i64 {
    digits_before(text, end, (end - start).min(8)).cast_signed()
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
pub(super) fn numbers(
    text: Padded<'_>,
    rows: Grid<'_>,
    column: usize,
    most: u32,
    out: &mut [u32],
    odd: &mut [u8],
) {
    let (fours, _) = out.as_chunks_mut::<4>();
    let whole = rows.count / 4;
    for (four, out) in fours.iter_mut().enumerate().take(whole) {
        let row = four * 4;
        // Spelled out: a closure called by the standard library's functions would not be compiled into this one.
        let one = rows.field(row, column);
        let two = rows.field(row + 1, column);
        let three = rows.field(row + 2, column);
        let four = rows.field(row + 3, column);
        let vector = _mm256_set_epi64x(
            digits_of(text, four),
            digits_of(text, three),
            digits_of(text, two),
            digits_of(text, one),
        );
        let beyond = _mm256_subs_epu8(vector, _mm256_set1_epi8(9));
        let pairs = _mm256_maddubs_epi16(vector, _mm256_set1_epi16(0x010a));
        let fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x0001_0064));
        let packed = _mm256_packus_epi32(fours, fours);
        let eights = _mm256_madd_epi16(packed, _mm256_set1_epi32(0x0001_2710));
        let low = _mm256_extract_epi64::<0>(eights) as u64;
        let high = _mm256_extract_epi64::<2>(eights) as u64;
        *out = [low as u32, (low >> 32) as u32, high as u32, (high >> 32) as u32];
        let longest = (one.1 - one.0)
            .max(two.1 - two.0)
            .max((three.1 - three.0).max(four.1 - four.0));
        if _mm256_testz_si256(beyond, beyond) == 0 || longest > 8 {
            // One of them is no number, or longer: each by itself.
            for ((lane, out), (start, end)) in out.iter_mut().enumerate().zip([one, two, three, four]) {
                let (value, is_odd) = number(text, start, end);
                *out = value;
                if let Some(odd) = odd.get_mut(row + lane) {
                    *odd |= is_odd;
                }
            }
        }
    }
    for row in whole * 4..rows.count {
        let (start, end) = rows.field(row, column);
        let (value, is_odd) = number(text, start, end);
        if let (Some(out), Some(odd)) = (out.get_mut(row), odd.get_mut(row)) {
            *out = value;
            *odd |= is_odd;
        }
    }
    if most < u32::MAX {
        for (value, odd) in out.iter().zip(odd) {
            *odd |= u8::from(*value > most);
        }
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
pub(super) fn changes(text: Padded<'_>, rows: Grid<'_>, runs: &[(usize, usize)], firsts: &mut Vec<u32>) {
    let mut above: &[u32] = &[];
    for row in 0..rows.count {
        let here = rows.row(row);
        let mut same = row > 0;
        for &(first, last) in runs {
            let (one, other) = (run(above, first, last), run(here, first, last));
            let lengths = (one.1.wrapping_sub(one.0), other.1.wrapping_sub(other.0));
            same = same && lengths.0 == lengths.1 && are_same(text, one.0, other.0, lengths.0);
        }
        if !same {
            firsts.push(row as u32);
        }
        above = here;
    }
}

/// Where neighbouring columns of a row begin and end.
#[inline]
fn run(row: &[u32], first: usize, last: usize) -> (u32, u32) {
    match (row.get(first), row.get(last + 1)) {
        (Some(&before), Some(&end)) => (before + 1, end),
        _ => (0, 0),
    }
}

/// Whether so many bytes from two positions on are the same. What is read beyond them is masked out.
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn are_same(text: Padded<'_>, one: u32, other: u32, length: u32) -> bool {
    let mut done = 0;
    while done < length {
        let (one, other) = (thirty_two(text, one + done), thirty_two(text, other + done));
        let differ = !(_mm256_movemask_epi8(_mm256_cmpeq_epi8(one, other)) as u32);
        if _bzhi_u32(differ, (length - done).min(32)) != 0 {
            return false;
        }
        done += 32;
    }
    true
}

/// The 32 bytes from a position on; zeros where they are not there.
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn thirty_two(text: Padded<'_>, at: u32) -> __m256i {
    match text.thirty_two(at) {
        // SAFETY: the load lies inside the 32 bytes and asks for no alignment.
        Some(bytes) => unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) },
        None => _mm256_setzero_si256(),
    }
}

/// The portable loop, compiled for these processors.
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
pub(super) fn keys(count: usize, columns: KeyColumns<'_>, keys: &mut [Key], folded: &mut [u32]) {
    portable::keys(count, columns, keys, folded);
}
