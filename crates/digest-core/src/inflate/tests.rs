//! What counts as an object's text, and what as a corrupt object.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn text_of(mut object: &[u8]) -> Result<Vec<u8>, TextFailure> {
    read_all(&mut object)
}

fn read_all(source: &mut dyn Read) -> Result<Vec<u8>, TextFailure> {
    let mut scratch = Scratch::default();
    let mut text = match Text::open(source, &mut scratch)? {
        Text::Whole { bytes, .. } => return Ok(bytes[PAD..bytes.len() - PAD].to_vec()),
        Text::Pieces(pieces) => pieces,
    };
    let (mut all, mut block) = (Vec::new(), [0; 7]);
    loop {
        match text.read(&mut block)? {
            0 => return Ok(all),
            read => all.extend_from_slice(&block[..read]),
        }
    }
}

fn corrupt(object: &[u8]) -> String {
    match text_of(object) {
        Err(TextFailure::Corrupt(reason)) => reason,
        other => panic!("not refused as corrupt: {other:?}"),
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
    assert!(corrupt(&padded).contains("follow its last member"));
    assert!(corrupt(&[gzip(b"text"), b"\x1f".to_vec()].concat()).contains("follow"));
}

#[test]
fn a_cut_at_any_byte_is_seen() {
    let whole = gzip(b"some text that is long enough to be compressed, compressed, compressed");
    for cut in 2..whole.len() {
        assert!(corrupt(&whole[..cut]).contains("ends in the middle"), "{cut}");
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
            match text_of(&flipped) {
                // The bits that fill up the last byte of the data mean nothing.
                Ok(same) => {
                    assert_eq!(same, text);
                    harmless += 1;
                }
                Err(TextFailure::Corrupt(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(harmless < 8);
}

#[test]
fn parquet_is_named() {
    assert!(matches!(text_of(b"PAR1\x15\x04"), Err(TextFailure::Parquet)));
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
    for cut in 0..=whole.len() {
        let mut source = Failing(&whole[..cut]);
        let failed = read_all(&mut source);
        assert!(
            matches!(&failed, Err(TextFailure::Source(error)) if error.kind() == io::ErrorKind::ConnectionReset),
            "{cut}: {failed:?}"
        );
    }
}
