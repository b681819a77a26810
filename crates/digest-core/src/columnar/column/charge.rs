//! What a column holds in memory, charged to what its file may hold.

use super::{Column, Values};
use crate::readers::Allowance;

impl Column {
    /// Charges what the column holds now.
    pub(in crate::columnar) fn charge(&mut self, allowance: &mut Allowance<'_>) {
        let copy = self
            .dictionary_page
            .as_ref()
            .map_or(0, |page| page.buffer().len());
        let page = match self.values {
            // The crate has a copy.
            Values::Rare(_) => 2 * self.page.capacity(),
            Values::Numbered(_) | Values::Plain(_) => self.page.capacity(),
        };
        let rows = (self.numbers.capacity() + self.present.capacity()) * size_of::<u32>();
        let now = self.chunk.held() + page + self.dictionary.held() + copy + self.fresh.held() + rows;
        allowance.change(self.charged, now);
        self.charged = now;
    }

    /// Gives back what is charged.
    pub(in crate::columnar) fn let_go(self, allowance: &mut Allowance<'_>) {
        allowance.change(self.charged, 0);
    }
}
