//! One object's bytes as they are read: plain, gzip member after member through any [`Inflate`], or zstd frame after frame.
//!
//! Checksums and lengths are verified as soon as a member's or a frame's last byte is read. What was handed out before may be
//! wrong; so nothing counts until the end was reached without an error.

use std::io::{self, BufRead, Read};

use super::stream::{Behind, Inflate};
use super::zstandard::{Frames, is_frame};
use super::{Container, GZIP, TextFailure, header};
use crate::checksum::Checksum;
use crate::input::Input;

/// Text of this length is not looked at for its ratio.
const FREE: u64 = 16 << 20;

/// What is wrong where a member's text is not what it was.
pub(super) const WRONG_CHECKSUM: &str = "a gzip member's text does not match its checksum";

/// The bytes of one object, inflated as they are read.
pub(crate) struct Inflated<'s> {
    input: Input<'s>,
    by: By<'s>,
    place: Place,
    /// Bytes handed out, and how many may be for each byte taken.
    written: u64,
    most_ratio: u64,
}

/// What inflates them.
enum By<'s> {
    Nothing,
    Gzip(&'s mut dyn Inflate),
    Zstd(&'s mut Frames),
}

/// Where in the object the next byte stands.
enum Place {
    Plain,
    Between,
    Member(Checksum),
    Frame,
    Ended,
}

impl<'s> Inflated<'s> {
    pub(crate) fn plain(input: Input<'s>) -> Self {
        Self {
            input,
            by: By::Nothing,
            place: Place::Plain,
            written: 0,
            most_ratio: u64::MAX,
        }
    }

    pub(crate) fn gzip(input: Input<'s>, inflater: &'s mut dyn Inflate) -> Self {
        Self {
            input,
            by: By::Gzip(inflater),
            place: Place::Between,
            written: 0,
            most_ratio: u64::MAX,
        }
    }

    pub(crate) fn zstd(input: Input<'s>, frames: &'s mut Frames) -> Self {
        Self {
            input,
            by: By::Zstd(frames),
            place: Place::Between,
            written: 0,
            most_ratio: u64::MAX,
        }
    }

    /// Reads at least one byte into `out`, which is not empty; 0 is the end of the object. After an error there is no
    /// more text.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> Result<usize, TextFailure> {
        let place = std::mem::replace(&mut self.place, Place::Ended);
        let read = self.read_on(place, out).map_err(|error| self.failure(&error))?;
        self.written += read as u64;
        if is_bomb(self.written, self.taken(), self.most_ratio) {
            self.place = Place::Ended;
            return Err(bomb(self.most_ratio));
        }
        Ok(read)
    }

    /// The same with a bound on the bytes that come of each byte.
    pub(crate) fn within(self, most_ratio: u64) -> Self {
        Self { most_ratio, ..self }
    }

    /// What the bytes are packed in.
    pub(crate) fn container(&self) -> Container {
        match self.by {
            By::Nothing => Container::Plain,
            By::Gzip(_) => Container::Gzip,
            By::Zstd(_) => Container::Zstd,
        }
    }

    /// Bytes taken from the source, once [`Inflated::read`] has returned 0.
    pub(crate) fn taken(&self) -> u64 {
        self.input.taken()
    }

    fn read_on(&mut self, mut place: Place, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match place {
                Place::Ended => return Ok(0),
                Place::Plain => {
                    let read = self.input.read(out)?;
                    if read > 0 {
                        self.place = Place::Plain;
                    }
                    return Ok(read);
                }
                Place::Between => place = self.next()?,
                Place::Member(mut checksum) => {
                    let (written, end) = self.inflate(out)?;
                    checksum.update(out.get(..written).unwrap_or_default());
                    place = match end {
                        Some(behind) => self.end_member(checksum, behind)?,
                        None => Place::Member(checksum),
                    };
                    if written > 0 {
                        self.place = place;
                        return Ok(written);
                    }
                }
                Place::Frame => {
                    let (written, ended) = self.decode(out)?;
                    place = if ended { Place::Between } else { Place::Frame };
                    if written > 0 {
                        self.place = place;
                        return Ok(written);
                    }
                }
            }
        }
    }

    fn next(&mut self) -> io::Result<Place> {
        if matches!(self.by, By::Zstd(_)) {
            return self.next_frame();
        }
        match self.input.peek(GZIP.len())? {
            [] => Ok(Place::Ended),
            magic if *magic == GZIP => {
                header::skip(&mut self.input)?;
                if let By::Gzip(inflater) = &mut self.by {
                    inflater.begin();
                }
                Ok(Place::Member(Checksum::default()))
            }
            _ => self.padding(),
        }
    }

    /// Inflates some; gives the bytes written and what was taken beyond the end of the stream, once it has ended.
    fn inflate(&mut self, out: &mut [u8]) -> io::Result<(usize, Option<Behind>)> {
        let By::Gzip(inflater) = &mut self.by else {
            return Err(unsound("it is no gzip"));
        };
        let deflate = self.input.fill_buf()?;
        let is_last = deflate.is_empty();
        let step = inflater
            .step(deflate, out)
            .map_err(|_| unsound("its deflate data is not sound"))?;
        if step.taken == 0 && step.written == 0 && step.end.is_none() {
            return Err(if is_last {
                io::ErrorKind::UnexpectedEof.into()
            } else {
                unsound("its deflate data leads nowhere")
            });
        }
        self.input.consume(step.taken);
        Ok((step.written, step.end))
    }

    fn next_frame(&mut self) -> io::Result<Place> {
        match self.input.peek(Frames::MAGIC)? {
            [] => Ok(Place::Ended),
            magic if is_frame(magic) => Ok(Place::Frame),
            _ => Err(unsound("bytes that are no zstd follow its last frame")),
        }
    }

    /// Decodes some of a frame; gives the bytes written, and whether the frame has ended.
    fn decode(&mut self, out: &mut [u8]) -> io::Result<(usize, bool)> {
        let By::Zstd(frames) = &mut self.by else {
            return Err(unsound("it is no zstd"));
        };
        let bytes = self.input.fill_buf()?;
        let is_last = bytes.is_empty();
        let step = frames.step(bytes, out).map_err(|error| {
            let what = format!("its zstd data is not sound: {error}");
            io::Error::new(io::ErrorKind::InvalidData, what)
        })?;
        if step.taken == 0 && step.written == 0 && !step.ended {
            return Err(if is_last {
                io::ErrorKind::UnexpectedEof.into()
            } else {
                unsound("its zstd data leads nowhere")
            });
        }
        self.input.consume(step.taken);
        Ok((step.written, step.ended))
    }

    /// Compares a member's text with what its last eight bytes say of it.
    fn end_member(&mut self, checksum: Checksum, behind: Behind) -> io::Result<Place> {
        let mut trailer = [0; Checksum::TRAILER];
        Read::chain(behind.bytes(), &mut self.input).read_exact(&mut trailer)?;
        let [sum @ .., _, _, _, _] = trailer;
        let [_, _, _, _, length @ ..] = trailer;
        if u32::from_le_bytes(sum) != checksum.sum() {
            return Err(unsound(WRONG_CHECKSUM));
        }
        // The length counts modulo 2^32, as this does.
        if u32::from_le_bytes(length) != checksum.length() {
            return Err(unsound("a gzip member's text does not have the length it should"));
        }
        Ok(Place::Between)
    }

    /// Runs over zero bytes up to the end of the object.
    fn padding(&mut self) -> io::Result<Place> {
        loop {
            let count = match self.input.fill_buf()? {
                [] => return Ok(Place::Ended),
                bytes if bytes.iter().all(|&byte| byte == 0) => bytes.len(),
                _ => return Err(unsound("bytes that are no gzip follow its last member")),
            };
            self.input.consume(count);
        }
    }

    /// The source's own failure if it had one; otherwise what is wrong with the bytes.
    fn failure(&mut self, error: &io::Error) -> TextFailure {
        match self.input.failure() {
            Some(source) => TextFailure::Source(source),
            None if error.kind() == io::ErrorKind::UnexpectedEof => TextFailure::Corrupt(format!(
                "it ends in the middle, after {} bytes",
                self.input.taken()
            )),
            None => TextFailure::Corrupt(error.to_string()),
        }
    }
}

/// Whether so many bytes of text are too many for so many bytes taken. What is short may repeat itself as it likes.
pub(super) fn is_bomb(written: u64, taken: u64, most_ratio: u64) -> bool {
    written > FREE && written > taken.saturating_mul(most_ratio)
}

pub(super) fn bomb(most_ratio: u64) -> TextFailure {
    TextFailure::Corrupt(format!(
        "it inflates to more than {most_ratio} times its size (DIGEST_MAX_RATIO)"
    ))
}

fn unsound(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
