//! Numbers and addresses: the loops of every level, the readers of one token and the standard library say the same.

use std::net::{IpAddr, Ipv4Addr};

use crate::address::Address;
use crate::number::{MOST_COUNTER, decimal};
use crate::vector::{BEFORE, Lanes, Level, NUMBERS, PAD, Padded, View};

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
    in_turn(&tokens, |level, text, view, [cell, _, nought]| {
        let token = view.get(cell.0, cell.1);
        let expected = number(token, u32::MAX.into());
        let origin = PAD as u32 - BEFORE;
        let found = text.number(origin + cell.0, origin + cell.1).map(u64::from);
        assert_eq!(found, expected, "{token:?}");
        // A number of more digits is read by itself.
        let expected = expected.filter(|_| token.len() <= 8);
        for place in 0..NUMBERS {
            let mut cells = [nought; NUMBERS];
            cells[place] = cell;
            let found = level.numbers(view, cells).map(|values| u64::from(values[place]));
            assert_eq!(found, expected, "{level:?}: {token:?}");
        }
    });
}

/// Every token of any bytes as an address.
pub fn addresses(bytes: &[u8]) {
    let tokens = tokens(bytes);
    for token in &tokens {
        let expected = text(token).and_then(|text| text.parse::<IpAddr>().ok());
        assert_eq!(Address::parse(token).map(IpAddr::from), expected, "{token:?}");
    }
    in_turn(&tokens, |level, _, view, [cell, beside, _]| {
        let (values, are_none) = level.addresses(view, [cell, beside]);
        for (side, (start, end)) in [cell, beside].into_iter().enumerate() {
            let token = view.get(start, end);
            let expected = text(token).and_then(|text| text.parse::<Ipv4Addr>().ok());
            let found = (are_none >> side & 1 == 0).then(|| Ipv4Addr::from(values[side]));
            assert_eq!(found, expected, "{level:?}: {token:?}");
        }
    });
}

/// What stands between blanks and control characters.
fn tokens(bytes: &[u8]) -> Vec<&[u8]> {
    let tokens = bytes.split(|&byte| byte <= b' ');
    tokens.filter(|token| !token.is_empty()).collect()
}

/// Longest token that is put to the vectors: they see no more of one.
const LONGEST: usize = 200;

/// Calls `read` at every level with each token, one beside it, and a nought, between bytes that would spoil a careless read.
fn in_turn(tokens: &[&[u8]], read: impl Fn(Level, Padded<'_>, &View, [(u32, u32); 3])) {
    for (at, token) in tokens.iter().enumerate() {
        let beside = tokens[(at * 7 + 3) % tokens.len()];
        if token.len().max(beside.len()) > LONGEST {
            continue;
        }
        for around in [b'0', b'.', b' ', 0xff] {
            let mut bytes = vec![around; PAD];
            let mut cells = [(0, 0); 3];
            for (cell, token) in cells.iter_mut().zip([*token, beside, b"0"]) {
                let start = (bytes.len() - PAD) as u32 + BEFORE;
                *cell = (start, start + token.len() as u32);
                bytes.extend_from_slice(token);
                bytes.push(b'\n');
            }
            let to = bytes.len();
            bytes.resize(to + PAD, around);
            let text = Padded::new(&bytes, PAD, to).expect("there is padding on either side");
            let view = text.view(PAD as u32).expect("it is padded");
            for level in Level::all() {
                read(level, text, view, cells);
            }
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
