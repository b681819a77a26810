//! What the rows at hand tell of their interfaces.

use super::Batch;
use crate::fact;

impl Batch {
    /// Finds the rows whose facts are not those of the row before. Their numbers tell nearly always; a value that is in no
    /// dictionary has a number in each row.
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
            let numbers = &column.numbers;
            let behind = numbers.get(1..).unwrap_or_default();
            let anew = self.tells_anew.get_mut(1..).unwrap_or_default();
            for ((anew, one), other) in anew.iter_mut().zip(numbers).zip(behind) {
                *anew |= one != other && column.text(*one) != column.text(*other);
            }
        }
    }

    /// Writes the set that a row tells.
    pub(super) fn write_set(&self, row: usize, out: &mut Vec<u8>) {
        out.clear();
        for &(fact, at) in &self.facts {
            let column = self.columns.get(at);
            let number = column.and_then(|column| Some((column, *column.numbers.get(row)?)));
            if let Some((column, number)) = number {
                fact::push(out, fact, column.text(number));
            }
        }
    }
}
