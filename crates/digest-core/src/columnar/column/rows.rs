//! The rows at hand: which of a page's values is whose.

use super::{Column, NULL, Values};
use crate::columnar::Failure;
use crate::columnar::table::NONE;
use crate::vector::Level;

impl Column {
    /// Reads the values of the next `count` rows, of those that are ready.
    pub(in crate::columnar) fn read(&mut self, level: Level, count: usize) -> Result<(), Failure> {
        self.numbers.clear();
        self.absent.clear();
        self.left = self.left.saturating_sub(count);
        let (kind, stored) = (self.wanted.kind, self.wanted.stored);
        if let Some(levels) = &mut self.levels
            && !levels.pass_all(&self.page, count, 1)?
        {
            levels.read_zeros(&self.page, count, &mut self.absent)?;
        }
        let values = count - self.absent.len();
        match &mut self.values {
            Values::Numbered(hybrid) => {
                let greatest = hybrid.read_by(level, &self.page, values, &mut self.numbers)?;
                if greatest as usize >= self.dictionary.len() && values > 0 {
                    return Err(Failure::corrupt("a value that is not in its dictionary"));
                }
                spread(&self.absent, &mut self.numbers, NULL);
                return Ok(());
            }
            Values::Plain(at) => {
                self.fresh.clear();
                let place = *at..self.page_end;
                *at = self
                    .fresh
                    .read_plain(level, (kind, stored), &self.page, place, values)?;
            }
            Values::Rare(rare) => {
                self.fresh.clear();
                rare.read((kind, stored), count, &mut self.fresh, &mut self.absent)?;
            }
        }
        self.fresh.end();
        spread(&self.absent, &mut self.fresh.entries, NONE);
        Ok(())
    }
}

/// Moves values, which stand in front, to the rows that have one; gives the others this one. Rows without a value are
/// few: those between two of them move together.
fn spread<T: Copy>(absent: &[u32], values: &mut Vec<T>, none: T) {
    let mut to = values.len() + absent.len();
    values.resize(to, none);
    // So many rows without a value are before the one at hand.
    for (before, &row) in absent.iter().enumerate().rev() {
        let row = row as usize;
        let from = row + 1..to;
        values.copy_within(from.start - before - 1..from.end - before - 1, from.start);
        if let Some(place) = values.get_mut(row) {
            *place = none;
        }
        to = row;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_to_the_rows_that_have_one_wherever_the_others_are() {
        for count in (0..70).chain([4096]) {
            // None without, one without at each place, all but one, and by a pattern.
            let mut without: Vec<Vec<usize>> = vec![vec![], (0..count).collect()];
            without.extend((0..count.min(70)).map(|row| vec![row]));
            without.extend((0..count.min(70)).map(|row| (0..count).filter(|&other| other != row).collect()));
            without.push((0..count).filter(|row| row * row % 7 == 1).collect());
            for without in without {
                let values = (count - without.len()) as u32;
                let mut numbers: Vec<u32> = (0..values).map(|number| number * 3).collect();
                let mut next = 0..;
                let expected = (0..count).map(|row| match without.contains(&row) {
                    true => NULL,
                    false => next.next().unwrap() * 3,
                });
                let expected: Vec<u32> = expected.collect();
                let absent: Vec<u32> = without.iter().map(|&row| row as u32).collect();
                spread(&absent, &mut numbers, NULL);
                assert_eq!(numbers, expected);
            }
        }
    }
}
