//! A row's values written as text has them.

use std::ops::Range;

use super::Batch;
use crate::columnar::schema::Use;
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

    /// Writes a row's values.
    pub(crate) fn write_row(&self, row: usize, out: &mut Written) {
        out.text.clear();
        out.spans.clear();
        for column in &self.columns {
            if let Use::Field(field) = column.wanted.is_for {
                let from = out.text.len();
                column.write(row, &mut out.text);
                out.spans.push((field, from..out.text.len()));
                out.text.push(b' ');
            }
        }
    }
}
