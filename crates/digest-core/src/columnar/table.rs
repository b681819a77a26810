//! Values of a column, each read once: a dictionary's, or those of a page that has none, some at a time.
//!
//! An entry is a `u64`: what the value means to a row that is as most rows are, and in bits above what keeps a row from
//! being so. What stands there, as text would have it, is kept beside, for rows that are judged by themselves.

use std::io::Write;
use std::ops::Range;

use super::Failure;
use super::schema::{Kind, Stored};
use crate::address::Address;
use crate::flow_record::{ABSENT, seconds_of};
use crate::number::decimal;

/// The value does not fit 32 bits, or is none: its row is judged by itself.
pub(super) const ODD: u64 = 1 << 32;
/// There is no value.
pub(super) const NONE: u64 = 1 << 33;
/// The value is the number of an IPv6 address in [`Table::wide`].
pub(super) const WIDE: u64 = 1 << 34;

/// A longer name is looked at by itself.
const MOST_NAME: usize = 255;
/// Digits of an AWS account. A number has lost its leading zeros.
const ACCOUNT_DIGITS: usize = 12;

/// Values in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) entries: Vec<u64>,
    /// IPv6 addresses.
    pub(super) wide: Vec<u128>,
    texts: Texts,
}

/// What stands in a column.
#[derive(Debug, Default)]
struct Texts {
    /// Where each text begins and ends: in the page at hand, or in `bytes`.
    spans: Vec<(u32, u32)>,
    in_page: bool,
    bytes: Vec<u8>,
    /// Or numbers, of which texts are made when they are asked for.
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
        self.wide.clear();
        self.texts.spans.clear();
        self.texts.in_page = false;
        self.texts.bytes.clear();
        self.texts.numbers.clear();
    }

    /// Appends `count` values as they stand one behind the other in a page; gives where they end.
    pub(super) fn push_plain(
        &mut self,
        (kind, stored): (Kind, Stored),
        page: &[u8],
        place: Range<usize>,
        count: usize,
    ) -> Result<usize, Failure> {
        let bytes = page.get(place.clone()).unwrap_or_default();
        match stored {
            Stored::Int32 { .. } => {
                let (words, _) = bytes.as_chunks::<4>();
                for word in words.get(..count).ok_or_else(cut)? {
                    self.push_number(kind, stored, i64::from(i32::from_le_bytes(*word)));
                }
                Ok(place.start + 4 * count)
            }
            Stored::Int64 { .. } => {
                let (words, _) = bytes.as_chunks::<8>();
                for word in words.get(..count).ok_or_else(cut)? {
                    self.push_number(kind, stored, i64::from_le_bytes(*word));
                }
                Ok(place.start + 8 * count)
            }
            Stored::Bytes => {
                self.texts.in_page = true;
                let mut rest = bytes;
                for _ in 0..count {
                    let (length, behind) = rest.split_first_chunk().ok_or_else(cut)?;
                    let length = u32::from_le_bytes(*length) as usize;
                    let (text, behind) = behind.split_at_checked(length).ok_or_else(cut)?;
                    let end = place.end - behind.len();
                    self.texts.spans.push(((end - length) as u32, end as u32));
                    self.push_entry(kind, text);
                    rest = behind;
                }
                Ok(place.end - rest.len())
            }
        }
    }

    /// Keeps the texts of a page that will go.
    pub(super) fn keep(&mut self, page: &[u8]) {
        if self.texts.in_page {
            self.texts.bytes = page.to_vec();
            self.texts.in_page = false;
        }
    }

    /// Appends a text.
    pub(super) fn push_text(&mut self, kind: Kind, text: &[u8]) {
        let start = self.texts.bytes.len() as u32;
        self.texts.bytes.extend_from_slice(text);
        self.texts.spans.push((start, self.texts.bytes.len() as u32));
        self.push_entry(kind, text);
    }

    #[inline]
    fn push_entry(&mut self, kind: Kind, text: &[u8]) {
        let entry = if text.is_empty() || text == ABSENT {
            NONE
        } else {
            match kind {
                Kind::Number(most) => decimal(text, most.into()).unwrap_or(ODD),
                Kind::Time => decimal(text, i64::MAX as u64).map_or(ODD, |time| fitting(seconds_of(time))),
                Kind::Address => match Address::parse(text) {
                    Some(Address::V4(value)) => value.into(),
                    Some(Address::V6(value)) => {
                        self.wide.push(value);
                        WIDE | (self.wide.len() as u64 - 1)
                    }
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
            let _ = match stored.value(number) {
                Some(value) => write!(self.texts.bytes, "{value}"),
                None => write!(self.texts.bytes, "{number}"),
            };
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
        let bytes = if self.texts.in_page {
            page
        } else {
            &self.texts.bytes
        };
        match bytes.get(start as usize..end as usize) {
            Some(text) if !text.is_empty() => text,
            _ => ABSENT,
        }
    }

    /// Appends the value as text has it, `-` where there is none.
    pub(super) fn write(&self, stored: Stored, number: u32, page: &[u8], out: &mut Vec<u8>) {
        // Writing to memory does not fail.
        let _ = match self.texts.numbers.get(number as usize) {
            Some(&number) => match stored.value(number) {
                Some(value) => write!(out, "{value}"),
                None => write!(out, "{number}"),
            },
            None => out.write_all(self.text(number, page)),
        };
    }
}

/// What would end a token of text.
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn fitting(value: u64) -> u64 {
    if value <= u32::MAX.into() { value } else { ODD }
}

fn cut() -> Failure {
    Failure::corrupt("a page ends too early")
}
