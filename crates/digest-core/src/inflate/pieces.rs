//! One object's text as it is read: its bytes, and out of their envelope if they have one.

use super::envelope::documents::Documents;
use super::envelope::export::Export;
use super::envelope::{Envelope, MARK};
use super::inflated::Inflated;
use super::{Container, Delivery, TextFailure};

/// The text of one object.
pub(crate) struct Pieces<'s> {
    bytes: Inflated<'s>,
    /// The first bytes, by which an envelope is known; handed out already up to `given` where there is none.
    begin: Vec<u8>,
    given: usize,
    taker: Taker,
}

/// What takes the envelope off.
enum Taker {
    NotYet,
    None,
    Export(Box<Export>),
    Documents(Box<Documents>),
}

impl<'s> Pieces<'s> {
    pub(crate) fn of(bytes: Inflated<'s>) -> Self {
        Self {
            bytes,
            begin: Vec::new(),
            given: 0,
            taker: Taker::NotYet,
        }
    }

    /// Reads at least one byte into `out`, which is not empty; 0 is the end of the object. After an error there is no
    /// more text.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> Result<usize, TextFailure> {
        if matches!(self.taker, Taker::NotYet) {
            self.look()?;
        }
        match &mut self.taker {
            Taker::NotYet => Ok(0),
            Taker::None => {
                let begin = self.begin.get(self.given..).unwrap_or_default();
                if begin.is_empty() {
                    return self.bytes.read(out);
                }
                let count = begin.len().min(out.len());
                for (to, from) in out.iter_mut().zip(begin) {
                    *to = *from;
                }
                self.given += count;
                // The begin by itself would be a block of a line or two.
                match out.get_mut(count..) {
                    Some(room) if !room.is_empty() => Ok(count + self.bytes.read(room)?),
                    _ => Ok(count),
                }
            }
            Taker::Export(export) => export.read(&mut self.bytes, out),
            Taker::Documents(documents) => documents.read(&mut self.bytes, out),
        }
    }

    /// What the object is packed in.
    pub(crate) fn container(&self) -> Container {
        self.bytes.container()
    }

    /// What its rows were delivered in, once some have been read.
    pub(crate) fn delivery(&self) -> Option<Delivery> {
        match self.taker {
            Taker::NotYet | Taker::None => None,
            Taker::Export(_) => Some(Delivery::Export),
            Taker::Documents(_) => Some(Delivery::Documents),
        }
    }

    /// Bytes taken from the source, once [`Pieces::read`] has returned 0.
    pub(crate) fn taken(&self) -> u64 {
        self.bytes.taken()
    }

    /// Reads as many bytes as it takes to know the envelope.
    fn look(&mut self) -> Result<(), TextFailure> {
        let mut begin = [0; Envelope::KNOWN_BY];
        let mut count = 0;
        while let Some(room) = begin.get_mut(count..).filter(|room| !room.is_empty()) {
            match self.bytes.read(room)? {
                0 => break,
                read => count += read,
            }
        }
        let begin = begin.get(..count).unwrap_or_default();
        let begin = begin.strip_prefix(MARK).unwrap_or(begin).to_vec();
        self.taker = match Envelope::of(&begin) {
            // One mark is taken off; what stands behind it is text.
            Envelope::None | Envelope::Mark => {
                self.begin = begin;
                Taker::None
            }
            Envelope::Gzip => {
                let reason = "it was compressed twice: its text is gzip again".to_owned();
                return Err(TextFailure::Corrupt(reason));
            }
            Envelope::Export => Taker::Export(Box::new(Export::after(begin))),
            Envelope::Documents => Taker::Documents(Box::new(Documents::after(begin))),
        };
        Ok(())
    }
}
