//! What counts as an object's text, and what as a corrupt object.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;
use whole::MOST_TEXT;

mod containers;

fn gzip(text: &[u8]) -> Vec<u8> {
    gzip_at(text, 6)
}

fn gzip_at(text: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Hands out its bytes in pieces of a given size.
struct Given<'a>(&'a [u8], usize);

impl Read for Given<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let room = self.1.min(out.len());
        self.0.read(&mut out[..room])
    }
}

fn scratches() -> Vec<(&'static str, Scratch)> {
    let scratch = |name: &&'static str| (*name, Scratch::named(name).unwrap());
    INFLATERS.iter().map(scratch).collect()
}

fn read_all(source: &mut dyn Read, scratch: &mut Scratch, window: usize) -> Result<Vec<u8>, TextFailure> {
    let mut pieces = match Text::open(source, scratch)? {
        Text::Whole(text) => return Ok(text.verified()?.to_vec()),
        Text::Pieces { text, .. } => text,
    };
    let (mut all, mut block) = (Vec::new(), vec![0; window]);
    loop {
        match pieces.read(&mut block)? {
            0 => return Ok(all),
            read => all.extend_from_slice(&block[..read]),
        }
    }
}

/// What every inflater makes of an object, in very small pieces: the same.
fn text_of(object: &[u8]) -> Result<Vec<u8>, String> {
    let mut answers: Vec<_> = scratches()
        .into_iter()
        .map(
            |(name, mut scratch)| match read_all(&mut &*object, &mut scratch, 7) {
                Err(TextFailure::Corrupt(reason)) => (name, Err(reason)),
                Ok(text) => (name, Ok(text)),
                other => panic!("{name}: {other:?}"),
            },
        )
        .collect();
    let (first, answer) = answers.pop().unwrap();
    for (name, other) in answers {
        match (&answer, other) {
            // Where in deflate data its fault shows is each inflater's own affair.
            (Err(_), Err(_)) => {}
            (answer, other) => assert_eq!(*answer, other, "{first} against {name}"),
        }
    }
    answer
}

fn corrupt(object: &[u8], why: &str) {
    for (name, mut scratch) in scratches() {
        match read_all(&mut &*object, &mut scratch, 7) {
            Err(TextFailure::Corrupt(reason)) => assert!(reason.contains(why), "{name}: {reason}"),
            other => panic!("{name} has not refused it: {other:?}"),
        }
    }
}

#[test]
fn plain_text_and_any_number_of_members_are_read() {
    assert_eq!(text_of(b"").unwrap(), b"");
    assert_eq!(text_of(b"\x1f").unwrap(), b"\x1f");
    assert_eq!(text_of(b"plain text").unwrap(), b"plain text");
    let members = [gzip(b"one "), gzip(b""), gzip(b"two")].concat();
    assert_eq!(text_of(&members).unwrap(), b"one two");
}

#[test]
fn zero_padding_is_ignored_and_other_leftovers_are_not() {
    let mut padded = gzip(b"text");
    padded.extend([0; 70_000]);
    assert_eq!(text_of(&padded).unwrap(), b"text");
    padded.push(1);
    corrupt(&padded, "follow its last member");
    corrupt(&[gzip(b"text"), b"\x1f".to_vec()].concat(), "follow");
    corrupt(&[gzip(b"text"), b"text".to_vec()].concat(), "follow");
}

#[test]
fn every_field_a_header_may_have_is_read_past_and_checked() {
    let plain = gzip(b"text");
    let fields = b"\x03\x00abcname\0comment\0";
    let header = [&plain[..3], &[0b0001_1100], &plain[4..10], fields].concat();
    let named = [&header[..], &plain[10..]].concat();
    assert_eq!(text_of(&named).unwrap(), b"text");

    let mut checked = header;
    checked[3] |= 0b10;
    let mut crc = flate2::Crc::new();
    crc.update(&checked);
    checked.extend(&crc.sum().to_le_bytes()[..2]);
    let sound = checked.len();
    checked.extend(&plain[10..]);
    assert_eq!(text_of(&checked).unwrap(), b"text");
    for cut in 2..sound {
        corrupt(&checked[..cut], "ends in the middle");
    }
    checked[12] ^= 1;
    corrupt(&checked, "header is not sound");

    for (at, bit) in [(2, 1), (3, 0x20), (3, 0x80)] {
        let mut odd = plain.clone();
        odd[at] ^= bit;
        corrupt(&odd, "header is not sound");
    }
}

