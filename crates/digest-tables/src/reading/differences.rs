//! Packed differences, read: what `delta.rs` writes, and other writers in blocks of other sizes.

use crate::delta::Width;
use crate::reading::error::{TableReadError, corrupt};

/// Differences that are unpacked together: parts are as many, or several times that.
const GROUP: usize = 32;
/// Bytes of a number that is read.
const WORD: usize = size_of::<u128>();

/// Appends all numbers of a page, which has to be so many.
pub(crate) fn read(
    bytes: &[u8],
    count: usize,
    width: Width,
    out: &mut Vec<i64>,
) -> Result<(), TableReadError> {
    // Of a page without a value some writers write nothing.
    if count == 0 && bytes.is_empty() {
        return Ok(());
    }
    let mut rest = bytes;
    let block = varint(&mut rest)?;
    let parts = varint(&mut rest)?;
    if varint(&mut rest)? != count as u64 {
        return Err(corrupt("a page of more or fewer differences than rows"));
    }
    let mut number = signed(varint(&mut rest)?);
    let part = block.checked_div(parts).unwrap_or_default();
    if part == 0 || !part.is_multiple_of(GROUP as u64) || part * parts != block {
        return Err(corrupt("differences in blocks of no size that there is"));
    }
    if count == 0 {
        return Ok(());
    }
    out.reserve(count);
    out.push(number);
    let mut left = count - 1;
    while left > 0 {
        let least = signed(varint(&mut rest)?);
        let widths = usize::try_from(parts).ok();
        let (widths, behind) = widths
            .and_then(|parts| rest.split_at_checked(parts))
            .ok_or_else(cut)?;
        rest = behind;
        for &bits in widths {
            if left == 0 {
                break;
            }
            if u32::from(bits) > u64::BITS {
                return Err(corrupt("differences of more than 64 bits"));
            }
            let held = usize::try_from(part).unwrap_or(left).min(left);
            for group in 0..held.div_ceil(GROUP) {
                let differences = unpacked(&mut rest, bits.into())?;
                for &difference in differences.iter().take(held - group * GROUP) {
                    number = width.wrapped(number.wrapping_add(least).wrapping_add(difference as i64));
                    out.push(number);
                }
            }
            left -= held;
        }
    }
    Ok(())
}

/// The next group, of so many bits each: whole, also where fewer differences are left.
#[inline]
fn unpacked(rest: &mut &[u8], bits: usize) -> Result<[u64; GROUP], TableReadError> {
    let size = GROUP / 8 * bits;
    let mut packed = [0; GROUP * size_of::<u64>() + WORD];
    let (group, behind) = rest.split_at_checked(size).ok_or_else(cut)?;
    *rest = behind;
    if let Some(place) = packed.get_mut(..size) {
        place.copy_from_slice(group);
    }
    let mut numbers = [0; GROUP];
    // A difference of 64 bits may begin inside a byte.
    let mask = (1_u128 << bits) - 1;
    for (at, number) in numbers.iter_mut().enumerate() {
        let bit = at * bits;
        let word = packed.get(bit / 8..).and_then(<[u8]>::first_chunk::<WORD>);
        let word = word.map_or(0, |word| u128::from_le_bytes(*word));
        *number = (word >> (bit % 8) & mask) as u64;
    }
    Ok(numbers)
}

fn signed(zigzag: u64) -> i64 {
    (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64)
}

fn varint(rest: &mut &[u8]) -> Result<u64, TableReadError> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (&byte, behind) = rest.split_first().ok_or_else(cut)?;
        *rest = behind;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(corrupt("a number of more than 64 bits"))
}

