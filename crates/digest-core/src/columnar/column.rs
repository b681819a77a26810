//! One column of a row group: its pages opened, and what each row's value means, by itself or by its number in a
//! dictionary.

use parquet::basic::Encoding;

use super::chunk::Chunk;
use super::codec::{Codec, PAD};
use super::rare::Rare;
use super::schema::{Extent, Wanted};
use super::table::Table;
use super::{Bounds, Failure, PAGE_GROWS, Place};
use crate::fact::MOST_VALUE;
use crate::hybrid::Hybrid;
use crate::readers::Allowance;

mod charge;
mod opening;
mod rows;

/// Bytes of two values that are compared at most: beyond them a fact is as good as absent, and a name is judged by itself long
/// before. A dictionary may name two long texts again and again.
const MOST_COMPARED: usize = MOST_VALUE + 1;
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
    /// Values of rows at hand that are in no dictionary; an entry for each row, once they have been read.
    fresh: Table,
    /// Of each row at hand, the number of its value in the dictionary; none at all where that is not how they stand.
    pub(super) numbers: Vec<u32>,
    /// The rows at hand that have no value, in order.
    pub(super) absent: Vec<u32>,
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
            absent: Vec::new(),
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
        self.absent.clear();
    }

    /// The table that the values of the rows at hand are in.
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

    /// Exchanges memory for what the values of the rows at hand mean. How a value stands can still be written.
    pub(super) fn take_entries(&mut self, values: &mut Vec<u64>) {
        values.clear();
        if self.is_numbered() {
            let table = &self.dictionary;
            values.extend(self.numbers.iter().map(|&number| table.entry(number)));
        } else {
            std::mem::swap(&mut self.fresh.entries, values);
        }
    }

    /// What a row's value means, unless that has been taken.
    #[inline]
    pub(super) fn entry(&self, row: usize) -> u64 {
        match self.numbers.get(row) {
            Some(&number) => self.dictionary.entry(number),
            None => self.fresh.entry(row as u32),
        }
    }

    /// Where a row's value stands in its table.
    #[inline]
    fn number(&self, row: usize) -> u32 {
        if self.is_numbered() {
            return self.numbers.get(row).copied().unwrap_or(NULL);
        }
        let row = row as u32;
        match self.absent.binary_search(&row) {
            Ok(_) => NULL,
            Err(absent_before) => row - absent_before as u32,
        }
    }

    /// A row's value as it stands there, `-` where there is none.
    #[inline]
    pub(super) fn text(&self, row: usize) -> &[u8] {
        self.table().text(self.number(row), self.page_of_table())
    }

    /// Whether two rows have the same value.
    #[inline]
    pub(super) fn are_same(&self, one: usize, other: usize) -> bool {
        // One text may have two numbers, where a dictionary repeats it.
        if self.is_numbered() && self.numbers.get(one) == self.numbers.get(other) {
            return true;
        }
        let begin = |row| {
            let text = self.text(row);
            text.get(..MOST_COMPARED).unwrap_or(text)
        };
        begin(one) == begin(other)
    }

    /// Appends a row's value as text has it, `-` where there is none; of a text `most` bytes.
    pub(super) fn write(&self, row: usize, most: usize, out: &mut Vec<u8>) {
        let (stored, number) = (self.wanted.stored, self.number(row));
        self.table()
            .write(stored, number, (self.page_of_table(), most), out);
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
