//! Parquet's hybrid of runs and packed bits, in which levels and the numbers of dictionary values are written: of flow logs
//! and of our own tables alike. Its form: <https://parquet.apache.org/docs/file-format/data-pages/encodings/>, "RLE / Bit-Packing
//! Hybrid".

use thiserror::Error;

use crate::vector::{Lanes, Level, Pass};

/// A sequence of small numbers on its way. The bytes are handed in with every call.
#[derive(Debug)]
pub struct Hybrid {
    /// Where the next byte stands, and where the sequence ends.
    at: usize,
    end: usize,
    /// Bits of a number.
    width: u32,
    run: Run,
}

/// What is wrong with a sequence. Another try finds it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct HybridFault(&'static str);

#[derive(Debug)]
enum Run {
    /// The same number again and again.
    Repeated { value: u32, left: u64 },
    /// Numbers side by side, from this bit of the page on.
    Packed { bit: u64, left: u64 },
}

impl Hybrid {
    /// The sequence between two places of a page, of numbers of so many bits.
    ///
    /// # Errors
    /// [`HybridFault`] for more than 32 bits.
    pub fn new(at: usize, end: usize, width: u32) -> Result<Self, HybridFault> {
        if width > u32::BITS {
            return Err(HybridFault("numbers of more than 32 bits"));
        }
        let run = if width == 0 {
            // No bits at all: any number of zeros.
            Run::Repeated {
                value: 0,
                left: u64::MAX,
            }
        } else {
            Run::Packed { bit: 0, left: 0 }
        };
        Ok(Self { at, end, width, run })
    }

