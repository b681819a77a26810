//! An object's text: gzip of any number of members, or plain, told apart by the first bytes and never by the name.
//!
//! Every member's checksum and length are verified. Zero bytes after the last member are padding and ignored, as
//! `gzip` does; anything else that is no further member is an error, where `gzip` would warn and drop it.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use crate::input::{Input, read_some};
use crate::vector::PAD;

mod whole;

use whole::{MOST_GZIP, Whole};

const GZIP: [u8; 2] = [0x1f, 0x8b];
const PARQUET: [u8; 4] = *b"PAR1";

/// Bytes asked of a source at first; twice as many with each further read.
const FIRST_READ: usize = 256 * 1024;

/// What a thread keeps from one object to the next: memory that need not be asked for again.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    inflater: Option<Whole>,
    gzip: Vec<u8>,
    text: Vec<u8>,
}

/// One object's text.
pub(crate) enum Text<'s> {
    /// All of it, between [`PAD`] bytes on either side.
    Whole {
        bytes: &'s mut [u8],
        /// Compressed bytes consumed.
        taken: u64,
    },
    /// As it is read.
    Pieces(Pieces<'s>),
}

/// The text of one object, inflated as it is read.
pub(crate) struct Pieces<'s> {
    state: State<'s>,
    /// Compressed bytes consumed, once the input is gone.
    taken: u64,
}

enum State<'s> {
    Plain(Input<'s>),
    Member(Box<GzDecoder<Input<'s>>>),
    Between(Input<'s>),
    Ended,
}

/// Why there is no more text.
#[derive(Debug)]
pub(crate) enum TextFailure {
    /// The source's own failure.
    Source(io::Error),
    /// The compressed bytes are not what gzip makes.
    Corrupt(String),
    /// The object is a Parquet file.
    Parquet,
}

impl<'s> Text<'s> {
    /// Looks at the first bytes; inflates a gzip object of moderate size at once.
    pub(crate) fn open(source: &'s mut dyn Read, scratch: &'s mut Scratch) -> Result<Self, TextFailure> {
        let Scratch { inflater, gzip, text } = scratch;
        let mut read = 0;
        let is_all = fill(source, gzip, &mut read, PARQUET.len())?;
        let magic = gzip.get(..read).unwrap_or_default();
        if magic.starts_with(&PARQUET) {
            return Err(TextFailure::Parquet);
        }
        if !magic.starts_with(&GZIP) {
            let read = magic.to_vec();
            return Ok(Self::Pieces(Pieces::of(State::Plain(Input::after(read, source)))));
        }
        if is_all || fill(source, gzip, &mut read, MOST_GZIP + 1)? {
            if inflater.is_none() {
                *inflater = Whole::new();
            }
            let object = gzip.get(..read).unwrap_or_default();
            let inflated = inflater
                .as_mut()
                .and_then(|inflater| inflater.inflate(object, text, PAD));
            if let Some(length) = inflated
                && let Some(bytes) = text.get_mut(..PAD + length + PAD)
            {
                return Ok(Self::Whole {
                    bytes,
                    taken: read as u64,
                });
            }
        }
        // Too large, or not sound: in pieces, which says what is wrong.
        let mut read_already = std::mem::take(gzip);
        read_already.truncate(read);
        Ok(Self::Pieces(Pieces::of(State::Between(Input::after(
            read_already,
            source,
        )))))
    }
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

impl<'s> Pieces<'s> {
    fn of(state: State<'s>) -> Self {
        Self { state, taken: 0 }
    }

    /// Reads at least one byte into `out`, which is not empty; 0 is the end of the object.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> Result<usize, TextFailure> {
        loop {
            self.state = match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Ok(0),
                State::Plain(mut input) => match input.read(out) {
                    Ok(0) => self.end(&input),
                    Ok(read) => {
                        self.state = State::Plain(input);
                        return Ok(read);
                    }
                    Err(error) => return Err(failure(input, &error)),
                },
                State::Member(mut member) => match member.read(out) {
                    Ok(0) => State::Between(member.into_inner()),
                    Ok(read) => {
                        self.state = State::Member(member);
                        return Ok(read);
                    }
                    Err(error) => return Err(failure(member.into_inner(), &error)),
                },
                State::Between(input) => self.next_member(input)?,
            };
        }
    }

    /// Bytes taken from the source, once [`Pieces::read`] has returned 0.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    fn next_member(&mut self, mut input: Input<'s>) -> Result<State<'s>, TextFailure> {
        match input.peek(GZIP.len()) {
            Ok([]) => Ok(self.end(&input)),
            Ok(magic) if *magic == GZIP => Ok(State::Member(Box::new(GzDecoder::new(input)))),
            Ok(_) => self.padding(input),
            Err(error) => Err(failure(input, &error)),
        }
    }

    /// Runs over zero bytes up to the end of the object.
    fn padding(&mut self, mut input: Input<'s>) -> Result<State<'s>, TextFailure> {
        loop {
            let count = match input.fill_buf() {
                Ok([]) => return Ok(self.end(&input)),
                Ok(bytes) if bytes.iter().all(|&byte| byte == 0) => bytes.len(),
                Ok(_) => {
                    return Err(TextFailure::Corrupt(
                        "bytes that are no gzip follow its last member".to_owned(),
                    ));
                }
                Err(error) => return Err(failure(input, &error)),
            };
            input.consume(count);
        }
    }

    fn end(&mut self, input: &Input<'s>) -> State<'s> {
        self.taken = input.taken();
        State::Ended
    }
}

/// The source's own failure if it had one; otherwise the inflater's complaint.
fn failure(mut input: Input<'_>, error: &io::Error) -> TextFailure {
    match input.failure() {
        Some(source) => TextFailure::Source(source),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            TextFailure::Corrupt(format!("it ends in the middle, after {} bytes", input.taken()))
        }
        None => TextFailure::Corrupt(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
