//! Values of a column, each read once: a dictionary's, or those of a page that has none, some at a time.
//!
//! An entry is a `u64`: what the value means to a row that is as most rows are, and in bits above what keeps a row from
//! being so. What stands there, as text would have it, is kept beside, for rows that are judged by themselves.

use std::io::Write as _;

use super::schema::{Kind, Stored};
use crate::address::Address;
use crate::flow_record::{ABSENT, seconds_of};
use crate::key::V6;
use crate::number::decimal;

/// The value is the number of an IPv6 address in [`Table::wide`]: as in keys.
pub(super) const WIDE: u64 = V6;
/// The value does not fit 32 bits, or is none: its row is judged by itself.
pub(super) const ODD: u64 = 1 << 33;
/// There is no value.
pub(super) const NONE: u64 = 1 << 34;

/// A longer name is looked at by itself.
const MOST_NAME: usize = 255;
/// Digits of an AWS account. A number has lost its leading zeros.
const ACCOUNT_DIGITS: usize = 12;

/// Values in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) entries: Vec<u64>,
    /// All bits of all entries: what none of them is.
    all: u64,
    /// IPv6 addresses.
    pub(super) wide: Vec<u128>,
    pub(super) texts: Texts,
}

/// What stands in a column.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// Where each text begins and ends: in the page at hand, or in `bytes`.
    pub(super) spans: Vec<(u32, u32)>,
    /// Or where numbers begin that stand one behind the other there, of which texts are made when they are asked for.
    pub(super) numbers_from: Option<usize>,
    pub(super) in_page: bool,
    bytes: Vec<u8>,
    /// Or such numbers themselves.
    numbers: Vec<i64>,
}

impl Table {
    /// Bytes of memory.
    pub(super) fn held(&self) -> usize {
        let Texts {
            spans,
            bytes,
            numbers,
            ..
        } = &self.texts;
        self.entries.capacity() * size_of::<u64>()
            + self.wide.capacity() * size_of::<u128>()
            + spans.capacity() * size_of::<(u32, u32)>()
            + bytes.capacity()
            + numbers.capacity() * size_of::<i64>()
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.all = 0;
        self.wide.clear();
        self.texts.spans.clear();
        self.texts.numbers_from = None;
        self.texts.in_page = false;
        self.texts.bytes.clear();
        self.texts.numbers.clear();
    }

    /// Appends a text.
    pub(super) fn push_text(&mut self, kind: Kind, text: &[u8]) {
        let start = self.texts.bytes.len() as u32;
        self.texts.bytes.extend_from_slice(text);
        self.texts.spans.push((start, self.texts.bytes.len() as u32));
        self.push_entry(kind, text);
    }

    pub(super) fn push_entry(&mut self, kind: Kind, text: &[u8]) {
        let entry = if text.is_empty() || text == ABSENT {
            NONE
        } else {
            match kind {
                // A value that no row of text may have is judged with its row.
                Kind::Number(_) | Kind::Time if text.len() > MOST_NAME => ODD,
                Kind::Number(most) => decimal(text, most.into()).unwrap_or(ODD),
                Kind::Time => decimal(text, i64::MAX as u64).map_or(ODD, |time| fitting(seconds_of(time))),
                Kind::Address => match Address::parse(text) {
                    Some(Address::V4(value)) => value.into(),
                    Some(Address::V6(value)) => return self.push_wide(value),
                    None => ODD,
                },
                Kind::Name if text.len() > MOST_NAME || text.iter().copied().any(is_blank) => ODD,
                Kind::Name | Kind::Further => 0,
                Kind::Status if text == b"OK" => 0,
                Kind::Status => ODD,
            }
        };
        self.entries.push(entry);
    }

    /// Appends an IPv6 address.
    #[inline]
    pub(super) fn push_wide(&mut self, address: u128) {
        self.entries.push(WIDE | self.wide.len() as u64);
        self.wide.push(address);
    }

