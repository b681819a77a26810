//! A stored digest's text: inflated in pieces, so that it takes little memory however long it is, and cut into blocks of
//! whole lines.

use std::io::{self, Read};
use std::ops::ControlFlow;

use thiserror::Error;

use crate::block::{Block, Blocks};
use crate::inflate::{Scratch, Text, TextFailure};

/// Most bytes of a line: far more than any digest's.
const MOST_LINE: usize = 64 << 10;

/// Why a digest's text cannot be read.
#[derive(Debug, Error)]
pub enum TextError {
    /// The source's own failure: another try may help.
    #[error("reading failed: {0}")]
    Source(io::Error),
    /// The bytes are not what they begin as.
    #[error("it is corrupt or cut: {0}")]
    Corrupt(String),
    /// The bytes are a Parquet file.
    #[error("it is a Parquet file and no digest")]
    Parquet,
    /// A line is longer than any digest's.
    #[error("a line is longer than {MOST_LINE} bytes")]
    TooLong,
}

/// Reads a digest (gzip of any number of members, or plain) and hands its text to `take` in blocks of whole lines, each
/// ended by a newline, until that breaks off.
///
/// A checksum is verified where its member ends: what was handed out before may be wrong until this returns.
///
/// # Errors
/// [`TextError`].
pub fn read_digest_text(
    source: &mut dyn Read,
    take: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<(), TextError> {
    let mut scratch = Scratch::in_pieces();
    let mut blocks = Blocks::new(Text::open(source, &mut scratch)?, MOST_LINE);
    while let Some(block) = blocks.next()? {
        let Block::Lines(lines) = block else {
            return Err(TextError::TooLong);
        };
        let text = lines.buffer.get(lines.from..lines.to).unwrap_or_default();
        if take(text).is_break() {
            break;
        }
    }
    Ok(())
}

impl From<TextFailure> for TextError {
    fn from(failure: TextFailure) -> Self {
        match failure {
            TextFailure::Source(source) => Self::Source(source),
            TextFailure::Corrupt(reason) => Self::Corrupt(reason),
            TextFailure::Parquet(_) => Self::Parquet,
        }
    }
}
