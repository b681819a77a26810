//! Parquet's hybrid of runs and packed bits, in which levels and the numbers of dictionary values are written.

/// Numbers that are packed together.
const GROUP: usize = 8;
/// Equal numbers in a row from which on a run is shorter than packed bits.
const RUN: usize = 16;

/// How many bits a number below `count` takes, at least one.
pub(crate) fn width_of(count: usize) -> u32 {
    (usize::BITS - count.saturating_sub(1).leading_zeros()).max(1)
}

/// Appends a run of equal numbers of so many bits.
pub(crate) fn push_run(out: &mut Vec<u8>, count: usize, number: u32, width: u32) {
    push_varint(out, (count as u64) << 1);
    let bytes = width.div_ceil(8) as usize;
    out.extend_from_slice(number.to_le_bytes().get(..bytes).unwrap_or_default());
}

/// Appends numbers of so many bits.
pub(crate) fn push(out: &mut Vec<u8>, numbers: &[u32], width: u32) {
    let mut packed = Packed::default();
    let mut rest = numbers;
    while let Some(&first) = rest.first() {
        // Most groups show by their second number that they begin no run.
        let run = match rest.get(1) {
            Some(&second) if second == first => rest.iter().take_while(|&&number| number == first).count(),
            _ => 1,
        };
        if run >= RUN {
            packed.end(out);
            push_run(out, run, first, width);
            rest = rest.get(run..).unwrap_or_default();
        } else {
            // Only the last group of all may lack some of its numbers: whoever reads knows how many there are.
            let (group, behind) = rest.split_at(rest.len().min(GROUP));
            packed.push(group, width);
            rest = behind;
        }
    }
    packed.end(out);
}

/// Groups of packed numbers whose count is not yet known.
#[derive(Default)]
struct Packed {
    groups: u64,
    bytes: Vec<u8>,
}

impl Packed {
    #[inline]
    fn push(&mut self, group: &[u32], width: u32) {
        let (mut bits, mut held) = (0u64, 0);
        for at in 0..GROUP {
            bits |= u64::from(group.get(at).copied().unwrap_or_default()) << held;
            held += width;
            if held >= u32::BITS {
                self.bytes.extend_from_slice(&(bits as u32).to_le_bytes());
                bits >>= u32::BITS;
                held -= u32::BITS;
            }
        }
        // A group of eight fills whole bytes.
        let rest = (held / 8) as usize;
        self.bytes
            .extend_from_slice(bits.to_le_bytes().get(..rest).unwrap_or_default());
        self.groups += 1;
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if self.groups > 0 {
            push_varint(out, self.groups << 1 | 1);
            out.append(&mut self.bytes);
            self.groups = 0;
        }
    }
}

/// Appends a number by seven bits a byte.
pub(crate) fn push_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use digest_core::Hybrid;
    use proptest::prelude::*;

    use super::*;

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
            push(&mut bytes, &numbers, width);
            let read = |end: usize, out: &mut Vec<u32>| {
                Hybrid::new(0, end, width).and_then(|mut hybrid| hybrid.read(&bytes[..end], numbers.len(), out))
            };
            let mut read_back = vec![7];
            prop_assert_eq!(read(bytes.len(), &mut read_back), Ok(most));
            prop_assert_eq!(&read_back[1..], &numbers[..]);
            for end in 0..bytes.len() {
                // Whatever is missing: numbers that are there, or a clear word.
                let _ = read(end, &mut Vec::new());
            }
        }
    }

    #[test]
    fn widths_hold_every_number() {
        for (count, width) in [
            (0, 1),
            (1, 1),
            (2, 1),
            (3, 2),
            (4, 2),
            (5, 3),
            (256, 8),
            (257, 9),
            (131_072, 17),
        ] {
            assert_eq!(width_of(count), width, "{count}");
        }
    }

    #[test]
    fn runs_and_groups_stand_as_the_format_says() {
        let mut out = Vec::new();
        push(&mut out, &[5; 100], 3);
        assert_eq!(out, [200, 1, 5]);
        out.clear();
        // The example of Parquet's own description: 0 to 7 in three bits.
        push(&mut out, &[0, 1, 2, 3, 4, 5, 6, 7], 3);
        assert_eq!(out, [3, 0x88, 0xc6, 0xfa]);
        out.clear();
        push(&mut out, &[1, 0, 1], 1);
        assert_eq!(out, [3, 0b101]);
    }

    #[test]
    fn a_group_of_any_width_has_its_numbers_one_behind_the_other() {
        for width in 1..=32 {
            let most = u32::MAX >> (32 - width);
            let numbers: Vec<u32> = (0..GROUP as u32)
                .map(|at| most.wrapping_sub(at * 77) & most)
                .collect();
            let mut out = Vec::new();
            push(&mut out, &numbers, width);
            assert_eq!((out.len(), out[0]), (1 + width as usize, 3), "{width}");
            for (at, &number) in numbers.iter().enumerate() {
                let read = (0..width as usize).fold(0u32, |read, bit| {
                    let from = at * width as usize + bit;
                    read | u32::from(out[1 + from / 8] >> (from % 8) & 1) << bit
                });
                assert_eq!(read, number, "{at} of {width} bits");
            }
        }
    }
}
