//! An object's text: gzip of any number of members, zstd of any number of frames, or plain, told apart by the first
//! bytes and never by the name; and what its rows were delivered in is taken off (`envelope.rs`).
//!
//! Every gzip member's checksum and length are verified, and so is what a zstd frame says of its text. Zero bytes after the last member are padding and ignored, as
//! `gzip` does; anything else that is no further member is an error, where `gzip` would warn and drop it.
//!
//! The default build inflates an object at once where its size allows (`whole.rs`) and in pieces otherwise
//! (`pieces.rs`, by `zlib.rs`). With cargo feature `isal` everything goes in pieces (by `isal.rs`), which is a little
//! faster and takes little memory.

use std::io::{self, Read};

use bytes::Bytes;

use crate::input::{Input, read_some};
use crate::vector::PAD;

mod container;
mod envelope;
mod header;
mod huge_pages;
mod inflated;
#[cfg(feature = "isal")]
mod isal;
mod pieces;
mod stream;
mod whole;
// Beside ISA-L it is there to compare with.
#[cfg(any(feature = "testing", not(feature = "isal")))]
mod zlib;
mod zstandard;

pub use container::{Container, Delivery};
pub(crate) use envelope::Envelope;
use inflated::{Inflated, WRONG_CHECKSUM, bomb, is_bomb};
pub(crate) use pieces::Pieces;
use stream::Inflate;
use whole::Trailers;
pub(crate) use whole::{MOST_GZIP, MOST_TEXT, Whole};
use zstandard::{Frames, is_frame};

const GZIP: [u8; 2] = [0x1f, 0x8b];
const PARQUET: [u8; 4] = *b"PAR1";

/// Bytes asked of a source at first; twice as many with each further read.
const FIRST_READ: usize = 256 * 1024;

/// What a thread keeps from one object to the next: inflaters, and memory that need not be asked for again.
#[derive(Debug)]
pub(crate) struct Scratch {
    /// There where whole objects are inflated at once.
    whole: Option<Whole>,
    pieces: Box<dyn Inflate>,
    /// There once an object was zstd.
    frames: Option<Frames>,
    gzip: Vec<u8>,
    text: Vec<u8>,
    window: Vec<u8>,
    /// Most bytes of text for each byte of an object.
    pub(crate) most_ratio: u64,
}

/// One object's text.
pub(crate) enum Text<'s> {
    Whole(WholeText<'s>),
    /// As it is read.
    Pieces {
        text: Pieces<'s>,
        /// Memory to read it into, of any size and contents.
        window: &'s mut Vec<u8>,
    },
}

/// An object's text, all of it, between [`PAD`] bytes on either side.
pub(crate) struct WholeText<'s> {
    pub(crate) bytes: &'s mut [u8],
    /// Compressed bytes consumed.
    pub(crate) taken: u64,
    trailers: &'s mut Trailers,
}

/// Why there is no more text.
#[derive(Debug)]
pub(crate) enum TextFailure {
    /// The source's own failure.
    Source(io::Error),
    /// The bytes are not what they begin as.
    Corrupt(String),
    /// The object is a Parquet file; so many of its bytes have been read.
    Parquet(usize),
}

impl Default for Scratch {
    /// With the fastest inflaters that are built in.
    fn default() -> Self {
        #[cfg(feature = "isal")]
        let pieces = Box::new(isal::Isal::new());
        #[cfg(not(feature = "isal"))]
        let pieces = Box::new(zlib::Zlib::new());
        let whole = if cfg!(feature = "isal") {
            None
        } else {
            Whole::new()
        };
        Self::with(whole, pieces)
    }
}

/// The inflaters there are, as [`Scratch::named`] knows them.
#[cfg(feature = "testing")]
pub(crate) const INFLATERS: &[&str] = &[
    "zlib-rs",
    "libdeflate",
    #[cfg(feature = "isal")]
    "isal",
];

impl Scratch {
    /// With the inflater that works in pieces alone: in little memory, whatever the object's size.
    pub(crate) fn in_pieces() -> Self {
        Self {
            whole: None,
            ..Self::default()
        }
    }

    /// With one of [`INFLATERS`].
    #[cfg(feature = "testing")]
    pub(crate) fn named(inflater: &str) -> Option<Self> {
        match inflater {
            "zlib-rs" => Some(Self::with(None, Box::new(zlib::Zlib::new()))),
            "libdeflate" => Some(Self::with(Whole::new(), Box::new(zlib::Zlib::new()))),
            #[cfg(feature = "isal")]
            "isal" => Some(Self::with(None, Box::new(isal::Isal::new()))),
            _ => None,
        }
    }

