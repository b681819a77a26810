//! One object's text as it is read: plain, or member after member through any [`Inflate`].
//!
//! Members' checksums and lengths are verified as soon as their last byte is read. What was handed out before may be
//! wrong; so nothing counts until the end was reached without an error.

use std::io::{self, BufRead, Read};

use flate2::Crc;

use super::stream::{Behind, Inflate};
use super::{GZIP, TextFailure, header};
use crate::input::Input;

/// The text of one object, inflated as it is read.
pub(crate) struct Pieces<'s> {
    input: Input<'s>,
    inflater: &'s mut dyn Inflate,
    place: Place,
}

/// Where in the object the next byte stands.
enum Place {
    Plain,
    Between,
    Member(Crc),
    Ended,
}

impl<'s> Pieces<'s> {
    pub(crate) fn plain(input: Input<'s>, inflater: &'s mut dyn Inflate) -> Self {
        Self {
            input,
            inflater,
            place: Place::Plain,
        }
    }

    pub(crate) fn gzip(input: Input<'s>, inflater: &'s mut dyn Inflate) -> Self {
        Self {
            input,
            inflater,
            place: Place::Between,
        }
    }

    /// Reads at least one byte into `out`, which is not empty; 0 is the end of the object. After an error there is no
    /// more text.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> Result<usize, TextFailure> {
        let place = std::mem::replace(&mut self.place, Place::Ended);
        self.read_on(place, out).map_err(|error| self.failure(&error))
    }

    /// Bytes taken from the source, once [`Pieces::read`] has returned 0.
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
                Place::Between => place = self.next_member()?,
                Place::Member(mut crc) => {
                    let (written, end) = self.inflate(out)?;
                    crc.update(out.get(..written).unwrap_or_default());
                    place = match end {
                        Some(behind) => self.end_member(&crc, behind)?,
                        None => Place::Member(crc),
                    };
                    if written > 0 {
                        self.place = place;
                        return Ok(written);
                    }
                }
            }
        }
    }

    fn next_member(&mut self) -> io::Result<Place> {
        match self.input.peek(GZIP.len())? {
            [] => Ok(Place::Ended),
            magic if *magic == GZIP => {
                header::skip(&mut self.input)?;
                self.inflater.begin();
                Ok(Place::Member(Crc::new()))
            }
            _ => self.padding(),
        }
    }

    /// Inflates some; gives the bytes written and what was taken beyond the end of the stream, once it has ended.
    fn inflate(&mut self, out: &mut [u8]) -> io::Result<(usize, Option<Behind>)> {
        let deflate = self.input.fill_buf()?;
        let is_last = deflate.is_empty();
        let step = self
            .inflater
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

    /// Compares a member's text with what its last eight bytes say of it.
    fn end_member(&mut self, crc: &Crc, behind: Behind) -> io::Result<Place> {
        let mut trailer = [0; 8];
        Read::chain(behind.bytes(), &mut self.input).read_exact(&mut trailer)?;
        let [sum @ .., _, _, _, _] = trailer;
        let [_, _, _, _, length @ ..] = trailer;
        if u32::from_le_bytes(sum) != crc.sum() {
            return Err(unsound("a gzip member's text does not match its checksum"));
        }
        // The length counts modulo 2^32, as this does.
        if u32::from_le_bytes(length) != crc.amount() {
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

fn unsound(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
