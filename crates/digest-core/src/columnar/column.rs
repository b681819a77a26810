//! One column of a row group: its pages opened, and each row's value as a number in a table of values.

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::Page;

use super::chunk::Chunk;
use super::codec::{Codec, NotInflated, PAD};
use super::hybrid::Hybrid;
use super::rare::Rare;
use super::schema::{Extent, Wanted};
use super::table::{NONE, Table};
use super::{Bounds, DICTIONARY_GROWS, Failure, PAGE_GROWS, Place};
use crate::readers::Allowance;
use crate::vector::Level;

mod charge;
mod rows;

/// The number of a value that is none.
const NULL: u32 = u32::MAX;

/// A column on its way.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) wanted: Wanted,
    chunk: Chunk,
    bounds: Bounds,
    /// The page at hand, inflated, between bytes of padding.
    page: Vec<u8>,
    page_end: usize,
    /// Which rows of the page have a value; `None` where all have.
    levels: Option<Hybrid>,
    values: Values,
    /// Rows of the page that have not been read.
    left: usize,
    has_dictionary: bool,
    dictionary: Table,
    /// The dictionary as it stands, for pages that are left to the crate.
    dictionary_page: Option<Page>,
    /// Values of rows at hand that are in no dictionary.
    fresh: Table,
    /// Of each row at hand, the number of its value.
    pub(super) numbers: Vec<u32>,
    present: Vec<u32>,
    /// Whether rows at hand may have no value.
    has_nulls: bool,
    /// Bytes that are charged for it.
    charged: usize,
}

/// How the page at hand holds its values.
#[derive(Debug)]
enum Values {
    /// As numbers in the dictionary.
    Numbered(Hybrid),
    /// One behind the other, from here on.
    Plain(usize),
    Rare(Box<Rare>),
}

/// What a data page's header says.
struct Header {
    rows: u32,
    encoding: Encoding,
    /// Bytes of levels that stand before the values, where the header knows.
    levels: Option<usize>,
    has_packed_levels: bool,
}

impl Column {
    pub(super) fn new(wanted: Wanted, extent: &Extent, bounds: Bounds) -> Self {
        Self {
            chunk: Chunk::new(wanted.description.clone(), extent, bounds.window),
            wanted,
            bounds,
            page: Vec::new(),
            page_end: PAD,
            levels: None,
            values: Values::Plain(PAD),
            left: 0,
            has_dictionary: false,
            dictionary: Table::default(),
            dictionary_page: None,
            fresh: Table::default(),
            numbers: Vec::new(),
            present: Vec::new(),
            has_nulls: false,
            charged: 0,
        }
    }

    /// The table that the numbers of the rows at hand are of.
    #[inline]
    pub(super) fn table(&self) -> &Table {
        match self.values {
            Values::Numbered(_) => &self.dictionary,
            Values::Plain(_) | Values::Rare(_) => &self.fresh,
        }
    }

    /// What the values of the rows at hand mean, one behind the other; `None` where their numbers tell which is whose.
    #[inline]
    pub(super) fn entries(&self) -> Option<&[u64]> {
        let is_one_by_one = matches!(self.values, Values::Plain(_)) && !self.has_nulls;
        is_one_by_one.then_some(&self.fresh.entries)
    }

    /// Whether the value of any row at hand may have one of these bits.
    #[inline]
    pub(super) fn may_have(&self, bits: u64) -> bool {
        self.table().has(bits) || self.has_nulls && bits & NONE != 0
    }

    /// A value of the rows at hand as it stands there, `-` where there is none.
    #[inline]
    pub(super) fn text(&self, number: u32) -> &[u8] {
        self.table().text(number, &self.page)
    }

    /// Appends a row's value as text has it, `-` where there is none.
    pub(super) fn write(&self, row: usize, out: &mut Vec<u8>) {
        let number = self.numbers.get(row).copied().unwrap_or(NULL);
        self.table().write(self.wanted.stored, number, &self.page, out);
    }

