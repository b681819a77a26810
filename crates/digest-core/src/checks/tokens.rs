//! Numbers and addresses: the loops of every level, the readers of one token and the standard library say the same.

use std::net::{IpAddr, Ipv4Addr};

use crate::address::Address;
use crate::number::{MOST_COUNTER, decimal};
use crate::vector::{Grid, Level, PAD, Padded};

/// Every token of any bytes as a number.
pub fn numbers(bytes: &[u8]) {
    let tokens = tokens(bytes);
    for token in &tokens {
        for most in [u64::MAX, MOST_COUNTER, 65_535, 255] {
            assert_eq!(
                decimal(token, most),
                number(token, most),
                "{token:?} up to {most}"
            );
        }
    }
    for most in [u32::MAX, 65_535, 255, 15] {
        column(&tokens, |level, text, rows| {
            let (mut out, mut odd) = (Vec::new(), vec![0; tokens.len()]);
            level.numbers(text, rows, 0, most, &mut out, &mut odd);
            for ((token, &value), &odd) in tokens.iter().zip(&out).zip(&odd) {
                let found = (odd == 0).then_some(u64::from(value));
                let expected = number(token, most.into());
                // A row may always be judged by itself, which takes what the loop does not: long zeros in front.
                let left = found.is_none() && token.len() > 10;
                assert!(
                    found == expected || left,
                    "{level:?}: {token:?} up to {most}: {found:?}"
                );
            }
        });
    }
}

/// Every token of any bytes as an address.
pub fn addresses(bytes: &[u8]) {
    let tokens = tokens(bytes);
    for token in &tokens {
        let expected = text(token).and_then(|text| text.parse::<IpAddr>().ok());
        assert_eq!(Address::parse(token).map(IpAddr::from), expected, "{token:?}");
    }
    column(&tokens, |level, lines, rows| {
        let (mut out, mut other) = (Vec::new(), Vec::new());
        level.addresses(lines, rows, 0, &mut out, &mut other);
        for ((token, &value), &other) in tokens.iter().zip(&out).zip(&other) {
            let expected = text(token).and_then(|text| text.parse::<Ipv4Addr>().ok());
            let found = (other == 0).then(|| Ipv4Addr::from(value));
            assert_eq!(found, expected, "{level:?}: {token:?}");
        }
    });
}

/// What stands between blanks and control characters.
fn tokens(bytes: &[u8]) -> Vec<&[u8]> {
    let tokens = bytes.split(|&byte| byte <= b' ');
    tokens.filter(|token| !token.is_empty()).collect()
}

/// Calls `read` at every level with one token a line, between bytes that would spoil a careless read.
fn column(tokens: &[&[u8]], read: impl Fn(Level, Padded<'_>, Grid<'_>)) {
    for around in [b'0', b'.', b' ', 0xff] {
        let mut bytes = vec![around; PAD];
        for token in tokens {
            bytes.extend_from_slice(token);
            bytes.push(b'\n');
        }
        let to = bytes.len();
        bytes.resize(to + PAD, around);
        let text = Padded::new(&bytes, PAD, to).expect("there is padding on either side");
        for level in Level::all() {
            let mut at = Vec::new();
            let seen = level.delimiters(text, &mut at);
            assert!(
                seen.regular && seen.newlines == tokens.len(),
                "{level:?}: {seen:?}"
            );
            read(level, text, Grid::new(&at, seen, 1).expect("a token a line"));
        }
    }
}

fn text(token: &[u8]) -> Option<&str> {
    str::from_utf8(token).ok()
}

fn number(token: &[u8], most: u64) -> Option<u64> {
    let digits = token.iter().all(u8::is_ascii_digit);
    let value: u64 = text(token).filter(|_| digits)?.parse().ok()?;
    (value <= most).then_some(value)
}
