//! What the rows at hand tell of their interfaces.

use super::Batch;
use crate::fact;

impl Batch {
    /// Finds the rows whose facts are not those of the row before. The numbers of a dictionary tell nearly always; other values
    /// are compared as texts.
    pub(super) fn compare_facts(&mut self) {
        self.tells_anew.clear();
        if self.facts.is_empty() {
            return;
        }
        self.tells_anew.resize(self.rows, false);
        for &(_, at) in &self.facts {
            let Some(column) = self.columns.get(at) else {
                continue;
            };
            let anew = self.tells_anew.get_mut(1..).unwrap_or_default();
            for (row, anew) in anew.iter_mut().enumerate() {
                *anew |= !column.are_same(row, row + 1);
            }
        }
    }

    /// Writes the set that a row tells.
    pub(super) fn write_set(&self, row: usize, out: &mut Vec<u8>) {
        out.clear();
        for &(fact, at) in &self.facts {
            if let Some(column) = self.columns.get(at) {
                fact::push(out, fact, column.text(row));
            }
        }
    }
}
