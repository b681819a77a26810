//! Pages of a column on their way: what their encodings say, and of their rows those that are wanted.

use bytes::Bytes;
use digest_core::Hybrid;
use parquet::basic::{Encoding, Type};
use parquet::column::page::Page;
use parquet::file::metadata::ColumnChunkMetaData;

use crate::delta::Width;
use crate::edges::ROWS_OF_A_GROUP;
use crate::reading::data_page::{levels_and_values, number, size_of_number};
use crate::reading::differences;
use crate::reading::error::{TableReadError, corrupt};
use crate::reading::inflating::Inflater;
use crate::reading::values::{Column, Rows, Texts, Values};
use crate::runs::NULL;

/// A chunk on its way.
pub(super) struct Reading<'r> {
    name: String,
    kind: Type,
    is_optional: bool,
    wanted: Rows<'r>,
    /// How many of the wanted rows have been read.
    taken: usize,
    /// Whether rows come next: the dictionary, where there is one, has been read.
    pub(super) has_begun: bool,
    inflater: Inflater<'r>,
    values: Values,
    /// A dictionary of texts as it stands there, and how many they are: which of them are wanted is known in the end.
    texts: Option<(Bytes, usize)>,
    rows: Vec<u32>,
    /// Levels, and numbers of a page.
    scratch: (Vec<u32>, Vec<u32>),
    /// Numbers of a page of differences.
    page: Vec<i64>,
}

impl<'r> Reading<'r> {
    pub(super) fn new(
        chunk: &ColumnChunkMetaData,
        wanted: Rows<'r>,
        inflater: Inflater<'r>,
    ) -> Result<Self, TableReadError> {
        let of = chunk.column_descr();
        let (name, kind) = (of.name().to_owned(), of.physical_type());
        let foreign = |what: String| TableReadError::Foreign {
            column: name.clone(),
            what,
        };
        if of.max_rep_level() > 0 || of.max_def_level() > 1 {
            return Err(foreign("nested".to_owned()));
        }
        let values = match kind {
            Type::INT32 | Type::INT64 => Values::Numbers(Vec::new()),
            Type::BYTE_ARRAY => Values::Texts(Texts::default()),
            other => return Err(foreign(format!("of type {other}"))),
        };
        Ok(Self {
            kind,
            is_optional: of.max_def_level() > 0,
            wanted,
            taken: 0,
            // Where there is no dictionary, the first page is the first of rows.
            has_begun: chunk.dictionary_page_offset().is_none(),
            inflater,
            values,
            texts: None,
            // As many as the footer says, which may be wrong: no more than our own tables have.
            rows: Vec::with_capacity(wanted.len().min(ROWS_OF_A_GROUP)),
            scratch: Default::default(),
            page: Vec::new(),
            name,
        })
    }

    /// Whether any of these rows is wanted that has not been read.
    pub(super) fn wants(&self, from: usize, to: usize) -> bool {
        match self.wanted {
            Rows::All(_) => true,
            Rows::Some(rows) => rows
                .get(self.taken)
                .is_some_and(|row| (from..to).contains(&(*row as usize))),
        }
    }

    pub(super) fn dictionary(&mut self, page: Page) -> Result<(), TableReadError> {
        if self.known() > 0 {
            return Err(corrupt("a dictionary behind values"));
        }
        let count = page.num_values() as usize;
        if matches!(self.values, Values::Texts(_)) {
            self.texts = Some((page.buffer().clone(), count));
            return Ok(());
        }
        let page = self.inflater.page(page)?;
        self.plain(page.buffer(), count)
    }

    /// How many values there are.
    fn known(&self) -> usize {
        self.texts.as_ref().map_or(self.values.len(), |&(_, count)| count)
    }

    /// Reads so many texts of the dictionary, if they have not been read.
    fn read_texts(&mut self, wanted: usize) -> Result<(), TableReadError> {
        let Some((page, _)) = self.texts.take() else {
            return Ok(());
        };
        let plain = self.inflater.first_texts(&page, wanted)?;
        self.plain(&plain, wanted)
    }

