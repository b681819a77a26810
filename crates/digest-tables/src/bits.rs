//! Parquet's hybrid of runs and packed bits, in which levels and the numbers of dictionary values are written.

/// Numbers that are packed together.
const GROUP: usize = 8;
/// Equal numbers in a row from which on a run is shorter than packed bits.
const RUN: usize = 16;

/// How many bits a number below `count` takes, at least one.
pub(crate) fn width_of(count: usize) -> u32 {
    (usize::BITS - count.saturating_sub(1).leading_zeros()).max(1)
}

/// Appends numbers of so many bits.
pub(crate) fn push(out: &mut Vec<u8>, numbers: &[u32], width: u32) {
    let mut packed = Packed::default();
    let mut rest = numbers;
    while let Some(&first) = rest.first() {
        let run = rest.iter().take_while(|&&number| number == first).count();
        if run >= RUN {
            packed.end(out);
            push_varint(out, (run as u64) << 1);
            let bytes = width.div_ceil(8) as usize;
            out.extend_from_slice(first.to_le_bytes().get(..bytes).unwrap_or_default());
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
    fn push(&mut self, group: &[u32], width: u32) {
        let (mut bits, mut held) = (0u64, 0);
        for at in 0..GROUP {
            bits |= u64::from(group.get(at).copied().unwrap_or_default()) << held;
            held += width;
            while held >= 8 {
                self.bytes.push(bits as u8);
                bits >>= 8;
                held -= 8;
            }
        }
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

fn push_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
