//! Zstandard frames, inflated in pieces by the reference implementation.
//!
//! A frame says how much of its text its decoder must keep. RFC 8878 asks decoders for 8 MiB and encoders not to need
//! more; a frame that does is refused, so that no object takes more memory than that.

use std::fmt;
use std::io;

use zstd::stream::raw::{DParameter, Decoder, Operation};

/// What frames begin with.
const FRAME: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Logarithm of the most bytes of text that a frame may have kept.
const MOST_WINDOW: u32 = 23;

/// A decoder of frames, one after another.
pub(crate) struct Frames {
    decoder: Decoder<'static>,
}

/// What one step has done.
pub(crate) struct Step {
    pub(crate) taken: usize,
    pub(crate) written: usize,
    /// Whether the frame has ended, its checksum right, and all of its text is written.
    pub(crate) ended: bool,
}

/// Whether these are the first bytes of a frame, be it one with text or one to be skipped.
pub(crate) fn is_frame(begin: &[u8]) -> bool {
    begin.starts_with(&FRAME) || matches!(begin, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

impl Frames {
    /// Bytes by which a frame is known.
    pub(crate) const MAGIC: usize = FRAME.len();

    pub(crate) fn new() -> io::Result<Self> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(MOST_WINDOW))?;
        Ok(Self { decoder })
    }

    /// Gets ready for an object; whatever was left of the one before is forgotten.
    pub(crate) fn begin(&mut self) -> io::Result<()> {
        self.decoder.reinit()
    }

    /// Goes on until `frames` is used up, `text` is full or a frame ends.
    pub(crate) fn step(&mut self, frames: &[u8], text: &mut [u8]) -> io::Result<Step> {
        let status = self.decoder.run_on_buffers(frames, text)?;
        Ok(Step {
            taken: status.bytes_read,
            written: status.bytes_written,
            ended: status.remaining == 0,
        })
    }
}

impl fmt::Debug for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frames").finish_non_exhaustive()
    }
}
