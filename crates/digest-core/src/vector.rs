//! The row parser's inner loops over many rows at once: delimiters, numbers, IPv4 addresses, prefetching.
//!
//! Each loop exists twice: for AVX2 (`avx2.rs`), taken where the processor has it, and in plain Rust (`portable.rs`),
//! taken everywhere else. Both say the same of the same bytes; the tests below hold them against the simplest code
//! there is. A value that a loop does not take is marked as odd and is no error: the row is judged by
//! `flow_record.rs`, which takes everything that is right and names everything that is not.

#![allow(
    unsafe_code,
    reason = "calls what only some processors can do, once it is known that this one can"
)]

#[cfg(target_arch = "x86_64")]
mod avx2;
mod portable;
#[cfg(test)]
mod tests;

use crate::key::Key;

/// Bytes that must be readable before the first and behind the last byte of a text.
pub(crate) const PAD: usize = 64;

/// Which of the two implementations is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Plain Rust.
    Portable,
    /// 256-bit vectors.
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

/// Whole lines with [`PAD`] readable bytes on either side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Padded<'a> {
    bytes: &'a [u8],
}

/// Where the delimiters of regular rows are: `width` of them a row, the last of which is its newline.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid<'a> {
    /// Positions in the padded bytes: first the place before the first row, then every delimiter.
    pub(crate) at: &'a [u32],
    /// Fields in a row.
    pub(crate) width: usize,
    /// Grid.
    pub(crate) count: usize,
}

/// The columns that make keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyColumns<'a> {
    /// Addresses, and 1 for the number of an IPv6 address.
    pub(crate) src: (&'a [u32], &'a [u8]),
    pub(crate) dst: (&'a [u32], &'a [u8]),
    /// Source and destination ports, where the layout has them.
    pub(crate) ports: Option<(&'a [u32], &'a [u32])>,
    pub(crate) protocol: &'a [u32],
}

/// What a pass over a text's delimiters has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Blanks and newlines.
    pub(crate) delimiters: usize,
    /// Newlines.
    pub(crate) newlines: usize,
    /// No blank or newline follows another, and there is no control character but newlines.
    pub(crate) regular: bool,
}

impl Level {
    /// The best that this processor can do.
    pub(crate) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("bmi1")
            && std::arch::is_x86_feature_detected!("bmi2")
            && std::arch::is_x86_feature_detected!("popcnt")
        {
            return Self::Avx2;
        }
        Self::Portable
    }

    /// Every level that this processor can do, for tests.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn all() -> Vec<Self> {
        let mut levels = vec![Self::Portable];
        if Self::best() != Self::Portable {
            levels.push(Self::best());
        }
        levels
    }

    /// Writes the positions of all blanks and newlines of a text to `at`, behind its first element, which says where
    /// the first row begins. What `at` holds beyond [`Seen::delimiters`] means nothing.
    pub(crate) fn delimiters(self, text: Padded<'_>, at: &mut Vec<u32>) -> Seen {
        grow(at, 1 + text.lines().len() + 2 * 64);
        if let Some(first) = at.first_mut() {
            *first = PAD as u32 - 1;
        }
        match self {
            Self::Portable => portable::delimiters(text, at),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the level is made only where the processor has these features.
            Self::Avx2 => unsafe { avx2::delimiters(text, at) },
        }
    }

    /// Reads one column as numbers up to `most`; rows whose field is not one, or has more than 10 digits, are odd.
    pub(crate) fn numbers(
        self,
        text: Padded<'_>,
        rows: Grid<'_>,
        column: usize,
        most: u32,
        out: &mut Vec<u32>,
        odd: &mut [u8],
    ) {
        grow(out, rows.count.next_multiple_of(4));
        match self {
            Self::Portable => portable::numbers(text, rows, column, most, out, odd),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Self::Avx2 => unsafe { avx2::numbers(text, rows, column, most, out, odd) },
        }
    }

    /// Finds the rows that differ from the row above them in any of these runs of columns (first and last of each); the
    /// first row is always one of them.
    pub(crate) fn changes(
        self,
        text: Padded<'_>,
        rows: Grid<'_>,
        runs: &[(usize, usize)],
        firsts: &mut Vec<u32>,
    ) {
        firsts.clear();
        match self {
            Self::Portable => portable::changes(text, rows, runs, firsts),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Self::Avx2 => unsafe { avx2::changes(text, rows, runs, firsts) },
        }
    }

    /// Makes the keys of so many rows, without their actions, and the ports that are folded away.
    pub(crate) fn keys(
        self,
        count: usize,
        columns: KeyColumns<'_>,
        keys: &mut Vec<Key>,
        folded: &mut Vec<u32>,
    ) {
        grow(keys, count);
        grow(folded, count);
        match self {
            Self::Portable => portable::keys(count, columns, keys, folded),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Self::Avx2 => unsafe { avx2::keys(count, columns, keys, folded) },
        }
    }

    /// Reads one column as IPv4 addresses (big-endian value); where a field is none, `other` is set.
    pub(crate) fn addresses(
        self,
        text: Padded<'_>,
        rows: Grid<'_>,
        column: usize,
        out: &mut Vec<u32>,
        other: &mut Vec<u8>,
    ) {
        grow(out, rows.count.next_multiple_of(2));
        grow(other, rows.count.next_multiple_of(2));
        match self {
            Self::Portable => portable::addresses(text, rows, column, out, other),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Self::Avx2 => unsafe { avx2::addresses(text, rows, column, out, other) },
        }
    }
}

