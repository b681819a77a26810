//! What a Parquet file claims of its footer, its schema, its rows and its pages' places, looked at before the crate `parquet` or
//! anybody believes it.
//!
//! That crate makes room for as many children as an element of the schema claims and for as many places as an index claims,
//! reads groups inside groups by calling itself, and counts to whatever number a list of nothing claims. Memory that is not
//! there and a stack that is used up end the program, whoever calls; counting to 2^31 for six bytes holds a thread for
//! good.

use std::borrow::Cow;

use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use thiserror::Error;

use crate::parquet_shapes::{FILTER, FOOTER, PAGE, PLACES, Shape};
use crate::thrift::{Compact, DEEPEST, INTEGER, LIST, STRUCT};

/// What a file begins and ends with.
const MAGIC: &[u8; 4] = b"PAR1";
/// Bytes at a file's end: the footer's length, and the magic.
pub const FOOTER_TAIL: u64 = 8;
/// Most rows of a file, for each of its bytes and besides. Runs make any number of rows of next to no bytes: only this bounds
/// what a file may claim. No text makes more of its gzip.
const MOST_ROWS_A_BYTE: u64 = 256;
const ROWS_BESIDES: u64 = 1 << 16;

/// Fields of a footer and of an element of its schema.
const SCHEMA: i16 = 2;
const CHILDREN: i16 = 5;

/// What is wrong with a claim. Another try finds it again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ClaimFault(Cow<'static, str>);

/// As what the crate is handed instead of the bytes.
impl From<ClaimFault> for ParquetError {
    fn from(fault: ClaimFault) -> Self {
        Self::General(fault.to_string())
    }
}

