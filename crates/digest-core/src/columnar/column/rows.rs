//! The rows at hand: which of a page's values is whose.

use super::{Column, NULL, Values};
use crate::columnar::Failure;
use crate::vector::Level;

impl Column {
    /// Reads the values of the next `count` rows, of those that are ready.
    pub(in crate::columnar) fn read(&mut self, level: Level, count: usize) -> Result<(), Failure> {
        self.numbers.clear();
        self.left = self.left.saturating_sub(count);
        let (kind, stored) = (self.wanted.kind, self.wanted.stored);
        if let Values::Rare(rare) = &mut self.values {
            self.fresh.clear();
            rare.read((kind, stored), count, &mut self.fresh, &mut self.numbers)?;
            self.fresh.end();
            self.has_nulls = true;
            return Ok(());
        }
        self.present.clear();
        let mut values = count;
        if let Some(levels) = &mut self.levels
            && !levels.pass_all(&self.page, count, 1)?
        {
            levels.read_by(level, &self.page, count, &mut self.present)?;
            values = self.present.iter().filter(|&&level| level != 0).count();
        }
        match &mut self.values {
            Values::Numbered(hybrid) => {
                let greatest = hybrid.read_by(level, &self.page, values, &mut self.numbers)?;
                if greatest as usize >= self.dictionary.len() && values > 0 {
                    return Err(Failure::corrupt("a value that is not in its dictionary"));
                }
            }
            Values::Plain(at) => {
                self.fresh.clear();
                let place = *at..self.page_end;
                *at = self
                    .fresh
                    .read_plain(level, (kind, stored), &self.page, place, values)?;
                self.fresh.end();
                self.numbers.extend(0..values as u32);
            }
            Values::Rare(_) => {}
        }
        self.has_nulls = values < count;
        if self.has_nulls {
            self.spread(count, values);
        }
        Ok(())
    }

    /// Moves the numbers of values to the rows that have one.
    fn spread(&mut self, count: usize, mut values: usize) {
        self.numbers.resize(count, NULL);
        for (row, &level) in self.present.iter().enumerate().rev() {
            let number = if level == 0 {
                NULL
            } else {
                values -= 1;
                self.numbers.get(values).copied().unwrap_or(NULL)
            };
            if let Some(place) = self.numbers.get_mut(row) {
                *place = number;
            }
        }
    }
}