#[test]
fn a_cut_at_any_byte_is_seen() {
    let whole = gzip(b"some text that is long enough to be compressed, compressed, compressed");
    for cut in 2..whole.len() {
        corrupt(&whole[..cut], "ends in the middle");
        let second = [&whole, &whole[..cut]].concat();
        corrupt(&second, "ends in the middle");
    }
}

#[test]
fn a_flipped_bit_of_data_or_trailer_is_seen() {
    let text = b"some text that is long enough to be compressed, compressed, compressed";
    let whole = gzip(text);
    let mut harmless = 0;
    for at in 10..whole.len() {
        for bit in 0..8 {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << bit;
            // The bits that fill up the last byte of the data mean nothing.
            if let Ok(same) = text_of(&flipped) {
                assert_eq!(same, text);
                harmless += 1;
            }
        }
    }
    assert!(harmless < 8);
}

#[test]
fn a_member_of_another_length_or_checksum_is_named() {
    let whole = gzip(b"some text");
    let trailer = whole.len() - 8;
    for (at, why) in [(trailer, "checksum"), (trailer + 4, "length")] {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        corrupt(&flipped, why);
    }
}

#[test]
fn parquet_is_named() {
    let mut scratch = Scratch::default();
    let failed = read_all(&mut &b"PAR1\x15\x04"[..], &mut scratch, 7);
    assert!(matches!(failed, Err(TextFailure::Parquet(6))));
}

#[test]
fn a_failing_source_is_not_corruption() {
    struct Failing<'a>(&'a [u8]);
    impl Read for Failing<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            match self.0.read(out)? {
                0 => Err(io::Error::new(io::ErrorKind::ConnectionReset, "reset by peer")),
                read => Ok(read),
            }
        }
    }
    let whole = gzip(b"text");
    for (name, mut scratch) in scratches() {
        for cut in 0..=whole.len() {
            let failed = read_all(&mut Failing(&whole[..cut]), &mut scratch, 7);
            assert!(
                matches!(&failed, Err(TextFailure::Source(error)) if error.kind() == io::ErrorKind::ConnectionReset),
                "{name}, {cut}: {failed:?}"
            );
        }
    }
}

