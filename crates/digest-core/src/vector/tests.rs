//! Every level against the simplest code, on texts that put every kind of token at every place.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::key::{FoldedPorts, KeyAddress};

/// Lines with bytes around them that would spoil a careless read.
struct Around(Vec<u8>, usize);

impl Around {
    fn new(lines: &[u8], around: u8) -> Self {
        let pad = vec![around; PAD];
        Self([&pad, lines, &pad].concat(), lines.len())
    }

    fn padded(&self) -> Padded<'_> {
        Padded::new(&self.0, PAD, PAD + self.1).unwrap()
    }
}

fn naive(lines: &[u8]) -> (Vec<u32>, Seen) {
    let mut at = Vec::new();
    let mut regular = true;
    let mut before = b'\n';
    for (place, &byte) in lines.iter().enumerate() {
        let is_delimiter = byte == b' ' || byte == b'\n';
        if is_delimiter {
            at.push((PAD + place) as u32);
        }
        if byte <= b' ' && (!is_delimiter || before <= b' ') {
            regular = false;
        }
        before = byte;
    }
    let newlines = lines.iter().filter(|&&byte| byte == b'\n').count();
    let delimiters = at.len();
    (
        at,
        Seen {
            delimiters,
            newlines,
            regular,
        },
    )
}

fn check_delimiters(lines: &[u8]) {
    let (expected, seen) = naive(lines);
    for level in Level::all() {
        for around in [b' ', b'\n', b'7', 0xff] {
            let text = Around::new(lines, around);
            let mut at = vec![7; 3];
            assert_eq!(
                level.delimiters(text.padded(), &mut at),
                seen,
                "{level:?} {lines:?}"
            );
            assert_eq!(at[0], PAD as u32 - 1);
            assert_eq!(at[1..=expected.len()], expected, "{level:?} {lines:?}");
        }
    }
}

/// A text of one token a line, and what each level reads from it.
fn column<T: PartialEq + std::fmt::Debug>(
    tokens: &[Vec<u8>],
    read: impl Fn(Level, Padded<'_>, Grid<'_>) -> Vec<T>,
) -> Vec<T> {
    let lines: Vec<u8> = tokens
        .iter()
        .flat_map(|token| [token.as_slice(), b"\n"].concat())
        .collect();
    let mut answers = Vec::new();
    for level in Level::all() {
        for around in [b'0', b'9', b'.', b' '] {
            let text = Around::new(&lines, around);
            let mut at = Vec::new();
            let seen = level.delimiters(text.padded(), &mut at);
            let grid = Grid::new(&at, seen, 1).unwrap();
            answers.push(read(level, text.padded(), grid));
        }
    }
    let first = answers.pop().unwrap();
    for answer in answers {
        assert_eq!(answer, first);
    }
    first
}

fn numbers(tokens: &[Vec<u8>], most: u32) -> Vec<Option<u32>> {
    column(tokens, |level, text, grid| {
        let (mut out, mut odd) = (vec![7; 1000], vec![0; tokens.len()]);
        level.numbers(text, grid, 0, most, &mut out, &mut odd);
        out.iter()
            .zip(odd)
            .map(|(&value, odd)| (odd == 0).then_some(value))
            .collect()
    })
}

fn addresses(tokens: &[Vec<u8>]) -> Vec<Option<u32>> {
    column(tokens, |level, text, grid| {
        let (mut out, mut other) = (vec![7; 1000], vec![1; 1000]);
        level.addresses(text, grid, 0, &mut out, &mut other);
        let read = out
            .iter()
            .zip(other)
            .map(|(&value, other)| (other == 0).then_some(value));
        read.take(tokens.len()).collect()
    })
}

fn number(token: &[u8], most: u32) -> Option<u32> {
    let digits = token.iter().all(u8::is_ascii_digit);
    let value: u32 = std::str::from_utf8(token).ok().filter(|_| digits)?.parse().ok()?;
    (value <= most).then_some(value)
}

