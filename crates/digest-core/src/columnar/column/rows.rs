//! The rows at hand: which of a page's values is whose.

use super::{Column, NULL, Values};
use crate::columnar::Failure;
use crate::vector::Level;

/// Rows that are looked at together for one without a value.
const TOGETHER: usize = 16;

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
    fn spread(&mut self, count: usize, values: usize) {
        self.numbers.resize(count, NULL);
        spread(&self.present, &mut self.numbers, values);
    }
}

/// Moves so many numbers, which stand in front, to the rows whose level says that they have one. Rows without one are few:
/// where none of some is, their numbers are moved together.
fn spread(levels: &[u32], numbers: &mut [u32], mut values: usize) {
    let mut row = levels.len();
    for some in levels.rchunks(TOGETHER) {
        row -= some.len();
        if some.iter().fold(true, |all, &level| all & (level != 0)) && values >= some.len() {
            values -= some.len();
            numbers.copy_within(values..values + some.len(), row);
            continue;
        }
        for (at, &level) in (row..row + some.len()).zip(some).rev() {
            let number = if level == 0 {
                NULL
            } else {
                values = values.saturating_sub(1);
                numbers.get(values).copied().unwrap_or(NULL)
            };
            if let Some(place) = numbers.get_mut(at) {
                *place = number;
            }
        }
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
                let mut levels = vec![1; count];
                without.iter().for_each(|&row| levels[row] = 0);
                let values = count - without.len();
                let mut numbers: Vec<u32> = (0..values as u32).map(|number| number * 3).collect();
                numbers.resize(count, NULL);
                let mut next = 0..;
                let expected: Vec<u32> = levels
                    .iter()
                    .map(|&level| {
                        if level == 0 {
                            NULL
                        } else {
                            next.next().unwrap() * 3
                        }
                    })
                    .collect();
                spread(&levels, &mut numbers, values);
                assert_eq!(numbers, expected);
            }
        }
    }
}