impl<'a> Padded<'a> {
    /// Lines inside bytes that go on for [`PAD`] on either side; `None` where they do not.
    pub(crate) fn new(bytes: &'a [u8], from: usize, to: usize) -> Option<Self> {
        let bytes = bytes.get(from.checked_sub(PAD)?..to.checked_add(PAD)?)?;
        (bytes.len() <= u32::MAX as usize).then_some(Self { bytes })
    }

    /// The lines themselves.
    pub(crate) fn lines(self) -> &'a [u8] {
        self.bytes.get(PAD..self.bytes.len() - PAD).unwrap_or_default()
    }

    /// The bytes between two positions.
    #[inline]
    pub(crate) fn get(self, from: u32, to: u32) -> &'a [u8] {
        self.bytes.get(from as usize..to as usize).unwrap_or_default()
    }

    /// The byte at a position.
    #[inline]
    pub(crate) fn byte(self, at: u32) -> u8 {
        self.bytes.get(at as usize).copied().unwrap_or_default()
    }

    /// The 8 bytes that end before a position, the first of them lowest.
    #[inline]
    fn word_before(self, end: u32) -> u64 {
        let end = end as usize;
        let word = self.bytes.get(end.wrapping_sub(8)..end);
        word.and_then(|word| word.try_into().ok())
            .map_or(0, u64::from_le_bytes)
    }

    /// The number between two positions, up to 32 bits.
    #[inline]
    pub(crate) fn number(self, start: u32, end: u32) -> Option<u32> {
        let (value, odd) = portable::number(self, start, end);
        (odd == 0).then_some(value)
    }

    /// The 32 bytes from a position on.
    #[inline]
    fn thirty_two(self, start: u32) -> Option<&'a [u8; 32]> {
        self.bytes.get(start as usize..)?.first_chunk()
    }

    /// The 16 bytes from a position on.
    #[inline]
    fn sixteen(self, start: u32) -> Option<&'a [u8; 16]> {
        self.bytes.get(start as usize..)?.first_chunk()
    }

    /// The 16 bytes from a position on, the first of them lowest.
    #[inline]
    fn double_at(self, start: u32) -> u128 {
        let start = start as usize;
        let word = self.bytes.get(start..start.wrapping_add(16));
        word.and_then(|word| word.try_into().ok())
            .map_or(0, u128::from_le_bytes)
    }

    /// Whether two tokens of one length are the same bytes. Tokens are compared from their ends backwards in steps
    /// of 16, so that a short one compares what stands before it too, which is masked out.
    #[inline]
    pub(crate) fn same(self, one: u32, other: u32, length: u32) -> bool {
        let mut done = 0;
        while done + 16 <= length {
            if self.double_at(one + done) != self.double_at(other + done) {
                return false;
            }
            done += 16;
        }
        let left = length - done;
        if left == 0 {
            return true;
        }
        let differ = self.double_at(one + done) ^ self.double_at(other + done);
        differ << (128 - 8 * left) == 0
    }
}

impl<'a> Grid<'a> {
    /// Rows between these positions; `None` where there are not `width` delimiters to each.
    pub(crate) fn new(at: &'a [u32], seen: Seen, width: usize) -> Option<Self> {
        let count = seen.newlines;
        let all = width.checked_mul(count)?;
        let at = at.get(..=all)?;
        (seen.delimiters == all).then_some(Self { at, width, count })
    }

    /// Where rows end: at their newlines.
    pub(crate) fn ends(self) -> impl Iterator<Item = u32> {
        let places = self.at.get(self.width..).unwrap_or_default();
        places.iter().step_by(self.width.max(1)).copied()
    }

    /// The delimiter before a row and all of its own.
    #[inline]
    fn row(self, row: usize) -> &'a [u32] {
        let at = row * self.width;
        self.at.get(at..=at + self.width).unwrap_or_default()
    }

    /// Where a field begins and ends.
    #[inline]
    pub(crate) fn field(self, row: usize, column: usize) -> (u32, u32) {
        let at = row * self.width + column;
        match self.at.get(at..at + 2) {
            Some(&[before, end]) => (before + 1, end),
            _ => (0, 0),
        }
    }
}

/// Makes room for so many elements; what they hold does not matter.
fn grow<T: Copy + Default>(buffer: &mut Vec<T>, length: usize) {
    if buffer.len() < length {
        buffer.resize(length, T::default());
    }
}

/// Asks for the memory of an element that will be needed soon.
#[inline]
pub(crate) fn prefetch<T>(slice: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(element) = slice.get(at) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch has no effect that a program can see, and the address is that of a living element.
        unsafe { _mm_prefetch(std::ptr::from_ref(element).cast(), _MM_HINT_T0) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, at);
}