fn address(token: &[u8]) -> Option<u32> {
    let address: std::net::Ipv4Addr = std::str::from_utf8(token).ok()?.parse().ok()?;
    Some(address.into())
}

#[test]
fn delimiters_at_every_place_of_a_block() {
    for length in 0..200 {
        for place in 0..length {
            for byte in [b' ', b'\n', b'\t', b'\r', 0, 0x7f, 0x80, 0xff] {
                let mut lines = vec![b'x'; length];
                lines[place] = byte;
                check_delimiters(&lines);
            }
        }
    }
    for length in 1..140 {
        check_delimiters(&vec![b' '; length]);
        let pair: Vec<u8> = (0..length)
            .map(|at| if at % 2 == 0 { b'7' } else { b' ' })
            .collect();
        check_delimiters(&pair);
    }
}

#[test]
fn digits_of_every_length_after_every_byte() {
    let mut tokens: Vec<Vec<u8>> = Vec::new();
    for length in 1..=22 {
        for digit in b"0159" {
            tokens.push(vec![*digit; length]);
            for wrong in 0..=255u8 {
                if wrong > b' ' {
                    for place in [0, length / 2, length - 1] {
                        let mut token = vec![*digit; length];
                        token[place] = wrong;
                        tokens.push(token);
                    }
                }
            }
        }
    }
    for edge in [
        0,
        1,
        9,
        10,
        65_535,
        65_536,
        99_999_999,
        100_000_000,
        999_999_999,
        1_000_000_000,
    ] {
        tokens.push(edge.to_string().into_bytes());
    }
    tokens.extend([u32::MAX.to_string(), (u64::from(u32::MAX) + 1).to_string()].map(String::into_bytes));
    for most in [u32::MAX, 65_535, 255, 15] {
        for skipped in 0..5 {
            let expected: Vec<_> = tokens[skipped..]
                .iter()
                .map(|token| number(token, most))
                .collect();
            let found = numbers(&tokens[skipped..], most);
            for ((found, expected), token) in found.iter().zip(&expected).zip(&tokens[skipped..]) {
                assert_eq!(found, expected, "{:?}", String::from_utf8_lossy(token));
            }
        }
    }
}

#[test]
fn addresses_of_every_shape() {
    let octets = [
        "0", "1", "9", "10", "99", "100", "199", "255", "256", "999", "00", "01", "001", "1000", "",
    ];
    let mut tokens: Vec<Vec<u8>> = Vec::new();
    for one in octets {
        for two in octets {
            for three in octets {
                for four in ["0", "10", "255", "256", "01", ""] {
                    tokens.push(format!("{one}.{two}.{three}.{four}").into_bytes());
                    tokens.push(format!("{four}.{two}.{one}.{three}").into_bytes());
                }
            }
        }
    }
    for token in [
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.4.",
        ".1.2.3.4",
        "::1",
        "-",
        "a.b.c.d",
        "1:2.3.4",
        "1.2.3.4/5",
    ] {
        tokens.push(token.as_bytes().to_vec());
    }
    for skipped in 0..3 {
        let tokens: Vec<Vec<u8>> = tokens[skipped..]
            .iter()
            .filter(|token| !token.is_empty())
            .cloned()
            .collect();
        for ((found, expected), token) in addresses(&tokens)
            .iter()
            .zip(tokens.iter().map(|token| address(token)))
            .zip(&tokens)
        {
            assert_eq!(*found, expected, "{:?}", String::from_utf8_lossy(token));
        }
    }
}

/// Rows of three columns, and the rows that differ from the one above in the runs.
fn changes(rows: &[[Vec<u8>; 3]], runs: &[(usize, usize)]) -> Vec<u32> {
    let lines: Vec<u8> = rows
        .iter()
        .flat_map(|row| [row.join(b" ".as_slice()).as_slice(), b"\n"].concat())
        .collect();
    let mut answers = Vec::new();
    for level in Level::all() {
        for around in [b'a', b'b', b' '] {
            let text = Around::new(&lines, around);
            let (mut at, mut firsts) = (Vec::new(), vec![9; 3]);
            let seen = level.delimiters(text.padded(), &mut at);
            let grid = Grid::new(&at, seen, 3).unwrap();
            level.changes(text.padded(), grid, runs, &mut firsts);
            answers.push(firsts);
        }
    }
    let first = answers.pop().unwrap();
    assert!(answers.iter().all(|answer| *answer == first));
    first
}