    /// A page of rows, the first of which has this place; gives how many there are.
    pub(super) fn page(&mut self, page: Page, first: usize) -> Result<usize, TableReadError> {
        let (count, encoding) = (page.num_values() as usize, page.encoding());
        if count == 0 {
            return Ok(0);
        }
        let page = self.inflater.page(page)?;
        let (levels, values) = levels_and_values(&page, self.is_optional)?;
        let mut present = count;
        if let Some(levels) = levels {
            let mut levels_of = Hybrid::new(0, levels.len(), 1)?;
            if !levels_of.pass_all(&levels, count, 1)? {
                self.scratch.0.clear();
                levels_of.read(&levels, count, &mut self.scratch.0)?;
                present = self.scratch.0.iter().filter(|&&level| level == 1).count();
            }
        }
        self.scratch.1.clear();
        match encoding {
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                let (width, numbers) = values.split_first().unwrap_or((&0, &[]));
                let mut hybrid = Hybrid::new(0, numbers.len(), (*width).into())?;
                // Rows that are all wanted, each with a value, go where they stay.
                let is_all = present == count && matches!(self.wanted, Rows::All(_));
                let out = if is_all {
                    &mut self.rows
                } else {
                    &mut self.scratch.1
                };
                let greatest = hybrid.read(numbers, present, out)?;
                if greatest as usize >= self.known() && present > 0 {
                    return Err(corrupt("a row has a value that is not in its dictionary"));
                }
                if is_all {
                    self.taken += count;
                    return Ok(count);
                }
            }
            Encoding::DELTA_BINARY_PACKED => {
                if self.takes_differences(&values, first, count, present)? {
                    return Ok(count);
                }
            }
            Encoding::PLAIN if present == count && self.takes_plain(&values, first, count)? => {
                return Ok(count);
            }
            Encoding::PLAIN => {
                self.read_texts(self.known())?;
                let from = self.values.len();
                self.plain(&values, present)?;
                let numbers = from..from + present;
                // A page has fewer values than that: their number is one of 32 bits.
                self.scratch.1.extend(numbers.map(|number| number as u32));
            }
            other => {
                return Err(TableReadError::Foreign {
                    column: self.name.clone(),
                    what: format!("encoded as {other}"),
                });
            }
        }
        if present < count {
            self.spread();
        }
        self.take(first, count);
        Ok(count)
    }

    /// Gives rows without a value their place among those that have one.
    fn spread(&mut self) {
        let (levels, numbers) = &mut self.scratch;
        let mut present = numbers.iter();
        for level in levels.iter_mut() {
            *level = match level {
                1 => present.next().copied().unwrap_or(NULL),
                _ => NULL,
            };
        }
        std::mem::swap(levels, numbers);
    }

    /// Keeps the wanted ones of a page's rows.
    fn take(&mut self, first: usize, count: usize) {
        let numbers = &self.scratch.1;
        match self.wanted {
            Rows::All(_) => {
                self.rows.extend_from_slice(numbers);
                self.taken += count;
            }
            Rows::Some(wanted) => {
                while let Some(row) = wanted.get(self.taken) {
                    let inside = (*row as usize).checked_sub(first);
                    let Some(number) = inside.and_then(|inside| numbers.get(inside)) else {
                        break;
                    };
                    self.rows.push(*number);
                    self.taken += 1;
                }
            }
        }
    }

    /// Keeps the wanted numbers of a page, each of whose rows has one. False where all rows are wanted or it is of texts.
    fn takes_plain(&mut self, values: &[u8], first: usize, count: usize) -> Result<bool, TableReadError> {
        if !matches!((self.wanted, &self.values), (Rows::Some(_), Values::Numbers(_))) {
            return Ok(false);
        }
        let size = size_of_number(self.kind);
        let page = count.checked_mul(size).and_then(|length| values.get(..length));
        let page = page.ok_or_else(|| corrupt("a page ends before its values do"))?;
        self.take_numbers(first, |inside| {
            let bytes = page.get(inside * size..(inside + 1) * size)?;
            Some(Some(number(bytes)))
        });
        Ok(true)
    }

    /// Reads a page of differences, so many of whose rows have a number. True if all that is wanted of it was kept.
    fn takes_differences(
        &mut self,
        values: &[u8],
        first: usize,
        count: usize,
        present: usize,
    ) -> Result<bool, TableReadError> {
        let width = match self.kind {
            Type::INT32 => Width::Int32,
            _ => Width::Int64,
        };
        let Values::Numbers(numbers) = &mut self.values else {
            return Err(corrupt("differences of texts"));
        };
        if matches!(self.wanted, Rows::All(_)) {
            if numbers.is_empty() {
                numbers.reserve(self.wanted.len().min(ROWS_OF_A_GROUP));
            }
            let from = numbers.len();
            differences::read(values, present, width, numbers)?;
            // A row group has fewer rows than that: their number is one of 32 bits.
            let numbers = from as u32..numbers.len() as u32;
            if present == count {
                self.rows.extend(numbers);
                self.taken += count;
                return Ok(true);
            }
            self.scratch.1.extend(numbers);
            return Ok(false);
        }
        let mut page = std::mem::take(&mut self.page);
        page.clear();
        differences::read(values, present, width, &mut page)?;
        if present == count {
            self.take_numbers(first, |inside| page.get(inside).copied().map(Some));
        } else {
            self.scratch.1.extend(0..present as u32);
            self.spread();
            let places = std::mem::take(&mut self.scratch.1);
            self.take_numbers(first, |inside| {
                let place = *places.get(inside)?;
                Some(page.get(place as usize).copied())
            });
            self.scratch.1 = places;
        }
        self.page = page;
        Ok(true)
    }

    /// Keeps the wanted ones of a page's numbers, of which a row has its own or none; nothing is behind the page's last row.
    fn take_numbers(&mut self, first: usize, number: impl Fn(usize) -> Option<Option<i64>>) {
        let (Rows::Some(wanted), Values::Numbers(numbers)) = (self.wanted, &mut self.values) else {
            return;
        };
        while let Some(row) = wanted.get(self.taken) {
            let inside = (*row as usize).checked_sub(first);
            let Some(value) = inside.and_then(&number) else {
                break;
            };
            match value {
                Some(value) => {
                    self.rows.push(numbers.len() as u32);
                    numbers.push(value);
                }
                None => self.rows.push(NULL),
            }
            self.taken += 1;
        }
    }

    /// Values that stand plainly.
    fn plain(&mut self, bytes: &Bytes, count: usize) -> Result<(), TableReadError> {
        let cut = || corrupt("a page ends before its values do");
        match &mut self.values {
            Values::Numbers(numbers) => {
                let size = size_of_number(self.kind);
                let bytes = count.checked_mul(size).and_then(|length| bytes.get(..length));
                let bytes = bytes.ok_or_else(cut)?;
                if size == 4 {
                    let (all, _) = bytes.as_chunks::<4>();
                    numbers.extend(all.iter().map(|value| i64::from(i32::from_le_bytes(*value))));
                } else {
                    let (all, _) = bytes.as_chunks::<8>();
                    numbers.extend(all.iter().map(|value| i64::from_le_bytes(*value)));
                }
            }
            Values::Texts(texts) => texts.push_plain(bytes, count)?,
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Column, TableReadError> {
        if self.texts.is_some() {
            let numbers = self.rows.iter().filter(|&&number| number != NULL);
            let wanted = numbers.max().map_or(0, |&greatest| greatest as usize + 1);
            self.read_texts(wanted)?;
        }
        if self.rows.len() != self.wanted.len() {
            return Err(corrupt("a column has another number of rows than its group"));
        }
        Ok(Column {
            values: self.values,
            rows: self.rows,
        })
    }
}
