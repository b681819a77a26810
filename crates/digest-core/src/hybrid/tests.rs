//! The hybrid of runs and packed bits, read in any pieces and by every level.

use super::*;

fn all(bytes: &[u8], width: u32, count: usize) -> Result<Vec<u32>, HybridFault> {
    let read = |level| {
        let mut out = Vec::new();
        let greatest = Hybrid::new(0, bytes.len(), width)?.read_by(level, bytes, count, &mut out)?;
        assert_eq!(greatest, out.iter().copied().max().unwrap_or_default());
        Ok(out)
    };
    let expected = read(Level::Portable);
    if let Ok(expected) = &expected {
        for level in Level::all() {
            assert_eq!(&read(level).unwrap(), expected, "{level:?}");
        }
    }
    expected
}

#[test]
fn runs_and_packed_bits_are_read_in_any_pieces() {
    // The format's own example: 0 to 7 in three bits; then nine times five.
    let bytes = [0b11, 0b1000_1000, 0b1100_0110, 0b1111_1010, 18, 5];
    let expected = [0, 1, 2, 3, 4, 5, 6, 7, 5, 5, 5, 5, 5, 5, 5, 5, 5];
    assert_eq!(all(&bytes, 3, 17).unwrap(), expected);
    for piece in 1..17 {
        let mut hybrid = Hybrid::new(0, bytes.len(), 3).unwrap();
        let mut out = Vec::new();
        for _ in 0..17 / piece {
            hybrid.read(&bytes, piece, &mut out).unwrap();
        }
        assert_eq!(out, expected[..out.len()]);
    }
    assert!(all(&bytes, 3, 18).is_err());
}

#[test]
fn every_width_is_read() {
    for width in 1..=32u32 {
        let mask = u32::MAX >> (32 - width);
        let values: Vec<u32> = (0..24u32).map(|at| at.wrapping_mul(0x9e37_79b9) & mask).collect();
        let mut bytes = vec![3 << 1 | 1];
        bytes.resize(1 + 3 * width as usize, 0);
        for (at, value) in values.iter().enumerate() {
            for bit in 0..width as usize {
                let place = at * width as usize + bit;
                bytes[1 + place / 8] |= ((value >> bit & 1) as u8) << (place % 8);
            }
        }
        assert_eq!(all(&bytes, width, 24).unwrap(), values, "{width} bits");
        for piece in 1..24 {
            let mut hybrid = Hybrid::new(0, bytes.len(), width).unwrap();
            let mut out = Vec::new();
            for _ in 0..24 / piece {
                hybrid.read(&bytes, piece, &mut out).unwrap();
            }
            assert_eq!(out, values[..out.len()], "{width} bits by {piece}");
        }
    }
    assert_eq!(all(&[], 0, 3).unwrap(), [0; 3]);
    assert!(Hybrid::new(0, 0, 33).is_err());
}

#[test]
fn zeros_are_found_wherever_they_stand() {
    // 40 packed bits, a zero nine times, a one seven times, 24 packed bits.
    let bytes = [
        5 << 1 | 1,
        0b1111_1110,
        0xff,
        0x7f,
        0,
        0b1010_1010,
        9 << 1,
        0,
        7 << 1,
        1,
        3 << 1 | 1,
        0xff,
        0b0001_1000,
        0xff,
    ];
    let numbers = all(&bytes, 1, 80).unwrap();
    for piece in 1..=80 {
        let mut hybrid = Hybrid::new(0, bytes.len(), 1).unwrap();
        for some in numbers.chunks(piece) {
            let mut zeros = Vec::new();
            hybrid.read_zeros(&bytes, some.len(), &mut zeros).unwrap();
            let expected = (0..).zip(some).filter(|&(_, &number)| number == 0);
            let expected: Vec<u32> = expected.map(|(place, _)| place).collect();
            assert_eq!(zeros, expected, "by {piece}");
        }
        assert!(hybrid.read_zeros(&bytes, 1, &mut Vec::new()).is_err());
    }
    // 160 ones in one run, whose last byte is missing.
    let bytes = [&[20 << 1 | 1][..], &[0xff; 19]].concat();
    let mut hybrid = Hybrid::new(0, bytes.len(), 1).unwrap();
    let mut zeros = Vec::new();
    hybrid.read_zeros(&bytes, 152, &mut zeros).unwrap();
    assert!(zeros.is_empty());
    assert!(hybrid.read_zeros(&bytes, 1, &mut zeros).is_err());
}

#[test]
fn endless_and_empty_runs_end() {
    assert!(all(&[0, 0, 0, 0], 1, 1).is_err());
    assert!(all(&[0xff; 12], 8, 1).is_err());
    let mut hybrid = Hybrid::new(0, 2, 1).unwrap();
    assert!(hybrid.pass_all(&[20, 1], 10, 1).unwrap());
    assert!(hybrid.pass_all(&[20, 1], 1, 1).is_err());
}
