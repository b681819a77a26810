//! A column of a row group, read: its dictionary, and those of its pages that hold rows which are wanted.

use std::sync::Arc;

use parquet::basic::PageType;
use parquet::column::page::PageReader;
use parquet::file::properties::ReaderProperties;
use parquet::file::serialized_reader::SerializedPageReader;

use crate::reading::error::{TableReadError, corrupt};
use crate::reading::pages::Reading;
use crate::reading::source::{Checked, Reads};
use crate::reading::table_file::{TableFile, guarded};
use crate::reading::values::{Column, Rows};

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
        let reads = match locations {
            Some(_) => Reads::PlacedPages,
            None => Reads::Pages,
        };
        let source = Arc::new(Checked(file.chunks(), reads));
        SerializedPageReader::new_with_properties(source, &plain, all, locations, properties)
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
