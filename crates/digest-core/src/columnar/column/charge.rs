//! What a column holds in memory, charged to what its file may hold.

use super::{Column, Values};
use crate::readers::Allowance;

impl Column {
    /// Charges what the column holds now.
    pub(in crate::columnar) fn charge(&mut self, allowance: &mut Allowance<'_>) {
        let (page, dictionary) = (self.page.capacity(), self.dictionary_page.capacity());
        let copies = match self.values {
            // The crate has them.
            Values::Rare(_) => page + dictionary,
            Values::Numbered(_) | Values::Plain(_) => 0,
        };
        let rows = (self.numbers.capacity() + self.absent.capacity()) * size_of::<u32>();
        let now = self.chunk.held()
            + page
            + dictionary
            + copies
            + self.dictionary.held()
            + self.fresh.held()
            + rows;
        allowance.change(self.charged, now);
        self.charged = now;
    }

    /// Bytes that are charged.
    pub(in crate::columnar) fn charged(&self) -> usize {
        self.charged
    }

    /// Gives back what is charged, and the bytes of the file.
    pub(in crate::columnar) fn let_go(&mut self, allowance: &mut Allowance<'_>) {
        self.chunk.let_go();
        allowance.change(self.charged, 0);
        self.charged = 0;
    }
}
