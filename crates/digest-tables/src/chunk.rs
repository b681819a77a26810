//! A column of a row group as Parquet has it: pages, and what indexes say of them.
//!
//! The crate writes headers, footers and indexes. What stands in the pages is made here: its writers would look up each
//! row's value where here each value is looked at once, and they know no way to be told so. There are two ways: each value
//! once and the rows' numbers of them, compressed, for what repeats; and differences, which zstd would make no smaller, for
//! numbers that seldom do.

use std::io::{self, Write};

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, Type};
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedFileWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use crate::bits;
use crate::column::{AnyColumn, Rows};
use crate::delta::Width;
use crate::dictionary::{Bounds, Dictionary};
use crate::measured::{PageOfNumbers, Range};
use crate::page::{Page, ROWS_OF_A_PAGE, Which};
use crate::pages::{Packed, Pages, Rising, Zstd};
use crate::runs::{NULL, Runs};

/// How often a bloom filter says "may be" of a value that is not there.
const FALSE_ALARMS: f64 = 0.01;
/// Mean length of runs from which on they are written as they are, and not row by row.
const LONG_RUNS: usize = 8;
/// Bytes of a row for which there is room at first: about what the longest numbers take.
const ROOM_OF_A_ROW: usize = 4;

/// A column chunk, apart from where it stands in the file.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) bytes: Bytes,
    pub(crate) close: ColumnCloseResult,
}

/// Makes chunks, one after the other, in memory that is used again.
pub(crate) struct Chunks {
    values: Dictionary,
    each: Vec<u32>,
    page: Page,
    zstd: Zstd,
}

impl Chunks {
    /// Chunks of which those of values are compressed at this level.
    pub(crate) fn new(level: i32) -> io::Result<Self> {
        Ok(Self {
            values: Dictionary::default(),
            each: Vec::new(),
            page: Page::default(),
            zstd: Zstd::new(level)?,
        })
    }

    /// The chunk of a column of so many rows.
    pub(crate) fn make(
        &mut self,
        of: &ColumnDescPtr,
        column: &mut dyn AnyColumn,
        rows: u32,
        has_filter: bool,
    ) -> Result<Chunk, ParquetError> {
        self.values.clear();
        let room = rows as usize * ROOM_OF_A_ROW;
        let mut sink = TrackedWrite::new(Vec::with_capacity(room));
        let mut close = match column.take(&mut self.values) {
            Rows::Of(runs) => self.by_values(&mut sink, of, runs, rows)?,
            Rows::Pages(pages) => by_differences(&mut sink, of, pages, rows)?,
        };
        // A filter that knows no value would deny them all: of a column of pages none are known here.
        if has_filter && self.values.len() > 0 {
            let mut filter = Sbbf::new_with_ndv_fpp(self.values.len() as u64, FALSE_ALARMS)?;
            self.values.iter().for_each(|value| filter.insert(value));
            close.bloom_filter = Some(filter);
        }
        let bytes = Bytes::from(sink.into_inner()?);
        Ok(Chunk { bytes, close })
    }

    /// Each value once, and the rows' numbers of them.
    fn by_values(
        &mut self,
        sink: &mut TrackedWrite<Vec<u8>>,
        of: &ColumnDescPtr,
        runs: &Runs,
        rows: u32,
    ) -> Result<ColumnCloseResult, ParquetError> {
        let Self {
            values,
            each,
            page,
            zstd,
        } = self;
        let which = if runs.len() * LONG_RUNS <= rows as usize {
            Which::Runs(runs)
        } else {
            runs.expand(rows, each);
            Which::Each(each)
        };
        let encoding = encoding(values, which, rows);
        let mut pages = Pages::new(sink, of, Zstd::compression(), encoding);
        if encoding == Encoding::RLE_DICTIONARY {
            pages.dictionary(zstd.pack(&values.plain)?, values.len())?;
        }
        let (mut all, mut rising) = (Bounds::default(), Rising::new());
        let mut from = 0;
        while from < rows {
            let to = rows.min(from + ROWS_OF_A_PAGE);
            let here = which.bounds(values, from..to);
            all = all.with(here, values);
            rising.next(here.range, |one, other| values.order(one, other).is_gt());
            page.bytes.clear();
            if of.max_def_level() > 0 {
                page.push_levels(which, from..to, here.nulls);
            }
            match encoding {
                Encoding::RLE_DICTIONARY => page.push_numbers(which, from..to, here.nulls, values.len()),
                _ => page.push_values(which, from..to, values),
            }
            let bounds = here
                .range
                .map(|(least, greatest)| [values.bytes(least), values.bytes(greatest)]);
            pages.data(zstd.pack(&page.bytes)?, to - from, bounds, here.nulls)?;
            from = to;
        }
        let statistics = all.statistics(values, of.physical_type());
        pages.end(of, statistics, rising.rises, rows)
    }