    /// Whether the next `count` numbers are all this one, in one run; they are passed over if so.
    ///
    /// # Errors
    /// [`HybridFault`] where the page ends too early.
    pub fn pass_all(&mut self, page: &[u8], count: usize, wanted: u32) -> Result<bool, HybridFault> {
        if self.left() == 0 {
            self.next_run(page)?;
        }
        match &mut self.run {
            Run::Repeated { value, left } if *value == wanted && *left >= count as u64 => {
                *left -= count as u64;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Appends the next `count` numbers; gives the greatest of them, 0 where there are none.
    ///
    /// # Errors
    /// [`HybridFault`] where the page ends too early; some numbers may have been appended then.
    pub fn read(&mut self, page: &[u8], count: usize, out: &mut Vec<u32>) -> Result<u32, HybridFault> {
        self.read_by(Level::best(), page, count, out)
    }

    /// The same with these vectors.
    pub(crate) fn read_by(
        &mut self,
        level: Level,
        page: &[u8],
        mut count: usize,
        out: &mut Vec<u32>,
    ) -> Result<u32, HybridFault> {
        let mut greatest = 0;
        while count > 0 {
            if self.left() == 0 {
                self.next_run(page)?;
            }
            let taken = usize::try_from(self.left()).unwrap_or(count).min(count);
            let from = out.len();
            match &mut self.run {
                Run::Repeated { value, left } => {
                    greatest = greatest.max(*value);
                    out.resize(from + taken, *value);
                    *left -= taken as u64;
                }
                Run::Packed { bit, left } => {
                    let width = u64::from(self.width);
                    // The last number must lie inside; what is missing of its group behind it does not matter.
                    if *bit + width * taken as u64 > self.end as u64 * 8 {
                        return Err(cut());
                    }
                    out.resize(from + taken, 0);
                    level.run(Unpacking {
                        page,
                        bit: *bit,
                        width: self.width,
                        out: out.get_mut(from..).unwrap_or_default(),
                        greatest: &mut greatest,
                    });
                    *bit += width * taken as u64;
                    *left -= taken as u64;
                }
            }
            count -= taken;
        }
        Ok(greatest)
    }

    /// Appends the places of the zeros among the next `count` numbers, which have one bit: of rows that have no value.
    ///
    /// # Errors
    /// [`HybridFault`] where the page ends too early; some places may have been appended then.
    pub(crate) fn read_zeros(
        &mut self,
        page: &[u8],
        count: usize,
        out: &mut Vec<u32>,
    ) -> Result<(), HybridFault> {
        let mut done = 0;
        while done < count {
            if self.left() == 0 {
                self.next_run(page)?;
            }
            let taken = usize::try_from(self.left()).unwrap_or(count).min(count - done);
            match &mut self.run {
                Run::Repeated { value, left } => {
                    if *value == 0 {
                        out.extend(done as u32..(done + taken) as u32);
                    }
                    *left -= taken as u64;
                }
                Run::Packed { bit, left } => {
                    if *bit + taken as u64 > self.end as u64 * 8 {
                        return Err(cut());
                    }
                    for from in (0..taken).step_by(WHOLE) {
                        let at = *bit + from as u64;
                        let some = (taken - from).min(WHOLE);
                        let word = word_at(page, (at / 8) as usize) >> (at % 8);
                        let mut zeros = !word & ((1 << some) - 1);
                        while zeros != 0 {
                            out.push((done + from) as u32 + zeros.trailing_zeros());
                            zeros &= zeros - 1;
                        }
                    }
                    *bit += taken as u64;
                    *left -= taken as u64;
                }
            }
            done += taken;
        }
        Ok(())
    }

    fn left(&self) -> u64 {
        match self.run {
            Run::Repeated { left, .. } | Run::Packed { left, .. } => left,
        }
    }

    /// Begins the next run. It may be empty.
    fn next_run(&mut self, page: &[u8]) -> Result<(), HybridFault> {
        while self.left() == 0 {
            let header = self.varint(page)?;
            let count = header >> 1;
            if header & 1 == 0 {
                let bytes = self.width.div_ceil(8) as usize;
                let mut value = [0; 4];
                let stands = page
                    .get(self.at..(self.at + bytes).min(self.end))
                    .unwrap_or_default();
                match value.get_mut(..bytes) {
                    Some(place) if stands.len() == bytes => place.copy_from_slice(stands),
                    _ => return Err(cut()),
                }
                self.at += bytes;
                self.run = Run::Repeated {
                    value: u32::from_le_bytes(value),
                    left: count,
                };
            } else {
                // Groups of eight numbers, hence of as many bytes as a number has bits.
                self.run = Run::Packed {
                    bit: self.at as u64 * 8,
                    left: count * 8,
                };
                let bytes = count.saturating_mul(self.width.into());
                let end = (self.at as u64).saturating_add(bytes).min(self.end as u64);
                self.at = end as usize;
            }
        }
        Ok(())
    }

    /// A number of up to 35 bits, seven to a byte.
    fn varint(&mut self, page: &[u8]) -> Result<u64, HybridFault> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let byte = page.get(self.at).filter(|_| self.at < self.end).ok_or_else(cut)?;
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(HybridFault("a run of impossible length"))
    }
}

/// Numbers that stand side by side, on their way. The page is readable to the last of them.
struct Unpacking<'a> {
    page: &'a [u8],
    bit: u64,
    width: u32,
    out: &'a mut [u32],
    greatest: &'a mut u32,
}

/// Bits that are in one word wherever in a byte the first of them is.
const WHOLE: usize = 56;
/// Four numbers of so many bits, and half a byte before them, are in one word.
const NARROW: u32 = 15;
/// Two numbers of so many bits, and what a byte holds before them, are in one word.
const MIDDLE: u32 = 28;

impl Pass for Unpacking<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self {
            page,
            mut bit,
            width,
            out,
            greatest,
        } = self;
        let mask = (1u64 << width) - 1;
        let mut rest = &mut *out;
        while !rest.is_empty() {
            // Eight numbers from a byte on are as many bytes as a number has bits.
            if bit % 8 == 0 && width <= MIDDLE {
                let (eights, behind) = rest.as_chunks_mut::<8>();
                let mut at = (bit / 8) as usize;
                bit += (eights.len() * 8) as u64 * u64::from(width);
                for eight in eights {
                    *eight = if width <= NARROW {
                        let other = word_at(page, at + width as usize / 2) >> (width % 2 * 4);
                        lanes.unpack([word_at(page, at), other], width)
                    } else {
                        by_pairs(page, at, width)
                    };
                    at += width as usize;
                }
                rest = behind;
            }
            let Some((number, behind)) = rest.split_first_mut() else {
                break;
            };
            *number = (word_at(page, (bit / 8) as usize) >> (bit % 8) & mask) as u32;
            bit += u64::from(width);
            rest = behind;
        }
        for number in out {
            *greatest = (*greatest).max(*number);
        }
    }
}

/// Eight numbers of [`MIDDLE`] bits at most.
#[inline(always)]
fn by_pairs(page: &[u8], at: usize, width: u32) -> [u32; 8] {
    let mask = (1u64 << width) - 1;
    let pair = |number: usize| {
        let bit = number * width as usize;
        let word = word_at(page, at + bit / 8) >> (bit % 8);
        [(word & mask) as u32, (word >> width & mask) as u32]
    };
    let [[a, b], [c, d], [e, f], [g, h]] = [pair(0), pair(2), pair(4), pair(6)];
    [a, b, c, d, e, f, g, h]
}

/// Eight bytes from here on; zeros behind the end.
#[inline(always)]
fn word_at(page: &[u8], at: usize) -> u64 {
    match page.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(word) => u64::from_le_bytes(*word),
        None => {
            let rest = page.get(at..).unwrap_or_default();
            rest.iter()
                .rev()
                .fold(0, |word, &byte| word << 8 | u64::from(byte))
        }
    }
}

fn cut() -> HybridFault {
    HybridFault("a page ends too early")
}

#[cfg(test)]
mod tests;
