//! Every level against the simplest code, on texts that put every kind of token at every place.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::address::Address;

mod columns;

/// A text that begins at [`BEFORE`], between bytes that would spoil a careless read.
fn view_of(text: &[u8], around: u8) -> Box<View> {
    let mut bytes = Box::new([around; VIEW]);
    bytes[BEFORE as usize..BEFORE as usize + text.len()].copy_from_slice(text);
    Box::new(View { bytes: *bytes })
}

fn check_marks(text: &[u8; 64]) {
    let places = |is: fn(u8) -> bool| {
        (0..64)
            .filter(|&at| is(text[at]))
            .fold(0, |bits, at| bits | 1 << at)
    };
    let expected = Marks {
        delimiters: places(|byte| byte <= b' '),
        blanks: places(|byte| byte == b' '),
    };
    for level in Level::all() {
        for around in [b' ', b'7', 0xff] {
            let view = view_of(text, around);
            assert_eq!(level.marks(&view, BEFORE), expected, "{level:?} {text:?}");
        }
    }
}

/// What each level reads from every token, in every place of those that are read together.
fn numbers(tokens: &[Vec<u8>]) -> Vec<Option<u32>> {
    let mut answers: Vec<Vec<Option<u32>>> = Vec::new();
    for level in Level::all() {
        for around in [b'0', b'9', b'.', b' '] {
            for place in 0..NUMBERS {
                let read = |token: &Vec<u8>| {
                    let view = view_of(&[token.as_slice(), b" 4"].concat(), around);
                    let end = BEFORE + token.len() as u32;
                    let mut cells = [(end + 1, end + 2); NUMBERS];
                    cells[place] = (BEFORE, end);
                    level.numbers(&view, cells).map(|values| {
                        assert!((0..NUMBERS).all(|other| other == place || values[other] == 4));
                        values[place]
                    })
                };
                answers.push(tokens.iter().map(read).collect());
            }
        }
    }
    one_answer(answers)
}

fn addresses(tokens: &[Vec<u8>]) -> Vec<Option<u32>> {
    let mut answers: Vec<Vec<Option<u32>>> = Vec::new();
    for level in Level::all() {
        for around in [b'0', b'9', b'.', b' '] {
            for place in 0..2 {
                let read = |token: &Vec<u8>| {
                    let view = view_of(&[token.as_slice(), b" 1.2.3.4"].concat(), around);
                    let end = BEFORE + token.len() as u32;
                    let mut cells = [(end + 1, end + 8); 2];
                    cells[place] = (BEFORE, end);
                    let (values, are_none) = level.addresses(&view, cells);
                    assert_eq!((values[1 - place], are_none >> (1 - place) & 1), (0x0102_0304, 0));
                    (are_none >> place & 1 == 0).then_some(values[place])
                };
                answers.push(tokens.iter().map(read).collect());
            }
        }
    }
    one_answer(answers)
}

fn one_answer<T: PartialEq + std::fmt::Debug>(mut answers: Vec<T>) -> T {
    let first = answers.pop().unwrap();
    for answer in answers {
        assert_eq!(answer, first);
    }
    first
}

/// A number of eight digits at most: others are read by themselves.
fn number(token: &[u8]) -> Option<u32> {
    let is_one = token.len() <= 8 && token.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(token).ok().filter(|_| is_one)?.parse().ok()
}

fn address(token: &[u8]) -> Option<u32> {
    let address: std::net::Ipv4Addr = std::str::from_utf8(token).ok()?.parse().ok()?;
    Some(address.into())
}

