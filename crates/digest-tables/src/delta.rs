//! Parquet's packed differences, as which numbers that seldom repeat are written. Its form:
//! <https://parquet.apache.org/docs/file-format/data-pages/encodings/>, "Delta Encoding".
//!
//! Numbers of neighbours in a sorted table differ by little, and what they differ by takes the bits that it needs: about as
//! few bytes as zstd makes of the numbers themselves, in a fraction of its time.

use crate::bits::push_varint;

/// Differences of a block, which share the least one.
const BLOCK: usize = PARTS * PART;
/// Parts of a block, each of which has a width of its own.
const PARTS: usize = 4;
/// Differences of a part.
const PART: usize = 32;

/// What numbers are in the file; their differences wrap in as many bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Width {
    Int32,
    Int64,
}

impl Width {
    /// Those of a number's bytes that are written.
    pub(crate) fn bytes_of(self, bytes: &[u8; size_of::<i64>()]) -> &[u8] {
        let size = match self {
            Self::Int32 => size_of::<i32>(),
            Self::Int64 => size_of::<i64>(),
        };
        bytes.get(..size).unwrap_or_default()
    }

    /// A difference as the file's numbers have it.
    #[inline]
    pub(crate) fn wrapped(self, number: i64) -> i64 {
        match self {
            Self::Int32 => i64::from(number as i32),
            Self::Int64 => number,
        }
    }
}

/// The numbers of a page on their way. They are packed a block at a time, so that what waits is in the nearest cache.
#[derive(Debug)]
pub(crate) struct Differences {
    width: Width,
    /// Those that come next, behind the last one of the block before.
    numbers: [i64; BLOCK + 1],
    held: usize,
    /// The page's first number, and how many have been packed with it.
    first: i64,
    count: usize,
    blocks: Vec<u8>,
    ends: Option<(i64, i64)>,
}

impl Differences {
    /// Differences of numbers of this width.
    pub(crate) fn new(width: Width) -> Self {
        Self {
            width,
            numbers: [0; BLOCK + 1],
            held: 0,
            first: 0,
            count: 0,
            blocks: Vec::new(),
            ends: None,
        }
    }

    /// The next number, which may not be larger than it is in the file.
    #[inline]
    pub(crate) fn push(&mut self, number: i64) {
        if let Some(place) = self.numbers.get_mut(self.held) {
            *place = number;
        }
        self.held += 1;
        if self.held > BLOCK {
            self.end_block();
        }
    }

    fn end_block(&mut self) {
        let numbers = self.numbers.get(..self.held).unwrap_or_default();
        let (Some(&first), Some(&last)) = (numbers.first(), numbers.last()) else {
            return;
        };
        if self.count == 0 {
            self.first = first;
            self.count = 1;
        }
        let (mut least, mut greatest) = self.ends.unwrap_or((first, first));
        for &number in numbers {
            least = least.min(number);
            greatest = greatest.max(number);
        }
        self.ends = Some((least, greatest));
        if numbers.len() > 1 {
            self.count += numbers.len() - 1;
            push_block(&mut self.blocks, numbers, self.width);
        }
        self.numbers[0] = last;
        self.held = 1;
    }

    /// Appends all of the page's numbers and gives the least and the greatest. The next number is another page's.
    pub(crate) fn end(&mut self, out: &mut Vec<u8>) -> Option<(i64, i64)> {
        self.end_block();
        push_varint(out, BLOCK as u64);
        push_varint(out, PARTS as u64);
        push_varint(out, self.count as u64);
        push_varint(out, zigzag(if self.count == 0 { 0 } else { self.first }));
        out.extend_from_slice(&self.blocks);
        let ends = self.ends;
        self.clear();
        ends
    }

    /// Forgets all numbers.
    pub(crate) fn clear(&mut self) {
        self.held = 0;
        self.count = 0;
        self.blocks.clear();
        self.ends = None;
    }
}

/// Appends what each number differs by from that before it; the first is of the block before.
fn push_block(out: &mut Vec<u8>, numbers: &[i64], width: Width) {
    let mut differences = [0; BLOCK];
    let mut least = i64::MAX;
    for (difference, pair) in differences.iter_mut().zip(numbers.array_windows()) {
        let [before, number] = pair;
        *difference = width.wrapped(number.wrapping_sub(*before));
        least = least.min(*difference);
    }
    push_varint(out, zigzag(least));
    let widths = out.len();
    out.extend_from_slice(&[0; PARTS]);
    let (parts, _) = differences.as_chunks_mut::<PART>();
    for (at, part) in parts.iter_mut().enumerate() {
        // What a last part lacks is written, what a last block lacks of its parts is not.
        let Some(held) = (numbers.len() - 1)
            .checked_sub(at * PART)
            .filter(|&held| held > 0)
        else {
            break;
        };
        let mut all = 0;
        for (place, difference) in part.iter_mut().enumerate() {
            *difference = if place < held {
                difference.wrapping_sub(least)
            } else {
                0
            };
            all |= *difference as u64;
        }
        let bits = u64::BITS - all.leading_zeros();
        if let Some(width) = out.get_mut(widths + at) {
            *width = bits as u8;
        }
        pack(out, part, bits);
    }
}

/// Appends the last bits of each, of which none has others.
fn pack(out: &mut Vec<u8>, part: &[i64; PART], bits: u32) {
    let mut packed = [0; PART * size_of::<u64>()];
    let words: &mut [[u8; size_of::<u64>()]] = packed.as_chunks_mut().0;
    let mut words = words.iter_mut();
    let (mut waiting, mut held) = (0_u128, 0);
    let mut push = |numbers: u64, bits: u32| {
        waiting |= u128::from(numbers) << held;
        held += bits;
        if held >= u64::BITS {
            if let Some(word) = words.next() {
                *word = (waiting as u64).to_le_bytes();
            }
            waiting >>= u64::BITS;
            held -= u64::BITS;
        }
    };
    if bits <= u64::BITS / 4 {
        let (fours, _) = part.as_chunks::<4>();
        for four in fours {
            let [one, two, three, four] = four.map(|number| number as u64);
            let pairs = [one | two << bits, three | four << bits];
            push(pairs[0] | pairs[1] << (2 * bits), 4 * bits);
        }
    } else if bits <= u64::BITS / 2 {
        let (pairs, _) = part.as_chunks::<2>();
        pairs
            .iter()
            .for_each(|pair| push(pair[0] as u64 | (pair[1] as u64) << bits, 2 * bits));
    } else {
        part.iter().for_each(|&number| push(number as u64, bits));
    }
    // A part fills whole words of 64 bits, or one of 32 more.
    if let Some(word) = words.next() {
        *word = (waiting as u64).to_le_bytes();
    }
    let bytes = PART / 8 * bits as usize;
    out.extend_from_slice(packed.get(..bytes).unwrap_or_default());
}

/// A signed number as one whose small values are those near 0.
fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}
