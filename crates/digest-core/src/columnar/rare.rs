//! Pages in encodings that flow logs seldom come in (differences, split bytes): left to the crate `parquet`.

use std::collections::VecDeque;

use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::errors::ParquetError;
use parquet::schema::types::ColumnDescPtr;

use super::delta;
use super::schema::{Kind, Stored};
use super::table::Table;
use super::{Failure, guarded};

/// One page on its way.
pub(super) struct Rare {
    reader: ColumnReader,
    /// Most values that are asked for at once.
    together: usize,
    /// Most bytes of all texts that are.
    most: usize,
    is_optional: bool,
    levels: Vec<i16>,
}

impl Rare {
    /// A page whose values are not compressed and begin at `values`, behind its dictionary if it needs one. Texts of
    /// `most` bytes may be read at once.
    pub(super) fn new(
        description: &ColumnDescPtr,
        dictionary: Option<Page>,
        page: Page,
        values: usize,
        most: usize,
    ) -> Result<Self, Failure> {
        let encoding = page.encoding();
        let bytes = page.buffer().get(values..).unwrap_or_default();
        delta::check(encoding, bytes, page.num_values())?;
        // Each text may repeat the one before it: a few bytes make as many long ones as are asked for.
        let repeats = encoding == Encoding::DELTA_BYTE_ARRAY;
        let pages = Pages(dictionary.into_iter().chain([page]).collect());
        Ok(Self {
            reader: get_column_reader(description.clone(), Box::new(pages)),
            together: if repeats { 1 } else { usize::MAX },
            most,
            is_optional: description.max_def_level() > 0,
            levels: Vec::new(),
        })
    }

    /// The next `count` rows: their values are appended to the table, and the places of those without one to a list.
    pub(super) fn read(
        &mut self,
        (kind, stored): (Kind, Stored),
        count: usize,
        table: &mut Table,
        absent: &mut Vec<u32>,
    ) -> Result<(), Failure> {
        let (reader, levels) = (&mut self.reader, &mut self.levels);
        let (together, most) = (self.together, self.most);
        levels.clear();
        let read = guarded(|| {
            Ok(match reader {
                ColumnReader::Int32ColumnReader(reader) => {
                    let mut values = Vec::new();
                    let (rows, ..) = reader.read_records(count, Some(levels), None, &mut values)?;
                    for value in values {
                        table.push_number(kind, stored, value.into());
                    }
                    rows
                }
                ColumnReader::Int64ColumnReader(reader) => {
                    let mut values = Vec::new();
                    let (rows, ..) = reader.read_records(count, Some(levels), None, &mut values)?;
                    for value in values {
                        table.push_number(kind, stored, value);
                    }
                    rows
                }
                ColumnReader::ByteArrayColumnReader(reader) => {
                    let (mut values, mut rows, mut bytes) = (Vec::new(), 0, 0);
                    while rows < count {
                        values.clear();
                        let some = (count - rows).min(together);
                        let (read, ..) = reader.read_records(some, Some(&mut *levels), None, &mut values)?;
                        for value in &values {
                            bytes += value.len();
                            table.push_text(kind, value.data());
                        }
                        if read == 0 || bytes > most {
                            break;
                        }
                        rows += read;
                    }
                    rows
                }
                _ => 0,
            })
        })?;
        if read < count {
            return Err(Failure::corrupt(
                "a page ends too early, or its texts are too long",
            ));
        }
        if self.is_optional {
            let levels = (0..).zip(&self.levels);
            absent.extend(levels.filter(|&(_, &level)| level == 0).map(|(row, _)| row));
        }
        if table.len() + absent.len() != count {
            return Err(Failure::corrupt(
                "a page whose levels are not those of its values",
            ));
        }
        Ok(())
    }
}

impl std::fmt::Debug for Rare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rare")
    }
}

/// Pages at hand.
struct Pages(VecDeque<Page>);

impl Iterator for Pages {
    type Item = Result<Page, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>, ParquetError> {
        Ok(self.0.pop_front())
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>, ParquetError> {
        Ok(self.0.front().map(|page| PageMetadata {
            num_rows: None,
            num_levels: Some(page.num_values() as usize),
            is_dict: page.is_dictionary_page(),
        }))
    }

    fn skip_next_page(&mut self) -> Result<(), ParquetError> {
        self.0.pop_front();
        Ok(())
    }
}
