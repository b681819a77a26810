//! One column of a row group: its pages opened, and each row's value as a number in a table of values.

use parquet::basic::Encoding;

use super::chunk::Chunk;
use super::codec::{Codec, PAD};
use super::rare::Rare;
use super::schema::{Extent, Wanted};
use super::table::{NONE, Table};
use super::{Bounds, Failure, PAGE_GROWS, Place};
use crate::hybrid::Hybrid;
use crate::readers::Allowance;

mod charge;
mod opening;
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
    /// The dictionary as it stands, between bytes of padding, and how many values are in it in which encoding.
    dictionary_page: Vec<u8>,
    dictionary_end: usize,
    dictionary_is: (u32, Encoding),
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
            dictionary_page: Vec::new(),
            dictionary_end: PAD,
            dictionary_is: (0, Encoding::PLAIN),
            fresh: Table::default(),
            numbers: Vec::new(),
            present: Vec::new(),
            has_nulls: false,
            charged: 0,
        }
    }

    /// Begins the column of another row group. Its memory is used again, for fresh memory is dear.
    pub(super) fn begin(&mut self, wanted: Wanted, extent: &Extent, bounds: Bounds) {
        self.chunk = Chunk::new(wanted.description.clone(), extent, bounds.window);
        self.wanted = wanted;
        self.bounds = bounds;
        self.page_end = PAD;
        self.levels = None;
        self.values = Values::Plain(PAD);
        self.left = 0;
        self.has_dictionary = false;
        self.dictionary.clear();
        self.fresh.clear();
        self.numbers.clear();
        self.has_nulls = false;
    }

    /// The table that the numbers of the rows at hand are of.
    #[inline]
    pub(super) fn table(&self) -> &Table {
        if self.is_numbered() {
            &self.dictionary
        } else {
            &self.fresh
        }
    }

    /// Whether the rows at hand have numbers of the dictionary, which mean the same in all of the row group.
    #[inline]
    pub(super) fn is_numbered(&self) -> bool {
        matches!(self.values, Values::Numbered(_))
    }

    /// The page that texts of the table are in.
    #[inline]
    fn page_of_table(&self) -> &[u8] {
        if self.is_numbered() {
            &self.dictionary_page
        } else {
            &self.page
        }
    }

    /// What the values of the rows at hand mean, one behind the other; `None` where their numbers tell which is whose.
    #[inline]
    pub(super) fn entries(&self) -> Option<&[u64]> {
        let is_one_by_one = matches!(self.values, Values::Plain(_)) && !self.has_nulls;
        is_one_by_one.then_some(&self.fresh.entries)
    }

    /// The same, exchanged for other memory; whether there was anything to take. What a value is can still be written.
    #[inline]
    pub(super) fn take_entries(&mut self, other: &mut Vec<u64>) -> bool {
        let has_any = self.entries().is_some();
        if has_any {
            std::mem::swap(&mut self.fresh.entries, other);
        }
        has_any
    }

    /// Whether the value of any row at hand may have one of these bits.
    #[inline]
    pub(super) fn may_have(&self, bits: u64) -> bool {
        self.table().has(bits) || self.has_nulls && bits & NONE != 0
    }

    /// A value of the rows at hand as it stands there, `-` where there is none.
    #[inline]
    pub(super) fn text(&self, number: u32) -> &[u8] {
        self.table().text(number, self.page_of_table())
    }

    /// Appends a row's value as text has it, `-` where there is none.
    pub(super) fn write(&self, row: usize, out: &mut Vec<u8>) {
        let number = self.numbers.get(row).copied().unwrap_or(NULL);
        let page = self.page_of_table();
        self.table().write(self.wanted.stored, number, page, out);
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
}
