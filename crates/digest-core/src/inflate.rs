//! An object's text: gzip of any number of members, or plain, told apart by the first bytes and never by the name.
//!
//! Every member's checksum and length are verified. Zero bytes after the last member are padding and ignored, as
//! `gzip` does; anything else that is no further member is an error, where `gzip` would warn and drop it.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use crate::input::Input;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const PARQUET: [u8; 4] = *b"PAR1";

/// The text of one object, inflated as it is read.
pub(crate) struct Text<'s> {
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
    /// Looks at the first bytes.
    pub(crate) fn open(source: &'s mut dyn Read) -> Result<Self, TextFailure> {
        let mut input = Input::new(source);
        let magic = match input.peek(PARQUET.len()) {
            Ok(magic) => magic,
            Err(error) => return Err(failure(input, &error)),
        };
        if *magic == PARQUET {
            return Err(TextFailure::Parquet);
        }
        let state = if magic.starts_with(&GZIP) {
            State::Between(input)
        } else {
            State::Plain(input)
        };
        Ok(Self { state, taken: 0 })
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

    /// Bytes taken from the source, once [`Text::read`] has returned 0.
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