    /// Appends a number.
    #[inline]
    pub(super) fn push_number(&mut self, kind: Kind, stored: Stored, number: i64) {
        if kind == Kind::Name {
            // Rows of one interface are told by their names' bytes. Writing to memory does not fail.
            let start = self.texts.bytes.len() as u32;
            let _ = write!(self.texts.bytes, "{number:0ACCOUNT_DIGITS$}");
            self.texts.spans.push((start, self.texts.bytes.len() as u32));
            self.entries.push(0);
            return;
        }
        if kind == Kind::Further {
            let start = self.texts.bytes.len() as u32;
            write_number(stored, number, &mut self.texts.bytes);
            self.texts.spans.push((start, self.texts.bytes.len() as u32));
            self.entries.push(0);
            return;
        }
        self.entries.push(match (kind, stored.value(number)) {
            (Kind::Number(most), Some(value)) if value <= most.into() => value,
            (Kind::Time, Some(value)) => fitting(stored.second(value)),
            _ => ODD,
        });
        self.texts.numbers.push(number);
    }

    /// Whether any value has one of these bits, once [`Table::end`] has been called.
    #[inline]
    pub(super) fn has(&self, bits: u64) -> bool {
        self.all & bits != 0
    }

    /// All values are in.
    pub(super) fn end(&mut self) {
        self.all = self.entries.iter().fold(0, |all, entry| all | entry);
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What the value means; [`NONE`] for the number of none.
    #[inline]
    pub(super) fn entry(&self, number: u32) -> u64 {
        self.entries.get(number as usize).copied().unwrap_or(NONE)
    }

    /// A text as it stands there, `-` where there is none. The page is the one at hand.
    #[inline]
    pub(super) fn text<'t>(&'t self, number: u32, page: &'t [u8]) -> &'t [u8] {
        let Some(&(start, end)) = self.texts.spans.get(number as usize) else {
            return ABSENT;
        };
        let bytes = self.texts.bytes(page);
        match bytes.get(start as usize..end as usize) {
            Some(text) if !text.is_empty() => text,
            _ => ABSENT,
        }
    }

    /// Appends the value as text has it, `-` where there is none; of a text `most` bytes.
    pub(super) fn write(&self, stored: Stored, number: u32, (page, most): (&[u8], usize), out: &mut Vec<u8>) {
        match self.texts.number(stored, number as usize, page) {
            Some(number) => write_number(stored, number, out),
            None => {
                let text = self.text(number, page);
                out.extend_from_slice(text.get(..most).unwrap_or(text));
            }
        }
    }
}

/// Appends a number as text has it.
fn write_number(stored: Stored, number: i64, out: &mut Vec<u8>) {
    let mut text = itoa::Buffer::new();
    out.extend_from_slice(match stored.value(number) {
        Some(value) => text.format(value).as_bytes(),
        None => text.format(number).as_bytes(),
    });
}

impl Texts {
    /// What spans and places are of. The page is the one at hand.
    fn bytes<'t>(&'t self, page: &'t [u8]) -> &'t [u8] {
        if self.in_page { page } else { &self.bytes }
    }

    /// A value that is stored as a number.
    fn number(&self, stored: Stored, at: usize, page: &[u8]) -> Option<i64> {
        let Some(from) = self.numbers_from else {
            return self.numbers.get(at).copied();
        };
        let bytes = self.bytes(page);
        let place = |width: usize| bytes.get(from.checked_add(at.checked_mul(width)?)?..);
        match stored {
            Stored::Int32 { .. } => Some(i32::from_le_bytes(*place(4)?.first_chunk()?).into()),
            Stored::Int64 { .. } => Some(i64::from_le_bytes(*place(8)?.first_chunk()?)),
            Stored::Bytes => None,
        }
    }
}

/// What would end a token of text.
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// A time on the way that most rows go.
pub(super) fn fitting(value: u64) -> u64 {
    if value <= u32::MAX.into() { value } else { ODD }
}