fn cut() -> TableReadError {
    corrupt("a page ends before its differences do")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::delta::Differences;

    proptest! {
        #[test]
        fn what_was_written_is_read(
            numbers in prop::collection::vec(
                prop_oneof![any::<i64>(), -9_i64..9, 0_i64..1 << 33, Just(i64::MIN), Just(i64::MAX)],
                0..400,
            ),
            short: bool,
        ) {
            let width = if short { Width::Int32 } else { Width::Int64 };
            let numbers: Vec<i64> =
                numbers.into_iter().map(|number| if short { i64::from(number as i32) } else { number }).collect();
            let mut bytes = Vec::new();
            let mut page = Differences::new(width);
            // Nothing of the page before is left.
            for numbers in [&numbers[numbers.len() / 2..], &numbers] {
                bytes.clear();
                numbers.iter().for_each(|&number| page.push(number));
                let ends = page.end(&mut bytes);
                prop_assert_eq!(ends.map(|ends| ends.0), numbers.iter().min().copied());
                prop_assert_eq!(ends.map(|ends| ends.1), numbers.iter().max().copied());
            }
            let mut read_back = vec![7];
            prop_assert_eq!(read(&bytes, numbers.len(), width, &mut read_back).ok(), Some(()));
            prop_assert_eq!(&read_back[1..], &numbers[..]);
            prop_assert!(read(&bytes, numbers.len() + 1, width, &mut Vec::new()).is_err());
            for end in usize::from(numbers.is_empty())..bytes.len() {
                prop_assert!(read(&bytes[..end], numbers.len(), width, &mut Vec::new()).is_err());
            }
        }

        #[test]
        fn any_bytes_behind_a_sound_begin_are_numbers_or_refused(
            parts in 1_u64..5,
            groups in 1_u64..4,
            count in 0_usize..400,
            body in prop::collection::vec(prop_oneof![any::<u8>(), 0_u8..9], 0..400),
        ) {
            let mut bytes = begin(parts * groups * GROUP as u64, parts, count);
            bytes.extend(&body);
            let mut numbers = Vec::new();
            if read(&bytes, count, Width::Int64, &mut numbers).is_ok() {
                prop_assert_eq!(numbers.len(), count);
            }
        }
    }

    /// What stands before the blocks of a page of so many numbers, the first of which is 0.
    fn begin(block: u64, parts: u64, count: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in [block, parts, count as u64, 0] {
            crate::bits::push_varint(&mut bytes, number);
        }
        bytes
    }

    #[test]
    fn differences_have_64_bits_at_most() {
        for (bits, is_read) in [(0_u8, true), (33, true), (64, true), (65, false), (255, false)] {
            let mut bytes = begin(32, 1, 33);
            bytes.extend([0, bits]);
            bytes.extend(vec![0xff; 4 * usize::from(bits)]);
            let mut numbers = Vec::new();
            assert_eq!(
                read(&bytes, 33, Width::Int64, &mut numbers).is_ok(),
                is_read,
                "{bits}"
            );
            if is_read {
                let each = (1_u128 << bits) - 1;
                let last = (32 * each) as i64;
                assert_eq!((numbers.len(), numbers.last()), (33, Some(&last)), "{bits}");
            }
        }
    }

    #[test]
    fn a_page_without_a_number_may_have_no_bytes() {
        assert!(read(&[], 0, Width::Int64, &mut Vec::new()).is_ok());
        assert!(read(&[], 1, Width::Int64, &mut Vec::new()).is_err());
    }

    #[test]
    fn the_examples_of_the_format_are_read() {
        // 1, 2, 3, 4, 5: differences of 1, in no bits at all.
        let bytes = [0x80, 0x01, 4, 5, 2, 2, 0, 0, 0, 0];
        let mut numbers = Vec::new();
        read(&bytes, 5, Width::Int64, &mut numbers).unwrap();
        assert_eq!(numbers, [1, 2, 3, 4, 5]);
        // 7, 5, 3, 1, 2, 3, 4, 5: the least difference is -2, and what the others are above it are 0, 0, 0, 3, 3, 3, 3.
        let mut bytes = vec![0x80, 0x01, 4, 8, 14, 3, 2, 0, 0, 0];
        bytes.extend([0xc0, 0x3f, 0, 0, 0, 0, 0, 0]);
        numbers.clear();
        read(&bytes, 8, Width::Int64, &mut numbers).unwrap();
        assert_eq!(numbers, [7, 5, 3, 1, 2, 3, 4, 5]);
        let mut written = Vec::new();
        let mut page = Differences::new(Width::Int64);
        numbers.iter().for_each(|&number| page.push(number));
        page.end(&mut written);
        assert_eq!(written, bytes);
    }

    #[test]
    fn blocks_of_no_size_are_refused() {
        for (block, parts) in [(0, 0), (0, 4), (128, 0), (128, 3), (64, 4), (8, 1)] {
            let mut bytes = Vec::new();
            for number in [block, parts, 2, 0, 0] {
                crate::bits::push_varint(&mut bytes, number);
            }
            bytes.extend([0; 40]);
            let read = read(&bytes, 2, Width::Int64, &mut Vec::new());
            assert!(read.is_err(), "{parts} parts of {block}");
        }
    }
}
