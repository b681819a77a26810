//! A row's values written as text has them.

use std::ops::Range;

use super::Batch;
use crate::columnar::schema::{Kind, Use};
use crate::facet::MOST_TOKEN;
use crate::field::Field;
use crate::layout::Row;

/// A row's values with a blank behind each, in memory that is used again.
#[derive(Debug, Default)]
pub(crate) struct Written {
    text: Vec<u8>,
    /// Where each field's value stands.
    spans: Vec<(Field, Range<usize>)>,
}

impl Written {
    /// The values one behind the other.
    pub(crate) fn text(&self) -> &[u8] {
        self.text.trim_ascii_end()
    }

    /// The values by their fields.
    pub(crate) fn row(&self) -> Row<'_> {
        let spans = self.spans.iter().cloned();
        Row::of(spans.map(|(field, span)| (field, self.text.get(span).unwrap_or_default())))
    }
}

impl Batch {
    /// How many rows are at hand.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Writes a row's values as they stand, unless one that is no dimension has more bytes than a row may have: then `false`.
    /// Very many rows may name a text that is as long as a dictionary.
    pub(crate) fn write_row(&self, row: usize, most: usize, out: &mut Written) -> bool {
        self.write_up_to((most, usize::MAX), row, out)
    }

    /// The same as far as a verdict needs them. A dimension that is longer is as good as absent.
    pub(super) fn write_to_judge(&self, row: usize, most: usize, out: &mut Written) -> bool {
        self.write_up_to((most, MOST_TOKEN + 1), row, out)
    }

    fn write_up_to(&self, (most, most_of_dimension): (usize, usize), row: usize, out: &mut Written) -> bool {
        out.text.clear();
        out.spans.clear();
        for column in &self.columns {
            if let Use::Field(field) = column.wanted.is_for {
                let from = out.text.len();
                let is_dimension = column.wanted.kind == Kind::Further;
                let cut = if is_dimension {
                    most_of_dimension
                } else {
                    most.saturating_add(1)
                };
                column.write(row, cut, &mut out.text);
                if !is_dimension && out.text.len() - from > most {
                    return false;
                }
                out.spans.push((field, from..out.text.len()));
                out.text.push(b' ');
            }
        }
        true
    }
}