#[test]
fn rows_are_the_same_only_if_all_their_bytes_are() {
    for length in 1..300usize {
        let row = |token: Vec<u8>| [token, b"x".to_vec(), b"yy".to_vec()];
        let same = vec![b'a'; length];
        assert_eq!(changes(&[row(same.clone()), row(same.clone())], &[(0, 0)]), [0]);
        for place in [0, 1, length / 2, length.saturating_sub(2), length - 1] {
            let mut other = same.clone();
            other[place.min(length - 1)] = b'b';
            let rows = [row(same.clone()), row(other), row(same.clone())];
            assert_eq!(changes(&rows, &[(0, 0)]), [0, 1, 2]);
            assert_eq!(changes(&rows, &[(1, 2)]), [0]);
            assert_eq!(changes(&rows, &[(1, 1), (0, 0)]), [0, 1, 2]);
        }
        let longer = vec![b'a'; length + 1];
        assert_eq!(changes(&[row(same.clone()), row(longer)], &[(0, 1)]), [0, 1]);
    }
}

#[test]
fn keys_are_made_alike_at_every_level() {
    let count = 37;
    let column = |step: u32| (0..40u32).map(|at| at.wrapping_mul(step)).collect::<Vec<u32>>();
    let (src, dst) = (column(0x9e37_79b9), column(0x85eb_ca6b));
    let other: Vec<u8> = (0..40).map(|at| u8::from(at % 3 == 0)).collect();
    let low = |column: Vec<u32>, most: u32| column.iter().map(|value| value % most).collect::<Vec<u32>>();
    let (srcport, dstport) = (low(column(7919), 300), low(column(104_729), 300));
    let protocol = low(column(31), 256);
    for ports in [None, Some((srcport.as_slice(), dstport.as_slice()))] {
        for level in Level::all() {
            let read = KeyColumns {
                src: (&src, &other),
                dst: (&dst, &other),
                ports,
                protocol: &protocol,
            };
            let (mut keys, mut folded) = (Vec::new(), Vec::new());
            level.keys(count, read, &mut keys, &mut folded);
            for row in 0..count {
                let side = |value: u32| match other[row] {
                    0 => KeyAddress::V4(value),
                    _ => KeyAddress::V6(value),
                };
                let ports = ports.map(|(src, dst)| (src[row] as u16, dst[row] as u16));
                let expected = FoldedPorts::of(ports);
                let (src, dst) = (side(src[row]), side(dst[row]));
                assert_eq!(keys[row], Key::new(src, dst, expected, protocol[row] as u8, 0));
                assert_eq!(folded[row], u32::from(expected.folded.unwrap_or_default()));
                let action = Key::new(src, dst, expected, protocol[row] as u8, 5);
                assert_eq!(keys[row].with_action(5), action);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_delimited_alike(lines in vec(prop_oneof![Just(b' '), Just(b'\n'), any::<u8>(), Just(b'5')], 0..300)) {
        check_delimiters(&lines);
    }

    #[test]
    fn any_tokens_are_read_alike(tokens in vec("[0-9.]{1,16}|[0-9]{1,12}|([0-9]{1,3}\\.){3}[0-9]{1,3}", 1..40)) {
        let tokens: Vec<Vec<u8>> = tokens.into_iter().map(String::into_bytes).collect();
        let expected: Vec<_> = tokens.iter().map(|token| number(token, u32::MAX)).collect();
        prop_assert_eq!(numbers(&tokens, u32::MAX), expected);
        let expected: Vec<_> = tokens.iter().map(|token| address(token)).collect();
        prop_assert_eq!(addresses(&tokens), expected);
    }
}