    /// Opens the next page where the last one has been read; gives how many rows can be read from it. `most` are to
    /// come. Inflated bytes are counted in `inflated`.
    pub(super) fn ready(
        &mut self,
        (place, allowance): (&mut Place<'_>, &mut Allowance<'_>),
        codec: &mut Codec,
        most: u64,
        inflated: &mut u64,
    ) -> Result<usize, Failure> {
        while self.left == 0 {
            let page = loop {
                let most = self.bounds.page.min(allowance.room() / PAGE_GROWS);
                match self.chunk.next(place, most) {
                    Err(Failure::TooLarge(_)) if allowance.take_turn() => {}
                    page => break page?,
                }
            };
            let page =
                page.ok_or_else(|| Failure::corrupt("it has fewer values than the row group has rows"))?;
            let rows = self.open(page, codec, allowance)?;
            self.charge(allowance);
            *inflated += (self.page_end - PAD) as u64;
            if u64::from(rows) > most {
                return Err(Failure::corrupt("it has more values than the row group has rows"));
            }
            self.left = rows as usize;
        }
        Ok(self.left)
    }

    /// Opens a page; gives its rows. A dictionary has none.
    fn open(&mut self, page: Page, codec: &mut Codec, allowance: &mut Allowance<'_>) -> Result<u32, Failure> {
        let (bound, grows) = match &page {
            Page::DictionaryPage { .. } => (self.bounds.dictionary, DICTIONARY_GROWS),
            _ => (self.bounds.page, PAGE_GROWS),
        };
        let (plain, is_compressed) = match &page {
            Page::DictionaryPage { .. } | Page::DataPage { .. } => (0, true),
            // Levels stand before the values and are never compressed.
            Page::DataPageV2 {
                def_levels_byte_len,
                rep_levels_byte_len,
                is_compressed,
                ..
            } => {
                let levels = u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len);
                let levels = usize::try_from(levels).unwrap_or(usize::MAX);
                (levels, *is_compressed)
            }
        };
        let stands = page.buffer().split_at_checked(plain);
        let (plain, packed) = stands.ok_or_else(|| Failure::corrupt("a page ends too early"))?;
        let compression = if is_compressed {
            self.chunk.compression
        } else {
            parquet::basic::Compression::UNCOMPRESSED
        };
        let length = loop {
            // The page before goes as this one comes.
            let room = allowance.room().saturating_add(self.page.capacity());
            let most = bound.min(room / grows);
            match codec.inflate(compression, plain, packed, most, &mut self.page) {
                Ok(length) => break length,
                Err(NotInflated::Corrupt(reason)) => return Err(Failure::Corrupt(reason)),
                Err(NotInflated::TooLarge) if most < bound && allowance.take_turn() => {}
                Err(NotInflated::TooLarge) => return Err(Failure::larger("a page", most, bound)),
            }
        };
        self.page_end = PAD + length;
        match page {
            Page::DictionaryPage {
                num_values, encoding, ..
            } => {
                self.open_dictionary(codec.level, num_values, encoding)?;
                Ok(0)
            }
            Page::DataPage {
                num_values,
                encoding,
                def_level_encoding,
                ..
            } => self.open_values(
                page,
                Header {
                    rows: num_values,
                    encoding,
                    levels: None,
                    has_packed_levels: def_level_encoding != Encoding::RLE,
                },
            ),
            Page::DataPageV2 {
                num_values,
                encoding,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => {
                if rep_levels_byte_len > 0 {
                    return Err(Failure::corrupt("it is a list in a page"));
                }
                self.open_values(
                    page,
                    Header {
                        rows: num_values,
                        encoding,
                        levels: Some(def_levels_byte_len as usize),
                        has_packed_levels: false,
                    },
                )
            }
        }
    }

