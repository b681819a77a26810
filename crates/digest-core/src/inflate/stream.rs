//! What an inflater has to do: turn raw deflate streams into text, in pieces of any size.
//!
//! Everything around the streams (headers, checksums, lengths, what may follow) is `pieces.rs`, the same for each of
//! them.

use std::fmt;

/// Inflates raw deflate streams, one after another.
pub(crate) trait Inflate: fmt::Debug + Send {
    /// Gets ready for a stream; whatever was left of the one before is forgotten.
    fn begin(&mut self);

    /// Goes on until `deflate` is used up, `text` is full or the stream ends. Neither taking nor writing anything means
    /// that there is nothing to do without more bytes.
    fn step(&mut self, deflate: &[u8], text: &mut [u8]) -> Result<Step, Unsound>;
}

/// What one step has done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// Bytes of deflate taken.
    pub(crate) taken: usize,
    /// Bytes of text written.
    pub(crate) written: usize,
    /// There once the stream has ended and all of its text is written.
    pub(crate) end: Option<Behind>,
}

/// Bytes that follow a stream and were taken with it: an inflater may read ahead.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Behind {
    bytes: [u8; Self::MOST],
    count: usize,
}

impl Behind {
    /// As many bytes as follow each stream in a gzip member.
    const MOST: usize = 8;

    /// The first `count` of these bytes; `None` where that is more than there are.
    #[cfg(feature = "isal")]
    pub(crate) fn first(count: usize, bytes: [u8; Self::MOST]) -> Option<Self> {
        (count <= Self::MOST).then_some(Self { bytes, count })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.count).unwrap_or_default()
    }
}

/// The bytes are not what deflate makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unsound;
