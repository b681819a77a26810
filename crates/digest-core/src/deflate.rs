//! A block of text compressed by itself: a piece of a deflate stream that refers to nothing before it and ends at a byte (a sync
//! flush), so that pieces behind one another are one stream.
//!
//! Two compressors: `isal` with the cargo feature of its name, `zlib` without. They make different bytes of one text.

use std::io;

#[cfg(feature = "isal")]
mod isal;
#[cfg(any(test, not(feature = "isal")))]
mod zlib;

/// What this build compresses with.
#[cfg(feature = "isal")]
pub(crate) type Deflater = isal::Isal;
/// What this build compresses with.
#[cfg(not(feature = "isal"))]
pub(crate) type Deflater = zlib::Zlib;

/// The last piece of a deflate stream, with nothing in it.
pub(crate) const END: [u8; 2] = [3, 0];

/// Compresses blocks, one after the other.
pub(crate) trait Deflate {
    /// Replaces `out` by what a text is compressed to.
    fn deflate(&mut self, text: &[u8], out: &mut Vec<u8>) -> io::Result<()>;
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::DeflateDecoder;
    use proptest::prelude::*;

    use super::*;

    /// Blocks as a stream, whose every piece has to be one by itself too.
    fn comes_back(mut deflater: impl Deflate, texts: &[Vec<u8>]) {
        let mut stream = Vec::new();
        for text in texts {
            let mut piece = vec![7; 3];
            deflater.deflate(text, &mut piece).unwrap();
            assert!(piece.ends_with(&[0, 0, 0xff, 0xff]), "it ends at a byte");
            assert_eq!(inflated(&[&piece, END.as_slice()].concat()), *text);
            stream.extend(piece);
        }
        stream.extend(END);
        assert_eq!(inflated(&stream), texts.concat());
    }

    fn inflated(stream: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        DeflateDecoder::new(stream).read_to_end(&mut text).unwrap();
        text
    }

    fn line() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            4 => "2 123456789010 eni-[0-9a-f]{3} 10\\.0\\.0\\.[0-9]{1,3} 10\\.1\\.0\\.7 0 443 6 [0-9]{1,5} [0-9]{1,7} 1 2 ACCEPT OK\n"
                .prop_map(String::into_bytes),
            1 => prop::collection::vec(any::<u8>(), 0..200),
        ]
    }

    proptest! {
        #[test]
        fn blocks_come_back_alone_and_together(
            texts in prop::collection::vec(
                (prop::collection::vec(line(), 0..40), 1..30_usize).prop_map(|(lines, times)| lines.concat().repeat(times)),
                0..6,
            ),
        ) {
            comes_back(Deflater::default(), &texts);
            comes_back(zlib::Zlib::default(), &texts);
        }
    }

    /// More than any window or buffer inside, and hardly to be compressed.
    #[test]
    fn a_large_block_that_grows_comes_back() {
        let mut state = 1u64;
        let text: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .take(3 << 20)
        .collect();
        comes_back(Deflater::default(), &[text.clone(), Vec::new(), text]);
    }
}