/// Members of every kind of block: coded with tables of their own, with the fixed ones, stored; and an empty one.
fn every_kind() -> (Vec<u8>, Vec<u8>) {
    let rows: String = (0..30)
        .map(|row| format!("2 eni-{} 10.0.0.{row}\n", row % 7))
        .collect();
    let noise: Vec<u8> = (0..300_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let stored = gzip_at(&noise, 0);
    let object = [
        gzip(rows.as_bytes()),
        gzip(b"fixed"),
        stored,
        gzip(b""),
        gzip_at(rows.as_bytes(), 1),
    ]
    .concat();
    let text = [rows.as_bytes(), b"fixed", &noise, rows.as_bytes()].concat();
    (object, text)
}

#[test]
fn the_text_is_the_same_whatever_the_pieces_of_source_and_text() {
    let (object, text) = every_kind();
    for (name, mut scratch) in scratches() {
        for chunk in 1..=200 {
            for window in (1..=40).chain((41..=400).step_by(37)) {
                let read = read_all(&mut Given(&object, chunk), &mut scratch, window).unwrap();
                assert!(read == text, "{name}: {chunk} of source, {window} of text");
            }
        }
    }
}

#[test]
fn texts_longer_than_any_window_are_the_same_whatever_the_pieces() {
    let (_, some) = every_kind();
    // Repeats at all distances there are, and more than deflate can reach.
    let mut text = Vec::new();
    for at in 0..150 {
        text.extend_from_slice(&some[at..at + 900]);
        text.extend(std::iter::repeat_n(at as u8, at * 7));
    }
    let object = [gzip(&text), gzip_at(&text, 0), gzip_at(&text, 9)].concat();
    let text = text.repeat(3);
    for (name, mut scratch) in scratches() {
        for chunk in [1, 2, 3, 17, 255, 4096, 100_000] {
            for window in [1, 3, 258, 4096, 32_767, 32_768, 65_600, 131_072, 1 << 20] {
                let read = read_all(&mut Given(&object, chunk), &mut scratch, window).unwrap();
                assert!(read == text, "{name}: {chunk} of source, {window} of text");
            }
        }
    }
}

#[test]
fn a_bomb_goes_through_little_memory() {
    let text = vec![b'0'; MOST_TEXT + 1];
    let bomb = gzip(&text);
    // As large as the trailer says, and one that lies about it.
    let mut liar = bomb.clone();
    let length = liar.len() - 4;
    liar[length..].copy_from_slice(&u32::MAX.to_le_bytes());
    for (name, mut scratch) in scratches() {
        let read = read_all(&mut &bomb[..], &mut scratch, 1 << 20).unwrap();
        assert!(read == text, "{name}");
        let failed = read_all(&mut &liar[..], &mut scratch, 1 << 20);
        assert!(matches!(failed, Err(TextFailure::Corrupt(_))), "{name}");
        let most = if name == "libdeflate" {
            MOST_TEXT + 2 * PAD
        } else {
            0
        };
        assert!(scratch.text.len() <= most, "{name}: {}", scratch.text.len());
        assert!(scratch.gzip.len() < 1 << 20, "{name}: {}", scratch.gzip.len());
    }
}

/// An object of some members, and its text.
fn objects() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let word = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        proptest::sample::select(vec![b"ACCEPT OK\n".to_vec(), b"10.0.0.1 ".to_vec(), vec![0; 300]]),
    ];
    let text = proptest::collection::vec(word, 0..60).prop_map(|words| words.concat());
    proptest::collection::vec((text, 0..10_u32), 1..4)
        .prop_map(|members| {
            let gzip: Vec<u8> = members
                .iter()
                .flat_map(|(text, level)| gzip_at(text, *level))
                .collect();
            (gzip, members.into_iter().flat_map(|(text, _)| text).collect())
        })
        .prop_filter("an envelope", |(_, text): &(_, Vec<u8>)| {
            Envelope::of(text) == Envelope::None
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn all_inflaters_agree(
        (object, text) in objects(),
        chunk in 1..300_usize,
        window in 1..300_usize,
        cut in any::<prop::sample::Index>(),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), 0..8_u8), 1..3),
    ) {
        let cut = &object[..cut.index(object.len())];
        let mut flipped = object.clone();
        for (at, bit) in flips {
            let at = at.index(object.len());
            flipped[at] ^= 1_u8 << bit;
        }
        for (name, mut scratch) in scratches() {
            let mut read = |object: &[u8]| read_all(&mut Given(object, chunk), &mut scratch, window);
            prop_assert!(read(&object).unwrap() == text, "{name}");
            if cut.len() > 1 {
                match read(cut) {
                    // Between two members.
                    Ok(part) => prop_assert!(text.starts_with(&part), "{name}"),
                    // Within a magic it is as good as a byte that follows.
                    Err(TextFailure::Corrupt(why)) => prop_assert!(
                        why.contains("ends in the middle") || cut.ends_with(&[0x1f]) && why.contains("follow"),
                        "{name}: {why}"
                    ),
                    other => prop_assert!(false, "{name}: {other:?}"),
                }
            }
        }
        // Some take tables of codes that others refuse, where no text depends on them; what they take is the same text.
        let answers = scratches().into_iter().filter_map(|(name, mut scratch)| {
            let answer = read_all(&mut Given(&flipped, chunk), &mut scratch, window);
            Some((name, answer.ok()?))
        });
        let answers: Vec<_> = answers.collect();
        for pair in answers.windows(2) {
            prop_assert!(pair[0].1 == pair[1].1, "{} against {}", pair[0].0, pair[1].0);
        }
    }
}
