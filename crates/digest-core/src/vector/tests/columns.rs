//! Neighbouring columns, held against a split and single tokens.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// What [`Lanes::columns`] has to say of a text, put together from a split and single tokens.
fn columns_of(
    text: &[u8],
    neighbours: (usize, bool),
    numbers: [u8; NUMBERS],
    addresses: [u8; 2],
) -> Option<SplitColumns> {
    let (count, ends_row) = neighbours;
    let mut tokens = Vec::new();
    let mut from = 0;
    for (at, &byte) in text.iter().enumerate().take(64) {
        if byte <= b' ' && tokens.len() < count {
            let is_last = tokens.len() + 1 == count;
            let wanted = if is_last && ends_row { b'\n' } else { b' ' };
            if byte != wanted || at == from {
                return None;
            }
            tokens.push((from, at));
            from = at + 1;
        }
    }
    if tokens.len() < count {
        return None;
    }
    let place = |column: u8| tokens[usize::from(column)];
    let mut values = [0; NUMBERS];
    for (value, column) in values.iter_mut().zip(numbers) {
        let (from, to) = place(column);
        *value = number(&text[from..to])?;
    }
    Some(SplitColumns {
        numbers: values,
        addresses: addresses.map(|column| {
            let (from, to) = place(column);
            (BEFORE + from as u32, BEFORE + to as u32)
        }),
        end: BEFORE + from as u32,
    })
}

proptest! {
    /// A level may leave columns to others; one that reads them reads all that it can.
    #[test]
    fn neighbouring_columns_are_read_at_once_or_not_at_all(
        tokens in vec("[0-9]{1,3}|[0-9]{1,8}|[0-9]{8,10}|10\\.0\\.[0-9]{1,3}\\.7|[0-9a-f/:]{0,3}", 1..=ONCE + 1),
        ends in any::<bool>(),
        odd in (any::<prop::sample::Index>(), prop_oneof![9 => Just(None), 1 => any::<u8>().prop_map(Some)]),
        numbers in any::<[prop::sample::Index; NUMBERS]>(),
        addresses in any::<[prop::sample::Index; 2]>(),
        around in any::<u8>(),
    ) {
        let mut text = tokens.join(" ").into_bytes();
        text.push(if ends { b'\n' } else { b' ' });
        if let (place, Some(byte)) = odd {
            let at = place.index(text.len());
            text[at] = byte;
        }
        let count = tokens.len();
        let numbers = numbers.map(|column| column.index(count) as u8);
        let addresses = addresses.map(|column| column.index(count) as u8);
        let Some(neighbours) = Neighbours::of(count, ends, numbers, addresses) else {
            prop_assert!(count > ONCE);
            return Ok(());
        };
        let view = view_of(&text, around);
        text.resize(VIEW - BEFORE as usize, around);
        let expected = columns_of(&text, (count, ends), numbers, addresses);
        for level in Level::all() {
            let found = level.columns(&view, BEFORE, &neighbours);
            let can = !matches!(level, Level::Portable);
            prop_assert!(found == if can { expected } else { None }, "{:?} {:?} {:?}", level, found, expected);
        }
    }
}

/// Holds every level against what there is to say of a text whose columns begin at a place of its view.
fn check(text: &[u8], at: u32, neighbours: (usize, bool), numbers: [u8; NUMBERS], addresses: [u8; 2]) {
    let one = Neighbours::of(neighbours.0, neighbours.1, numbers, addresses).unwrap();
    let view = view_of(&[&vec![b'#'; (at - BEFORE) as usize], text].concat(), b' ');
    let mut text = text.to_vec();
    text.resize(64.max(text.len()), b' ');
    let moved = |place: u32| place - BEFORE + at;
    let expected = columns_of(&text, neighbours, numbers, addresses).map(|columns| SplitColumns {
        addresses: columns.addresses.map(|(from, to)| (moved(from), moved(to))),
        end: moved(columns.end),
        ..columns
    });
    for level in Level::all() {
        let found = level.columns(&view, at, &one);
        let can = !matches!(level, Level::Portable) && at <= MOST_SPLIT;
        assert_eq!(
            found,
            expected.filter(|_| can),
            "{level:?} {at} {}",
            String::from_utf8_lossy(&text)
        );
    }
}

#[test]
fn every_byte_at_every_place_among_few_and_among_many() {
    for count in [1, 2, 7, 8, 9, 15, 16] {
        for ends in [false, true] {
            let tokens: Vec<String> = (0..count).map(|column| (column * 7 % 1000).to_string()).collect();
            let row = format!("{}{}", tokens.join(" "), if ends { '\n' } else { ' ' });
            let last = count as u8 - 1;
            let numbers = [0, last, last / 2, last / 3, last, last.saturating_sub(1)];
            for (place, byte) in (0..row.len()).flat_map(|place| (0..=255).map(move |byte| (place, byte))) {
                let mut text = row.clone().into_bytes();
                text[place] = byte;
                check(&text, BEFORE, (count, ends), numbers, [last, 0]);
            }
        }
    }
}

#[test]
fn up_to_the_last_of_64_bytes_and_the_last_place_of_a_view() {
    for count in [2, 8, 9, 16] {
        for length in 62..=67 {
            // One long token, in front or at the end, and numbers.
            let short = vec!["7"; count - 1].join(" ");
            let long = "x".repeat(length - short.len() - 2);
            for (text, is) in [
                (format!("{long} {short} "), 0),
                (format!("{short} {long} "), count as u8 - 1),
            ] {
                let number = u8::from(is == 0);
                for at in [BEFORE, MOST_SPLIT - 1, MOST_SPLIT, MOST_SPLIT + 1] {
                    check(
                        text.as_bytes(),
                        at,
                        (count, false),
                        [number; NUMBERS],
                        [is, number],
                    );
                }
            }
        }
    }
}
