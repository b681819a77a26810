//! A column of a row group, read: its dictionary, and those of its pages that hold rows which are wanted.

use std::sync::Arc;

use bytes::Bytes;
use digest_core::Hybrid;
use parquet::basic::{Encoding, PageType, Type};
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::properties::ReaderProperties;
use parquet::file::serialized_reader::SerializedPageReader;

use crate::edges::ROWS_OF_A_GROUP;
use crate::reading::error::{TableReadError, corrupt};
use crate::reading::inflating::Inflater;
use crate::reading::source::Chunks;
use crate::reading::table_file::{TableFile, guarded};
use crate::reading::values::{Column, Rows, Texts, Values};
use crate::runs::NULL;

/// Values of a dictionary that no row has, at most.
const MOST_UNUSED: usize = 1 << 16;

/// The values of these rows, of which there is one at least.
pub(crate) fn read(
    file: &TableFile,
    group: usize,
    column: usize,
    rows: Rows<'_>,
) -> Result<Column, TableReadError> {
    let of = file.group(group)?;
    let chunk = of
        .columns()
        .get(column)
        .ok_or_else(|| corrupt("a row group lacks a column"))?;
    let all = usize::try_from(of.num_rows()).map_err(|_| corrupt("a row group of less than no rows"))?;
    let (inflater, plain) = file.inflaters.of(chunk, file.most_inflated())?;
    let mut reading = Reading::new(chunk, rows, inflater)?;
    let locations = file.page_locations(group, column);
    let begins: Option<Vec<i64>> = locations
        .as_ref()
        .map(|pages| pages.iter().map(|page| page.first_row_index).collect());
    let mut pages = guarded(|| {
        let properties = Arc::new(ReaderProperties::builder().build());
        let source = Arc::new(file.chunks());
        SerializedPageReader::<Chunks>::new_with_properties(source, &plain, all, locations, properties)
    })?;
    let mut first = 0;
    let mut begins = begins.map(Vec::into_iter).map(|mut begins| {
        // The first page begins with the first row.
        begins.next();
        begins
    });
    loop {
        // Where the next page's rows are known and none is wanted, it is not read. A dictionary comes before all pages.
        if reading.has_begun
            && let Some(begins) = &mut begins
        {
            let next = begins.next().map_or(Ok(all), usize::try_from);
            let next = next.map_err(|_| corrupt("a page of less than no rows"))?;
            if first >= all {
                break;
            }
            if !reading.wants(first, next) {
                guarded(|| pages.skip_next_page())?;
                first = next;
                continue;
            }
        }
        let Some(page) = guarded(|| pages.get_next_page())? else {
            break;
        };
        // Runs make any number of values of next to no bytes.
        let most = match page.page_type() {
            PageType::DICTIONARY_PAGE => all.saturating_add(MOST_UNUSED),
            _ => all.saturating_sub(first),
        };
        if page.num_values() as usize > most {
            return Err(corrupt("a page of more values than its group has rows"));
        }
        if page.page_type() == PageType::DICTIONARY_PAGE {
            reading.dictionary(page)?;
        } else {
            first += reading.page(page, first)?;
        }
        if !reading.has_begun {
            reading.has_begun = true;
        }
    }
    reading.finish()
}

/// The same of a column by its name; nothing where the table lacks it.
pub(crate) fn read_named(
    file: &TableFile,
    group: usize,
    name: &str,
    rows: Rows<'_>,
) -> Result<Column, TableReadError> {
    match file.column(name) {
        Some(column) => read(file, group, column, rows),
        None => Ok(Column::absent()),
    }
}

/// A chunk on its way.
struct Reading<'r> {
    name: String,
    kind: Type,
    is_optional: bool,
    wanted: Rows<'r>,
    /// How many of the wanted rows have been read.
    taken: usize,
    has_begun: bool,
    inflater: Inflater<'r>,
    values: Values,
    /// A dictionary of texts as it stands there, and how many they are: which of them are wanted is known in the end.
    texts: Option<(Bytes, usize)>,
    rows: Vec<u32>,
    /// Levels, and numbers of a page.
    scratch: (Vec<u32>, Vec<u32>),
}

impl<'r> Reading<'r> {
    fn new(
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
            name,
        })
    }

    /// Whether any of these rows is wanted that has not been read.
    fn wants(&self, from: usize, to: usize) -> bool {
        match self.wanted {
            Rows::All(_) => true,
            Rows::Some(rows) => rows
                .get(self.taken)
                .is_some_and(|row| (from..to).contains(&(*row as usize))),
        }
    }

    fn dictionary(&mut self, page: Page) -> Result<(), TableReadError> {
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
    fn page(&mut self, page: Page, first: usize) -> Result<usize, TableReadError> {
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
        let (Rows::Some(wanted), Values::Numbers(numbers)) = (self.wanted, &mut self.values) else {
            return Ok(false);
        };
        let size = size_of_number(self.kind);
        let page = count.checked_mul(size).and_then(|length| values.get(..length));
        let page = page.ok_or_else(|| corrupt("a page ends before its values do"))?;
        while let Some(row) = wanted.get(self.taken) {
            let inside = (*row as usize).checked_sub(first);
            let Some(value) = inside.and_then(|inside| page.get(inside * size..(inside + 1) * size)) else {
                break;
            };
            self.rows.push(numbers.len() as u32);
            numbers.push(number(value));
            self.taken += 1;
        }
        Ok(true)
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

    fn finish(mut self) -> Result<Column, TableReadError> {
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

fn size_of_number(kind: Type) -> usize {
    if kind == Type::INT32 { 4 } else { 8 }
}

/// A number of four or eight bytes.
fn number(bytes: &[u8]) -> i64 {
    match (bytes.first_chunk(), bytes.first_chunk()) {
        (Some(long), _) => i64::from_le_bytes(*long),
        (None, Some(short)) => i32::from_le_bytes(*short).into(),
        (None, None) => 0,
    }
}

/// The levels of a page, where it has any, and its values.
fn levels_and_values(page: &Page, is_optional: bool) -> Result<(Option<Bytes>, Bytes), TableReadError> {
    let cut = || corrupt("a page ends before its levels do");
    match page {
        Page::DataPageV2 {
            buf,
            def_levels_byte_len,
            rep_levels_byte_len,
            ..
        } => {
            let begin = *rep_levels_byte_len as usize;
            let end = begin.saturating_add(*def_levels_byte_len as usize);
            if end > buf.len() {
                return Err(cut());
            }
            Ok((is_optional.then(|| buf.slice(begin..end)), buf.slice(end..)))
        }
        page => {
            let bytes = page.buffer();
            if !is_optional {
                return Ok((None, bytes.clone()));
            }
            let length = bytes.first_chunk::<4>().ok_or_else(cut)?;
            let end = (u32::from_le_bytes(*length) as usize).saturating_add(4);
            if end > bytes.len() {
                return Err(cut());
            }
            Ok((Some(bytes.slice(4..end)), bytes.slice(end..)))
        }
    }
}
