//! Parquet's hybrid of runs and packed bits read back: levels, and the numbers of a dictionary's values.

use crate::reading::error::{TableReadError, corrupt};

/// Appends `count` numbers of so many bits each.
pub(crate) fn read(
    mut bytes: &[u8],
    width: u32,
    count: usize,
    out: &mut Vec<u32>,
) -> Result<(), TableReadError> {
    if width > u32::BITS {
        return Err(corrupt("numbers of more than 32 bits"));
    }
    let end = out.len() + count;
    if width == 0 {
        out.resize(end, 0);
        return Ok(());
    }
    while out.len() < end {
        let header = varint(&mut bytes)?;
        let left = end - out.len();
        let several = usize::try_from(header >> 1).unwrap_or(usize::MAX);
        if header & 1 == 0 {
            let (value, rest) = bytes
                .split_at_checked(width.div_ceil(8) as usize)
                .ok_or_else(cut)?;
            bytes = rest;
            let mut number = [0; 4];
            number.iter_mut().zip(value).for_each(|(to, from)| *to = *from);
            if several == 0 {
                return Err(corrupt("a run of nothing"));
            }
            out.resize(out.len() + several.min(left), u32::from_le_bytes(number));
        } else {
            // Groups of eight numbers; of the last one some may be missing.
            let wanted = several.saturating_mul(8).min(left);
            let needed = (wanted * width as usize).div_ceil(8);
            if needed > bytes.len() || wanted == 0 {
                return Err(cut());
            }
            unpack(bytes, width, wanted, out);
            let taken = several.saturating_mul(width as usize).min(bytes.len());
            bytes = bytes.get(taken..).unwrap_or_default();
        }
    }
    Ok(())
}

/// Whether all of so many numbers of one bit are 1, and written as one run: the levels of a page without nulls.
pub(crate) fn is_run_of_one(mut bytes: &[u8], count: usize) -> bool {
    let Ok(header) = varint(&mut bytes) else {
        return false;
    };
    header & 1 == 0 && header >> 1 >= count as u64 && bytes.first() == Some(&1)
}

/// Appends numbers that stand side by side, the first bit of the first byte first.
fn unpack(bytes: &[u8], width: u32, count: usize, out: &mut Vec<u32>) {
    let mask = u64::from(u32::MAX >> (u32::BITS - width));
    let width = width as usize;
    // As many as can be read eight bytes at a time.
    let whole = bytes.len().saturating_sub(8) * 8 / width;
    let fast = whole.min(count);
    out.extend((0..fast).map(|at| {
        let bit = at * width;
        let word = bytes.get(bit / 8..).and_then(<[u8]>::first_chunk);
        let word = u64::from_le_bytes(word.copied().unwrap_or_default());
        (word >> (bit % 8) & mask) as u32
    }));
    out.extend((fast..count).map(|at| {
        let bit = at * width;
        let mut word = [0; 8];
        let tail = bytes.get(bit / 8..).unwrap_or_default();
        word.iter_mut().zip(tail).for_each(|(to, from)| *to = *from);
        (u64::from_le_bytes(word) >> (bit % 8) & mask) as u32
    }));
}

fn varint(bytes: &mut &[u8]) -> Result<u64, TableReadError> {
    let mut value = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or_else(cut)?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(corrupt("a length of more than 64 bits"))
}

fn cut() -> TableReadError {
    corrupt("a page ends before its numbers do")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bits;

    proptest! {
        #[test]
        fn what_was_written_is_read(
            parts in prop::collection::vec((0_u32..1 << 20, 1_usize..40), 1..40),
            spare in 0_u32..13,
        ) {
            let numbers: Vec<u32> =
                parts.iter().flat_map(|&(number, times)| std::iter::repeat_n(number, times)).collect();
            let most = numbers.iter().max().copied().unwrap_or_default();
            let width = u32::BITS - most.leading_zeros() + spare.min(most.leading_zeros());
            let mut bytes = Vec::new();
            bits::push(&mut bytes, &numbers, width);
            let are_ones = numbers.len() >= 16 && numbers.iter().all(|&number| number == 1);
            prop_assert!(!is_run_of_one(&bytes, numbers.len()) || are_ones);
            let mut read_back = vec![7];
            read(&bytes, width, numbers.len(), &mut read_back).unwrap();
            prop_assert_eq!(&read_back[1..], &numbers[..]);
            for cut in 0..bytes.len() {
                let mut out = Vec::new();
                // Whatever is missing: numbers that are there, or a clear word.
                let _ = read(&bytes[..cut], width, numbers.len(), &mut out);
            }
        }
    }

    #[test]
    fn what_says_too_much_is_refused() {
        let mut out = Vec::new();
        assert!(read(&[], 3, 1, &mut out).is_err());
        assert!(read(&[2, 1], 33, 1, &mut out).is_err());
        assert!(read(&[0, 1], 3, 1, &mut out).is_err());
        assert!(read(&[0xff; 11], 3, 1, &mut out).is_err());
        assert!(is_run_of_one(&[40, 1], 20) && !is_run_of_one(&[40, 1], 21));
        assert!(!is_run_of_one(&[40, 0], 20) && !is_run_of_one(&[41, 1], 20) && !is_run_of_one(&[], 0));
        read(&[], 0, 3, &mut out).unwrap();
        assert_eq!(out, [0, 0, 0]);
    }
}
