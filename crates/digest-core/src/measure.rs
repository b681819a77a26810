//! The kernel's stages, to measure each alone: inflaters by name (`examples/inflate_only.rs`), and what follows them
//! (`benches/stages.rs`).

use std::io::{self, Read};

use crate::inflate::{INFLATERS, Scratch, Text, TextFailure};

mod stages;

pub use stages::{Folded, Parsed, Parser, Rows};

/// One inflater, with what it keeps from one object to the next.
#[derive(Debug)]
pub struct Inflating {
    scratch: Scratch,
    window: Vec<u8>,
}

impl Inflating {
    /// The names there are in this build.
    pub const NAMES: &[&str] = INFLATERS;

    /// An inflater by its name, or the one that a build takes by itself. Where it works in pieces they are of `window`
    /// bytes, one at least.
    pub fn new(inflater: Option<&str>, window: usize) -> Option<Self> {
        Some(Self {
            scratch: inflater.map_or_else(|| Some(Scratch::default()), Scratch::named)?,
            window: vec![0; window.max(1)],
        })
    }

    /// Inflates one object; gives the bytes of its text.
    ///
    /// # Errors
    /// The source's own, and what is wrong with the object.
    pub fn inflate(&mut self, source: &mut dyn Read) -> io::Result<u64> {
        match Text::open(source, &mut self.scratch).map_err(error)? {
            Text::Whole(text) => Ok(text.verified().map_err(error)?.len() as u64),
            Text::Pieces { mut text, .. } => {
                let mut length = 0;
                loop {
                    match text.read(&mut self.window).map_err(error)? {
                        0 => return Ok(length),
                        read => length += read as u64,
                    }
                }
            }
        }
    }
}

fn error(failure: TextFailure) -> io::Error {
    let reason = match failure {
        TextFailure::Source(error) => return error,
        TextFailure::Corrupt(reason) => reason,
        TextFailure::Parquet(_) => "it is a Parquet file, not text".to_owned(),
    };
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