    /// The whole object whose first `read` bytes are at hand, as it stands. To be handed back with
    /// [`Scratch::take_back`].
    pub(crate) fn whole_object(
        &mut self,
        source: &mut dyn Read,
        mut read: usize,
    ) -> Result<Bytes, TextFailure> {
        fill(source, &mut self.gzip, &mut read, usize::MAX)?;
        let mut object = std::mem::take(&mut self.gzip);
        object.truncate(read);
        Ok(object.into())
    }

    /// Memory to be used again, unless it is a great deal.
    pub(crate) fn take_back(&mut self, object: Bytes) {
        if object.len() <= MOST_GZIP {
            self.gzip = object.into();
        }
    }

    fn with(whole: Option<Whole>, pieces: Box<dyn Inflate>) -> Self {
        Self {
            whole,
            pieces,
            frames: None,
            gzip: Vec::new(),
            text: Vec::new(),
            window: Vec::new(),
            most_ratio: u64::MAX,
        }
    }
}

impl<'s> Text<'s> {
    /// Looks at the first bytes; inflates a gzip object of moderate size at once, where that is faster.
    pub(crate) fn open(source: &'s mut dyn Read, scratch: &'s mut Scratch) -> Result<Self, TextFailure> {
        let Scratch {
            whole,
            pieces,
            frames,
            gzip,
            text,
            window,
            most_ratio,
        } = scratch;
        let mut read = 0;
        let is_all = fill(source, gzip, &mut read, PARQUET.len())?;
        let magic = gzip.get(..read).unwrap_or_default();
        if magic.starts_with(&PARQUET) {
            return Err(TextFailure::Parquet(read));
        }
        if is_frame(magic) {
            let frames = ready(frames).map_err(TextFailure::Source)?;
            let text =
                Pieces::of(Inflated::zstd(Input::after(gzip, read, source), frames).within(*most_ratio));
            return Ok(Self::Pieces { text, window });
        }
        if !magic.starts_with(&GZIP) {
            let text = Pieces::of(Inflated::plain(Input::after(gzip, read, source)));
            return Ok(Self::Pieces { text, window });
        }
        if let Some(whole) = whole
            && (is_all || fill(source, gzip, &mut read, MOST_GZIP + 1)?)
        {
            let object = gzip.get(..read).unwrap_or_default();
            if let Some((length, trailers)) = whole.inflate(object, text, PAD, MOST_TEXT)
                && Envelope::of(text.get(PAD..PAD + length).unwrap_or_default()) == Envelope::None
                && let Some(bytes) = text.get_mut(..PAD + length + PAD)
            {
                let taken = read as u64;
                if is_bomb(length as u64, taken, *most_ratio) {
                    return Err(bomb(*most_ratio));
                }
                return Ok(Self::Whole(WholeText {
                    bytes,
                    taken,
                    trailers,
                }));
            }
        }
        // Too large, or not sound, or in an envelope or behind a mark: in pieces, which says what is wrong and takes that off.
        let text =
            Pieces::of(Inflated::gzip(Input::after(gzip, read, source), pieces.as_mut()).within(*most_ratio));
        Ok(Self::Pieces { text, window })
    }
}

impl<'s> WholeText<'s> {
    /// Holds the text from there up to there against what its members say of it. To be called once for each part, in order.
    pub(crate) fn verify(&mut self, from: usize, to: usize) -> Result<(), TextFailure> {
        let is_last = to == self.bytes.len() - PAD;
        let is_right = self.trailers.hold(self.bytes.get(from..to).unwrap_or_default());
        match is_right && (self.trailers.is_done() || !is_last) {
            true => Ok(()),
            false => Err(TextFailure::Corrupt(WRONG_CHECKSUM.to_owned())),
        }
    }

    /// The text by itself, once it has been held against what its members say.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn verified(mut self) -> Result<&'s [u8], TextFailure> {
        let end = self.bytes.len() - PAD;
        self.verify(PAD, end)?;
        Ok(self.bytes.get(PAD..end).unwrap_or_default())
    }
}

/// The decoder of zstd frames, ready for an object.
fn ready(frames: &mut Option<Frames>) -> io::Result<&mut Frames> {
    let mut ready = match frames.take() {
        Some(frames) => frames,
        None => Frames::new()?,
    };
    ready.begin()?;
    Ok(frames.insert(ready))
}

/// Reads until so many bytes are there, or all of them; tells whether it was all.
fn fill(
    source: &mut dyn Read,
    buffer: &mut Vec<u8>,
    read: &mut usize,
    count: usize,
) -> Result<bool, TextFailure> {
    while *read < count {
        if buffer.len() == *read {
            buffer.resize((*read * 2).max(FIRST_READ), 0);
        }
        let room = buffer.get_mut(*read..).unwrap_or_default();
        match read_some(source, room).map_err(TextFailure::Source)? {
            0 => return Ok(true),
            more => *read += more,
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests;
