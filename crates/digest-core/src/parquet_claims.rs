//! What a Parquet file claims of its footer, its schema, its rows and its pages' places, looked at before the crate `parquet` or
//! anybody believes it.
//!
//! That crate makes room for as many children as an element of the schema claims and for as many places as an index claims,
//! and reads groups inside groups by calling itself. Memory that is not there and a stack that is used up end the program,
//! whoever calls. Both are written in Thrift's compact protocol:
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

use std::borrow::Cow;

use parquet::file::metadata::ParquetMetaData;
use thiserror::Error;

/// What a file begins and ends with.
const MAGIC: &[u8; 4] = b"PAR1";
/// Bytes at a file's end: the footer's length, and the magic.
pub const FOOTER_TAIL: u64 = 8;
/// Most rows of a file, for each of its bytes and besides. Runs make any number of rows of next to no bytes: only this bounds
/// what a file may claim. No text makes more of its gzip.
const MOST_ROWS_A_BYTE: u64 = 256;
const ROWS_BESIDES: u64 = 1 << 16;
/// Groups inside groups, at most: no engine writes as many.
const DEEPEST: usize = 64;

/// Fields of a footer and of an element of its schema.
const SCHEMA: i64 = 2;
const CHILDREN: i64 = 5;

/// Types of the protocol.
const STOP: u8 = 0;
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const SHORT: u8 = 4;
const INTEGER: u8 = 5;
const LONG: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;

/// What is wrong with a claim. Another try finds it again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ClaimFault(Cow<'static, str>);

fn fault(what: impl Into<Cow<'static, str>>) -> ClaimFault {
    ClaimFault(what.into())
}

/// Where the last [`FOOTER_TAIL`] bytes of a file begin.
///
/// # Errors
/// [`ClaimFault`] where it has too few.
pub fn footer_tail(size: u64) -> Result<u64, ClaimFault> {
    let least = MAGIC.len() as u64 + FOOTER_TAIL;
    if size < least {
        return Err(fault(format!("{size} bytes are too few for one")));
    }
    Ok(size - FOOTER_TAIL)
}

/// The length of a footer, by the last [`FOOTER_TAIL`] bytes of a file of so many.
///
/// # Errors
/// [`ClaimFault`] where they are none of Parquet's, or tell of more than the file has.
pub fn footer_length(tail: &[u8], size: u64) -> Result<u64, ClaimFault> {
    let length = match tail.split_last_chunk() {
        Some((length, magic)) if magic == MAGIC => length
            .first_chunk()
            .map_or(0, |&length| u32::from_le_bytes(length)),
        Some((_, b"PARE")) => return Err(fault("it is encrypted")),
        _ => return Err(fault("it is cut: its last bytes are not PAR1")),
    };
    let length = u64::from(length);
    if length > size.saturating_sub(MAGIC.len() as u64 + FOOTER_TAIL) {
        return Err(fault(format!("a footer of {length} bytes in a file of {size}")));
    }
    Ok(length)
}

/// Looks at the rows of a file of so many bytes: they can be counted, and are no more than the bytes may hold.
///
/// # Errors
/// [`ClaimFault`].
pub fn check_rows(metadata: &ParquetMetaData, size: u64) -> Result<(), ClaimFault> {
    let most = size.saturating_mul(MOST_ROWS_A_BYTE).saturating_add(ROWS_BESIDES);
    let mut all = 0_u64;
    for group in metadata.row_groups() {
        let rows = u64::try_from(group.num_rows()).ok().filter(|&rows| rows <= most);
        let rows = rows.ok_or_else(|| fault(format!("a row group of {} rows", group.num_rows())))?;
        all = all.saturating_add(rows);
        if all > most {
            return Err(fault(format!("more than {most} rows in {size} bytes")));
        }
    }
    Ok(())
}

/// Looks at the schema of a footer, without its length and magic.
///
/// # Errors
/// [`ClaimFault`] where an element has more children than there are elements, where groups are nested too deep, and for what
/// is no footer.
pub fn check_schema(footer: &[u8]) -> Result<(), ClaimFault> {
    let mut footer = Compact(footer);
    let mut id = 0;
    while let Some(kind) = footer.field(&mut id)? {
        match (id, kind) {
            (SCHEMA, LIST) => footer.schema()?,
            (SCHEMA, _) => return Err(fault("a schema that is no list")),
            _ => footer.skip(kind, DEEPEST)?,
        }
    }
    Ok(())
}

/// Looks at where a column's pages are said to be.
///
/// # Errors
/// [`ClaimFault`] where there are more of them than bytes.
pub fn check_offset_index(index: &[u8]) -> Result<(), ClaimFault> {
    let mut index = Compact(index);
    match index.field(&mut 0)? {
        Some(LIST) => index.list().map(|_| ()),
        _ => Ok(()),
    }
}

/// Bytes of the protocol that are left.
struct Compact<'b>(&'b [u8]);