    fn open_dictionary(&mut self, level: Level, count: u32, encoding: Encoding) -> Result<(), Failure> {
        if self.has_dictionary {
            return Err(Failure::corrupt("it has two dictionaries"));
        }
        if !matches!(encoding, Encoding::PLAIN | Encoding::PLAIN_DICTIONARY) {
            return Err(Failure::corrupt(format!("a dictionary in encoding {encoding}")));
        }
        let (kind, stored) = (self.wanted.kind, self.wanted.stored);
        let page = self.page.get(..self.page_end).unwrap_or_default();
        self.dictionary
            .read_plain(level, (kind, stored), page, PAD..self.page_end, count as usize)?;
        self.dictionary.end();
        self.dictionary.keep(page);
        let bytes = page.get(PAD..).unwrap_or_default();
        self.dictionary_page = Some(Page::DictionaryPage {
            buf: Bytes::copy_from_slice(bytes),
            num_values: count,
            encoding,
            is_sorted: false,
        });
        self.has_dictionary = true;
        Ok(())
    }

    fn open_values(&mut self, page: Page, header: Header) -> Result<u32, Failure> {
        let is_optional = self.wanted.description.max_def_level() > 0;
        let is_numbered = matches!(
            header.encoding,
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY
        );
        let mut at = PAD;
        self.levels = None;
        if is_optional && header.has_packed_levels {
            // Their length stands nowhere; the values behind them are plain or numbered, as old as such levels are.
            let is_old = is_numbered || header.encoding == Encoding::PLAIN;
            if !is_old {
                return Err(Failure::corrupt("levels and values of different ages"));
            }
            return self
                .leave_to_the_crate(page, is_numbered, at)
                .map(|()| header.rows);
        }
        if is_optional {
            let length = match header.levels {
                Some(length) => length,
                None => {
                    let stands = self
                        .page
                        .get(at..self.page_end)
                        .and_then(|rest| rest.first_chunk());
                    at += 4;
                    u32::from_le_bytes(*stands.ok_or_else(cut)?) as usize
                }
            };
            if length > self.page_end - at {
                return Err(cut());
            }
            self.levels = Some(Hybrid::new(at, at + length, 1)?);
            at += length;
        } else {
            at += header.levels.unwrap_or_default();
        }
        if !is_numbered && header.encoding != Encoding::PLAIN {
            self.levels = None;
            return self.leave_to_the_crate(page, false, at).map(|()| header.rows);
        }
        self.values = if is_numbered {
            if !self.has_dictionary {
                return Err(Failure::corrupt("it has no dictionary"));
            }
            // A page without a single value need not even say how wide its numbers are.
            let width = self.page.get(at).filter(|_| at < self.page_end).copied();
            let from = (at + 1).min(self.page_end);
            Values::Numbered(Hybrid::new(
                from,
                self.page_end,
                width.unwrap_or_default().into(),
            )?)
        } else {
            Values::Plain(at)
        };
        Ok(header.rows)
    }

    /// Has the crate decode a page whose values begin at `values`.
    fn leave_to_the_crate(&mut self, page: Page, is_numbered: bool, values: usize) -> Result<(), Failure> {
        let bytes = self.page.get(PAD..self.page_end).unwrap_or_default();
        let page = with_bytes(page, Bytes::copy_from_slice(bytes));
        let dictionary = self.dictionary_page.clone().filter(|_| is_numbered);
        let (description, most) = (&self.wanted.description, self.bounds.page);
        let rare = Rare::new(description, dictionary, page, values - PAD, most)?;
        self.values = Values::Rare(Box::new(rare));
        Ok(())
    }
}

/// The same page around other bytes.
fn with_bytes(mut page: Page, bytes: Bytes) -> Page {
    match &mut page {
        Page::DataPage { buf, .. } | Page::DataPageV2 { buf, .. } | Page::DictionaryPage { buf, .. } => {
            *buf = bytes
        }
    }
    page
}

fn cut() -> Failure {
    Failure::corrupt("a page ends too early")
}