    /// Appends a row group of so many rows to a file, whose columns these are, in order. Those of some names get a filter.
    pub(crate) fn append<'c, W: Write + Send>(
        &mut self,
        file: &mut SerializedFileWriter<W>,
        columns: impl IntoIterator<Item = &'c mut dyn AnyColumn>,
        rows: u32,
        filtered: &[&str],
    ) -> Result<(), ParquetError> {
        let of = file.schema_descr().columns().to_vec();
        let mut group = file.next_row_group()?;
        for (column, of) in columns.into_iter().zip(&of) {
            let Chunk { bytes, close } = self.make(of, column, rows, filtered.contains(&of.name()))?;
            group.append_column(&bytes, close)?;
        }
        group.close()?;
        Ok(())
    }
}

/// What each row's number differs by from that of the row before: pages that are there already, of so many rows together.
fn by_differences(
    sink: &mut TrackedWrite<Vec<u8>>,
    of: &ColumnDescPtr,
    made: &[PageOfNumbers],
    rows: u32,
) -> Result<ColumnCloseResult, ParquetError> {
    let width = match of.physical_type() {
        Type::INT32 => Width::Int32,
        _ => Width::Int64,
    };
    let mut pages = Pages::new(sink, of, Compression::UNCOMPRESSED, Encoding::DELTA_BINARY_PACKED);
    let (mut all, mut rising) = (Range::default(), Rising::new());
    for page in made {
        let here = page.range;
        all = all.with(here);
        rising.next(here.ends, |one, other| one > other);
        let bounds = here
            .ends
            .map(|(least, greatest)| [least.to_le_bytes(), greatest.to_le_bytes()]);
        let bounds = bounds
            .as_ref()
            .map(|ends| ends.each_ref().map(|end| width.bytes_of(end)));
        pages.data(Packed::plain(page.bytes.clone()), page.rows, bounds, here.nulls)?;
    }
    let ends = |end: fn((i64, i64)) -> i64| all.ends.map(end);
    let (least, greatest) = (ends(|ends| ends.0), ends(|ends| ends.1));
    let nulls = Some(all.nulls);
    let statistics = match width {
        Width::Int32 => {
            let short = |end: Option<i64>| end.map(|end| end as i32);
            Statistics::int32(short(least), short(greatest), None, nulls, false)
        }
        Width::Int64 => Statistics::int64(least, greatest, None, nulls, false),
    };
    pages.end(of, statistics, rising.rises, rows)
}

/// What takes less room: each value once and the rows' numbers, or the rows' values.
fn encoding(values: &Dictionary, which: Which<'_>, rows: u32) -> Encoding {
    let rows = rows as usize;
    // Where each value stands twice or more, nothing needs to be counted.
    if values.len() * 2 <= rows {
        return Encoding::RLE_DICTIONARY;
    }
    let present = match which {
        Which::Each(numbers) => numbers.iter().filter(|&&number| number != NULL).count(),
        Which::Runs(_) => rows,
    };
    let by_numbers = values.plain.len() + rows * bits::width_of(values.len()) as usize / 8;
    if by_numbers <= values.size_of(present) {
        Encoding::RLE_DICTIONARY
    } else {
        Encoding::PLAIN
    }
}