impl Compact<'_> {
    fn schema(&mut self) -> Result<(), ClaimFault> {
        let (kind, elements) = self.list()?;
        if kind != STRUCT && elements > 0 {
            return Err(fault("a schema of no elements"));
        }
        // Children that are still to come: of each group around an element, and of all of them.
        let (mut open, mut due): (Vec<usize>, usize) = (Vec::new(), 0);
        for left in (0..elements).rev() {
            let children = self.children()?;
            due = due.saturating_sub(1).saturating_add(children);
            if due > left {
                return Err(fault("a schema whose groups have more children than there are"));
            }
            if children > 0 {
                open.push(children);
            } else {
                close(&mut open);
            }
            if open.len() > DEEPEST {
                return Err(fault("a schema of groups in groups without end"));
            }
        }
        Ok(())
    }

    /// How many children an element has, which is passed over.
    fn children(&mut self) -> Result<usize, ClaimFault> {
        let (mut id, mut children) = (0, 0);
        while let Some(kind) = self.field(&mut id)? {
            match (id, kind) {
                (CHILDREN, INTEGER) => {
                    let claimed = i32::try_from(self.signed()?).ok();
                    let claimed = claimed.and_then(|claimed| usize::try_from(claimed).ok());
                    children = claimed.ok_or(fault("a group of no number of children"))?;
                }
                (CHILDREN, _) => return Err(fault("a group of no number of children")),
                _ => self.skip(kind, DEEPEST)?,
            }
        }
        Ok(children)
    }

    /// The type of the next field of a struct, whose number is counted on from the one before; `None` at the end.
    fn field(&mut self, id: &mut i64) -> Result<Option<u8>, ClaimFault> {
        let head = self.byte()?;
        let (delta, kind) = (head >> 4, head & 0xf);
        if kind == STOP {
            return Ok(None);
        }
        *id = match delta {
            0 => self.signed()?,
            delta => id.saturating_add(delta.into()),
        };
        Ok(Some(kind))
    }

    /// Type and number of a list's elements, each of which has a byte at least.
    fn list(&mut self) -> Result<(u8, usize), ClaimFault> {
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
    fn skip(&mut self, kind: u8, deepest: usize) -> Result<(), ClaimFault> {
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

    /// The same of a list's or a map's, where what is true or false has a byte.
    fn skip_element(&mut self, kind: u8, deepest: usize) -> Result<(), ClaimFault> {
        match kind {
            TRUE | FALSE => self.byte().map(|_| ()),
            kind => self.skip(kind, deepest),
        }
    }

    fn pass(&mut self, count: u64) -> Result<(), ClaimFault> {
        let count = usize::try_from(count).ok();
        let rest = count.and_then(|count| self.0.get(count..));
        self.0 = rest.ok_or_else(cut)?;
        Ok(())
    }

    fn byte(&mut self) -> Result<u8, ClaimFault> {
        let (byte, rest) = self.0.split_first().ok_or_else(cut)?;
        self.0 = rest;
        Ok(*byte)
    }

    /// A number whose last bit is its sign.
    fn signed(&mut self) -> Result<i64, ClaimFault> {
        let number = self.varint()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A number of up to 64 bits, seven to a byte.
    fn varint(&mut self) -> Result<u64, ClaimFault> {
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

/// An element is complete, and so is each group whose last it was.
fn close(open: &mut Vec<usize>) {
    while let Some(children) = open.last_mut() {
        *children = children.saturating_sub(1);
        if *children > 0 {
            break;
        }
        open.pop();
    }
}

fn cut() -> ClaimFault {
    fault("it ends too early")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A footer of a schema only: each element is a name and, where it has any, its children.
    fn footer(children: &[u64]) -> Vec<u8> {
        let mut footer = vec![0x15, 2, 0x19, 0xfc];
        footer.extend(varint(children.len() as u64));
        for &children in children {
            footer.extend([0x48, 1, b'a']);
            if children > 0 {
                footer.push(0x15);
                footer.extend(varint(children << 1));
            }
            footer.push(0);
        }
        footer.push(0);
        footer
    }

    fn varint(mut number: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    }

    #[test]
    fn a_schema_has_the_children_that_it_claims() {
        for sound in [&[3, 0, 0, 0][..], &[2, 2, 0, 0, 0], &[1, 1, 1, 0], &[0], &[]] {
            assert_eq!(check_schema(&footer(sound)), Ok(()), "{sound:?}");
        }
        for claims in [&[4, 0, 0, 0][..], &[2, 2, 0, 0], &[0x7fff_ffff, 0], &[1 << 40, 0]] {
            assert!(check_schema(&footer(claims)).is_err(), "{claims:?}");
        }
        let nested = |depth| [vec![1; depth], vec![0]].concat();
        assert_eq!(check_schema(&footer(&nested(DEEPEST))), Ok(()));
        assert!(check_schema(&footer(&nested(DEEPEST + 1))).is_err());
        assert!(check_schema(&footer(&nested(200_000))).is_err());
        let sound = footer(&[1, 0]);
        for at in 0..sound.len() {
            assert!(check_schema(&sound[..at]).is_err(), "{at}");
        }
    }

    #[test]
    fn values_in_values_have_an_end() {
        // Structs in structs, lists in lists, and a list of more than its bytes.
        assert!(check_schema(&[0x1c; 1 << 20]).is_err());
        assert!(check_schema(&[&[0x39][..], &[0x19; 1 << 20]].concat()).is_err());
        assert!(check_schema(&[0x39, 0xf1, 0xff, 0xff, 0xff, 0xff, 7, 0]).is_err());
    }

    #[test]
    fn pages_are_at_no_more_places_than_there_are_bytes() {
        assert_eq!(
            check_offset_index(&[0x19, 0x1c, 0x16, 8, 0x15, 8, 0x16, 0, 0, 0]),
            Ok(())
        );
        assert!(check_offset_index(&[0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 7, 0]).is_err());
        assert!(check_offset_index(&[]).is_err());
    }
}
