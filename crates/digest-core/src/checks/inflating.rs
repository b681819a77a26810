//! Inflating: every inflater makes the same of an object, in pieces of every size, whatever its bytes.

use std::io::{Cursor, Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::GzEncoder;

use crate::inflate::{Envelope, INFLATERS, Scratch, Text, TextFailure};

/// Longest input: deflate makes a thousandfold of it at most.
const MOST: usize = 16 * 1024;
/// A gzip header that says nothing.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// Any bytes as an object, as a text that was compressed, and as deflate data between a header and a right trailer.
pub fn inflate(bytes: &[u8]) {
    let bytes = bytes.get(..MOST).unwrap_or(bytes);
    let mut inflaters: Vec<_> = INFLATERS
        .iter()
        .map(|name| (*name, Scratch::named(name).expect("a known inflater")))
        .collect();
    text_of(&mut inflaters, bytes);

    let level = bytes.first().map_or(1, |first| u32::from(first % 10));
    let object = gzip(bytes, level);
    is_text(&mut inflaters, &object, bytes, "a text that was compressed");
    let cut = object.get(..object.len() - 1).unwrap_or_default();
    assert_eq!(text_of(&mut inflaters, cut), None, "a cut member");
    let twice = [object.as_slice(), &object, &[0; 3]].concat();
    let expected = [bytes, bytes].concat();
    is_text(&mut inflaters, &twice, &expected, "two members, padded");

    let mut source = Cursor::new(bytes);
    let mut text = Vec::new();
    let whole = DeflateDecoder::new(&mut source).read_to_end(&mut text);
    if whole.is_ok() {
        // The decoder reads its source in large pieces: what stands behind the end is told by its own count.
        let mut decoder = DeflateDecoder::new(bytes);
        let mut again = Vec::new();
        decoder.read_to_end(&mut again).expect("it was read before");
        let taken = usize::try_from(decoder.total_in()).expect("no more than there is");
        let mut crc = flate2::Crc::new();
        crc.update(&text);
        let (sum, length) = (crc.sum().to_le_bytes(), crc.amount().to_le_bytes());
        let object = [HEADER.as_slice(), &bytes[..taken], &sum, &length].concat();
        is_text(&mut inflaters, &object, &text, "a sound member");
        let object = [
            HEADER.as_slice(),
            &bytes[..taken],
            &(!crc.sum()).to_le_bytes(),
            &length,
        ]
        .concat();
        assert_eq!(text_of(&mut inflaters, &object), None, "a wrong checksum");
    }
}

/// All inflaters make this text of an object. What may be an envelope is left out: rows are taken out of it, or it is
/// refused; all must do the same.
fn is_text(inflaters: &mut [(&str, Scratch)], object: &[u8], text: &[u8], what: &str) {
    let answer = text_of(inflaters, object);
    if Envelope::of(text) == Envelope::None {
        assert_eq!(answer.as_deref(), Some(text), "{what}");
    }
}

/// What all inflaters make of an object; `None` where all refuse it.
fn text_of(inflaters: &mut [(&str, Scratch)], object: &[u8]) -> Option<Vec<u8>> {
    let mut answers = Vec::new();
    for (name, scratch) in inflaters {
        for window in [7, 4096] {
            let mut source = object;
            let answer = match read(&mut source, scratch, window) {
                Ok(text) => Some(text),
                Err(TextFailure::Corrupt(_) | TextFailure::Parquet(_)) => None,
                Err(TextFailure::Source(error)) => panic!("{name}: {error}"),
            };
            answers.push((*name, window, answer));
        }
    }
    let (first, _, answer) = answers.pop().expect("there are inflaters");
    for (name, window, other) in answers {
        assert_eq!(answer, other, "{first} against {name} in pieces of {window}");
    }
    answer
}

fn read(source: &mut dyn Read, scratch: &mut Scratch, window: usize) -> Result<Vec<u8>, TextFailure> {
    let mut pieces = match Text::open(source, scratch)? {
        Text::Whole(text) => return Ok(text.verified()?.to_vec()),
        Text::Pieces { text, .. } => text,
    };
    let (mut all, mut piece) = (Vec::new(), vec![0; window]);
    loop {
        match pieces.read(&mut piece)? {
            0 => return Ok(all),
            read => all.extend_from_slice(&piece[..read]),
        }
    }
}

fn gzip(text: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(text).expect("writing to memory cannot fail");
    encoder.finish().expect("writing to memory cannot fail")
}