#[test]
fn delimiters_at_every_place() {
    for byte in 0..=255 {
        for place in 0..64 {
            let mut text = [b'x'; 64];
            text[place] = byte;
            check_marks(&text);
        }
        check_marks(&[byte; 64]);
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
    let expected: Vec<_> = tokens.iter().map(|token| number(token)).collect();
    assert_eq!(numbers(&tokens), expected);
    for token in &tokens {
        // Alone, it may be longer.
        let text = [&[b'7'; PAD], token.as_slice(), &[b'7'; PAD]].concat();
        let text = Padded::new(&text, PAD, PAD + token.len()).unwrap();
        let digits = token.iter().all(u8::is_ascii_digit);
        let expected = str::from_utf8(token).ok().filter(|_| digits);
        let expected: Option<u32> = expected.and_then(|token| token.parse().ok());
        assert_eq!(text.number(PAD as u32, text.end()), expected, "{token:?}");
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
    // One whose first 16 bytes look like another.
    tokens.push(b"1.2.3.4.567890123".to_vec());
    tokens.push(b"1.2.3.4444444444444444444".to_vec());
    tokens.retain(|token| !token.is_empty());
    let expected: Vec<_> = tokens.iter().map(|token| address(token)).collect();
    assert_eq!(addresses(&tokens), expected);
}

#[test]
fn tokens_are_the_same_only_if_all_their_bytes_are() {
    for length in 1..300usize {
        let token: Vec<u8> = (0..length).map(|at| b'a' + (at % 26) as u8).collect();
        for level in Level::all() {
            let one = view_of(&token, b'a');
            // The other stands elsewhere, between other bytes.
            let same = |other: &[u8], from: usize| {
                let other = view_of(&[&vec![b'#'; from], other].concat(), b'b');
                level.same(&one, BEFORE, &other, BEFORE + from as u32, length as u32)
            };
            assert!(same(&token, 0) && same(&token, 7));
            for place in [0, 1, length / 2, length.saturating_sub(2), length - 1] {
                let mut other = token.clone();
                other[place.min(length - 1)] = b'!';
                assert!(!same(&other, 0) && !same(&other, 5), "{level:?} {length} {place}");
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_delimited_alike(text in vec(prop_oneof![Just(b' '), Just(b'\n'), any::<u8>(), Just(b'5')], 64)) {
        check_marks(text.first_chunk().unwrap());
    }

    #[test]
    fn any_tokens_are_read_alike(tokens in vec("[0-9.]{1,16}|[0-9]{1,12}|([0-9]{1,3}\\.){3}[0-9]{1,3}", 1..40)) {
        let tokens: Vec<Vec<u8>> = tokens.into_iter().map(String::into_bytes).collect();
        let expected: Vec<_> = tokens.iter().map(|token| number(token)).collect();
        prop_assert_eq!(numbers(&tokens), expected);
        let expected: Vec<_> = tokens.iter().map(|token| address(token)).collect();
        prop_assert_eq!(addresses(&tokens), expected);
    }
}

/// Holds every level against the plain reader: whatever is taken is right, and where there are vectors all that is written in
/// groups is taken.
fn groups_are_read(token: &[u8]) {
    if token.is_empty() {
        return;
    }
    let expected = match Address::parse(token) {
        Some(Address::V6(value)) => Some(value),
        _ => None,
    };
    let is_groups = token.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b':');
    for level in Level::all() {
        for around in *b"0f: " {
            let view = view_of(token, around);
            let found = level.v6(&view, (BEFORE, BEFORE + token.len() as u32));
            let is_taken = is_groups && token.len() < 40 && !matches!(level, Level::Portable);
            let shown = String::from_utf8_lossy(token);
            assert!(
                found == expected || found.is_none() && !is_taken,
                "{shown} {level:?}"
            );
        }
    }
}

#[test]
fn ipv6_addresses_of_every_shape() {
    let groups = ["0", "f", "10", "abc", "DEAD", "12345", "", "g", "-"];
    for count in 0..10 {
        for gap in 0..=count + 1 {
            for (at, one) in groups.iter().enumerate() {
                let mut parts: Vec<&str> = (0..count).map(|group| groups[(at + group) % 5]).collect();
                if gap < count {
                    parts[gap] = one;
                }
                groups_are_read(parts.join(":").as_bytes());
                if gap <= count {
                    parts.insert(gap, "");
                    groups_are_read(parts.join(":").as_bytes());
                    groups_are_read(format!(":{}", parts.join(":")).as_bytes());
                    groups_are_read(format!("{}:", parts.join(":")).as_bytes());
                }
            }
        }
    }
    for token in [
        "::",
        ":::",
        ":",
        "::1",
        "1::",
        "1::2::3",
        "::ffff:1.2.3.4",
        "2001:db8::/32",
        "1.2.3.4",
        "fe80::1%1",
    ] {
        groups_are_read(token.as_bytes());
    }
    groups_are_read("0".repeat(64).as_bytes());
    groups_are_read("0000:".repeat(9).as_bytes());
}

proptest! {
    #[test]
    fn ipv6_addresses_of_any_bytes(token in "[0-9a-fA-F:]{1,45}|([0-9a-f]{0,4}:){1,8}[0-9a-f]{0,4}|[ -~]{1,44}") {
        groups_are_read(token.as_bytes());
    }

    #[test]
    fn ipv6_addresses_as_they_are_written(value in any::<u128>(), zeros in any::<u8>()) {
        let keep = |group: u32| if zeros >> group & 1 == 1 { 0 } else { 0xffffu128 << (16 * group) };
        let value = value & (0..8).map(keep).fold(0, |all, kept| all | kept);
        let address = std::net::Ipv6Addr::from(value);
        groups_are_read(address.to_string().as_bytes());
        groups_are_read(address.to_string().to_uppercase().as_bytes());
    }
}