pub(crate) fn fault(what: impl Into<Cow<'static, str>>) -> ClaimFault {
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

/// Looks at a footer, without its length and magic: its fields are of the types that they have in every footer, and its schema is
/// no other than it claims.
///
/// # Errors
/// [`ClaimFault`] where an element has more children than there are elements, where groups are nested too deep, and for what
/// is no footer.
pub fn check_footer(footer: &[u8]) -> Result<(), ClaimFault> {
    checked(footer, &FOOTER)?;
    let mut footer = Compact(footer);
    let mut id = 0;
    while let Some(kind) = footer.field(&mut id)? {
        match (id, kind) {
            (SCHEMA, LIST) => footer.schema()?,
            _ => footer.skip(kind, DEEPEST)?,
        }
    }
    Ok(())
}

/// Looks at where a column's pages are said to be.
///
/// # Errors
/// [`ClaimFault`] where there are more of them than bytes, and for what is no such index.
pub fn check_offset_index(index: &[u8]) -> Result<(), ClaimFault> {
    checked(index, &PLACES)
}

/// Looks at the header that a page begins with.
///
/// # Errors
/// [`ClaimFault`] where the bytes end before it does, and for what is none.
pub fn check_page_header(page: &[u8]) -> Result<(), ClaimFault> {
    checked(page, &PAGE)
}

/// Looks at the header that a bloom filter begins with.
///
/// # Errors
/// As those of [`check_page_header`].
pub fn check_filter_header(filter: &[u8]) -> Result<(), ClaimFault> {
    checked(filter, &FILTER)
}

fn checked(bytes: &[u8], shape: &Shape) -> Result<(), ClaimFault> {
    shape.check(&mut Compact(bytes))
}

impl Compact<'_> {
    /// An element of the schema after the other: groups have the children that they claim.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thrift::{BYTE, DOUBLE, FALSE, MAP, SET, TRUE};

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
            assert_eq!(check_footer(&footer(sound)), Ok(()), "{sound:?}");
        }
        for claims in [&[4, 0, 0, 0][..], &[2, 2, 0, 0], &[0x7fff_ffff, 0], &[1 << 40, 0]] {
            assert!(check_footer(&footer(claims)).is_err(), "{claims:?}");
        }
        let nested = |depth| [vec![1; depth], vec![0]].concat();
        assert_eq!(check_footer(&footer(&nested(DEEPEST))), Ok(()));
        assert!(check_footer(&footer(&nested(DEEPEST + 1))).is_err());
        assert!(check_footer(&footer(&nested(200_000))).is_err());
        let sound = footer(&[1, 0]);
        for at in 0..sound.len() {
            assert!(check_footer(&sound[..at]).is_err(), "{at}");
        }
    }

    /// A field of the number 15, which none of these has, of this type.
    fn unknown(kind: u8) -> [u8; 1] {
        [0xf0 | kind]
    }

    #[test]
    fn values_in_values_have_an_end() {
        // Structs in structs, lists in lists, and a list of more than its bytes.
        let structs = [&unknown(STRUCT)[..], &[0x1c; 1 << 20]].concat();
        let lists = [&unknown(LIST)[..], &[0x19; 1 << 20]].concat();
        let long = [&unknown(LIST)[..], &[0xf3, 0xff, 0xff, 0xff, 0xff, 7, 0]].concat();
        for (endless, why) in [
            (structs, "without end"),
            (lists, "without end"),
            (long, "than there are"),
        ] {
            for check in [
                check_footer,
                check_offset_index,
                check_page_header,
                check_filter_header,
            ] {
                let fault = check(&endless).unwrap_err().to_string();
                assert!(fault.contains(why), "{fault}");
            }
        }
    }

    #[test]
    fn no_list_is_of_what_is_true_or_false() {
        // It has no byte for each by other readers, which would then read on elsewhere; there are bytes enough behind each.
        for of in [TRUE, FALSE] {
            for kind in [LIST, SET] {
                let list = [&unknown(kind)[..], &[0x10 | of], &[0; 100]].concat();
                assert!(check_page_header(&list).is_err(), "{kind} of {of}");
            }
            for kinds in [of << 4 | BYTE, BYTE << 4 | of] {
                let map = [&unknown(MAP)[..], &[1, kinds], &[0; 100]].concat();
                assert!(check_page_header(&map).is_err(), "a map of {kinds:x}");
            }
        }
        for sound in [&[0x10 | BYTE, 0, 0][..], &[0, 0]] {
            let list = [&unknown(LIST)[..], sound].concat();
            assert_eq!(check_page_header(&list), Ok(()));
        }
        assert_eq!(
            check_page_header(&[&unknown(MAP)[..], &[1, BYTE << 4 | BYTE, 0, 0, 0]].concat()),
            Ok(())
        );
    }

    #[test]
    fn a_logical_type_is_a_struct_whichever_it_is() {
        // An element whose logical type is the one of the number, which is said to be a number of eight bytes. Whoever takes
        // it for a struct reads what follows elsewhere: a list that is counted on for good, or children.
        let crafted = |number: u8, hidden: [u8; 6]| {
            let element = [&[0x29, 0x1c, 0xac, DOUBLE, number << 1, 0, 0], &hidden[..]].concat();
            [&element[..], &[0x32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat()
        };
        for number in [1, 9, 19, 25] {
            for hidden in [[0xf9, 0xf1, 0xff, 0xff, 0xff, 0xff], [5, 10, 2, 0, 0, 0]] {
                let fault = check_footer(&crafted(number, hidden)).unwrap_err().to_string();
                assert!(fault.contains("another type"), "{number}: {fault}");
            }
        }
        // As structs without anything they are sound: the element has a name besides.
        for number in [1_u8, 19, 25] {
            let sound = [0x29, 0x1c, 0x48, 1, b'a', 0x6c, STRUCT, number << 1, 0, 0, 0, 0];
            assert_eq!(check_footer(&sound), Ok(()), "{number}");
        }
    }

    #[test]
    fn a_field_is_of_its_own_type_and_number() {
        let sound = [
            0x15, 0, 0x15, 80, 0x15, 80, 0x2c, 0x15, 20, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0,
        ];
        assert_eq!(check_page_header(&sound), Ok(()));
        // Pages' values stand behind.
        assert_eq!(check_page_header(&[&sound[..], &[0xff; 9]].concat()), Ok(()));
        for at in 0..sound.len() {
            assert!(check_page_header(&sound[..at]).is_err(), "{at}");
        }
        // A dictionary's number of values that is said to be a list of bytes, and one that is said to be true.
        assert_eq!(check_page_header(&[0x7c, 0x15, 0, 0x15, 0, 0x11, 0, 0]), Ok(()));
        assert!(check_page_header(&[0x7c, 0x19, 0x13, 0, 0x15, 0, 0, 0]).is_err());
        assert!(check_page_header(&[0x7c, 0x11, 0x15, 0, 0, 0]).is_err());
        // Numbers that 16 bits do not hold: 65,536 and a step beyond the last.
        assert!(check_page_header(&[0x05, 0x80, 0x80, 8, 0, 0]).is_err());
        assert!(check_page_header(&[0x05, 0xfe, 0xff, 3, 0, 0x15, 0, 0]).is_err());
        assert_eq!(check_page_header(&[0x05, 0xfc, 0xff, 3, 0, 0x15, 0, 0]), Ok(()));
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
