//! Thrift's compact protocol, in which a Parquet file says what is in it, as far as is needed to pass over it:
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

use crate::parquet_claims::{ClaimFault, fault};

/// Values inside values, at most: no engine writes as many.
pub(crate) const DEEPEST: usize = 64;

/// Types of the protocol.
pub(crate) const STOP: u8 = 0;
pub(crate) const TRUE: u8 = 1;
pub(crate) const FALSE: u8 = 2;
pub(crate) const BYTE: u8 = 3;
pub(crate) const SHORT: u8 = 4;
pub(crate) const INTEGER: u8 = 5;
pub(crate) const LONG: u8 = 6;
pub(crate) const DOUBLE: u8 = 7;
pub(crate) const BINARY: u8 = 8;
pub(crate) const LIST: u8 = 9;
pub(crate) const SET: u8 = 10;
pub(crate) const MAP: u8 = 11;
pub(crate) const STRUCT: u8 = 12;

/// Bytes of the protocol that are left.
pub(crate) struct Compact<'b>(pub(crate) &'b [u8]);

impl Compact<'_> {
    /// The type of the next field of a struct, whose number is counted on from the one before; `None` at the end.
    pub(crate) fn field(&mut self, id: &mut i16) -> Result<Option<u8>, ClaimFault> {
        let head = self.byte()?;
        let (delta, kind) = (head >> 4, head & 0xf);
        if kind == STOP {
            return Ok(None);
        }
        // Whoever reads it on cuts a number of more bits off, and takes the field for another one.
        let next = match delta {
            0 => i16::try_from(self.signed()?).ok(),
            delta => id.checked_add(delta.into()),
        };
        *id = next.ok_or_else(|| fault("a field of no number"))?;
        Ok(Some(kind))
    }

    /// Type and number of a list's elements, each of which has a byte at least.
    pub(crate) fn list(&mut self) -> Result<(u8, usize), ClaimFault> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => usize::try_from(self.varint()?).unwrap_or(usize::MAX),
            few => few.into(),
        };
        if count > self.0.len() {
            return Err(fault("a list of more elements than there are bytes"));
        }
        Ok((head & 0xf, count))
    }

    /// Passes over a value that is a struct's field.
    pub(crate) fn skip(&mut self, kind: u8, deepest: usize) -> Result<(), ClaimFault> {
        let Some(deeper) = deepest.checked_sub(1) else {
            return Err(fault("values in values without end"));
        };
        match kind {
            // They stand in the field's type.
            TRUE | FALSE => Ok(()),
            BYTE => self.byte().map(|_| ()),
            SHORT | INTEGER | LONG => self.varint().map(|_| ()),
            DOUBLE => self.pass(8),
            BINARY => {
                let length = self.varint()?;
                self.pass(length)
            }
            LIST | SET => {
                let (kind, count) = self.list()?;
                for _ in 0..count {
                    self.skip_element(kind, deeper)?;
                }
                Ok(())
            }
            MAP => {
                let count = self.varint()?;
                let kinds = if count > 0 { self.byte()? } else { 0 };
                for _ in 0..count {
                    self.skip_element(kinds >> 4, deeper)?;
                    self.skip_element(kinds & 0xf, deeper)?;
                }
                Ok(())
            }
            STRUCT => {
                let mut id = 0;
                while let Some(kind) = self.field(&mut id)? {
                    self.skip(kind, deeper)?;
                }
                Ok(())
            }
            _ => Err(fault("a value of no type")),
        }
    }

    /// The same of a list's or a map's. What is true or false has a byte there by the specification and none in readers that
    /// count on to whatever number a list claims: no file of Parquet has any.
    fn skip_element(&mut self, kind: u8, deepest: usize) -> Result<(), ClaimFault> {
        match kind {
            TRUE | FALSE => Err(fault("a list of what is true or false")),
            kind => self.skip(kind, deepest),
        }
    }

    pub(crate) fn pass(&mut self, count: u64) -> Result<(), ClaimFault> {
        let count = usize::try_from(count).ok();
        let rest = count.and_then(|count| self.0.get(count..));
        self.0 = rest.ok_or_else(cut)?;
        Ok(())
    }

    pub(crate) fn byte(&mut self) -> Result<u8, ClaimFault> {
        let (byte, rest) = self.0.split_first().ok_or_else(cut)?;
        self.0 = rest;
        Ok(*byte)
    }

    /// A number whose last bit is its sign.
    pub(crate) fn signed(&mut self) -> Result<i64, ClaimFault> {
        let number = self.varint()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A number of up to 64 bits, seven to a byte.
    pub(crate) fn varint(&mut self) -> Result<u64, ClaimFault> {
        let mut number = 0;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(fault("a number of more than 64 bits"))
    }
}

fn cut() -> ClaimFault {
    fault("it ends too early")
}
