//! A row's values written as text has them.

use std::ops::Range;

use super::Batch;
use crate::columnar::schema::Use;
use crate::field::Field;

impl Batch {
    /// How many rows are at hand.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// A row's values with a blank behind each, and where each field's stands.
    pub(crate) fn written(&self, row: usize) -> (Vec<u8>, Vec<(Field, Range<usize>)>) {
        let (mut text, mut spans) = (Vec::new(), Vec::new());
        for column in &self.columns {
            if let Use::Field(field) = column.wanted.is_for {
                let from = text.len();
                column.write(row, &mut text);
                spans.push((field, from..text.len()));
                text.push(b' ');
            }
        }
        (text, spans)
    }
}
