//! Where a Parquet file's bytes are: in memory, or behind a source that gives ranges.

use std::io::{ErrorKind, Read};

use bytes::Bytes;

use super::Failure;
use crate::contents::Ranges;

/// A file's bytes.
pub(crate) enum Place<'a> {
    /// All of them, and the source that gave them.
    Memory(Bytes, &'a mut dyn Read),
    /// On request, and how many there have been.
    Ranges(&'a mut dyn Ranges, u64),
}

impl Place<'_> {
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Memory(bytes, _) => bytes.len() as u64,
            Self::Ranges(ranges, _) => ranges.size(),
        }
    }

    /// Bytes taken from the source so far.
    pub(crate) fn taken(&self) -> u64 {
        match self {
            Self::Memory(bytes, _) => bytes.len() as u64,
            Self::Ranges(_, taken) => *taken,
        }
    }

    /// Bytes from here to there. The caller has seen to it that they are not too many.
    pub(super) fn read(&mut self, from: u64, to: u64) -> Result<Bytes, Failure> {
        if from > to || to > self.size() {
            return Err(Failure::corrupt("it points beyond its end"));
        }
        let index = |at: u64| usize::try_from(at).map_err(|_| Failure::corrupt("it is too large"));
        match self {
            Self::Memory(bytes, _) => Ok(bytes.slice(index(from)?..index(to)?)),
            Self::Ranges(ranges, taken) => {
                let mut read = vec![0; index(to - from)?];
                ranges.read_at(from, &mut read).map_err(Failure::Source)?;
                *taken += read.len() as u64;
                Ok(read.into())
            }
        }
    }

    /// Gives the source occasion to say that nobody wants its rows any more: little may be read of it for a long time.
    pub(crate) fn ask_on(&mut self) -> Result<(), Failure> {
        let asked = match self {
            Self::Memory(_, source) => source.read(&mut []).map(|_| ()),
            Self::Ranges(ranges, _) => ranges.read_at(0, &mut []),
        };
        match asked {
            Err(error) if error.kind() != ErrorKind::Interrupted => Err(Failure::Source(error)),
            _ => Ok(()),
        }
    }

    /// Whether reading more than needed costs nothing.
    pub(super) fn is_memory(&self) -> bool {
        matches!(self, Self::Memory(..))
    }
}
