//! Which value each row of a column has, as runs of equal ones: edges are sorted, and many columns hardly change.

/// A row without value.
pub(crate) const NULL: u32 = u32::MAX;

/// Runs, each by its first row and the number of its value; it ends where the next one begins.
#[derive(Debug, Default)]
pub(crate) struct Runs(Vec<(u32, u32)>);

impl Runs {
    /// The number of the last row's value.
    #[inline]
    pub(crate) fn last(&self) -> Option<u32> {
        self.0.last().map(|&(_, number)| number)
    }

    /// This row and those behind it have another value than the row before.
    #[inline]
    pub(crate) fn begin(&mut self, row: u32, number: u32) {
        self.0.push((row, number));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Exchanges numbers for others.
    pub(crate) fn change(&mut self, number: impl Fn(u32) -> u32) {
        for (_, value) in &mut self.0 {
            *value = number(*value);
        }
    }

    /// The number of each of so many rows.
    pub(crate) fn expand(&self, rows: u32, into: &mut Vec<u32>) {
        into.clear();
        for (count, number) in self.within(0, rows) {
            if count == 1 {
                into.push(number);
            } else {
                into.resize(into.len() + count as usize, number);
            }
        }
    }

    /// Length and number of each run between these rows.
    pub(crate) fn within(&self, from: u32, to: u32) -> impl Iterator<Item = (u32, u32)> {
        let first = self.0.partition_point(|&(row, _)| row <= from).saturating_sub(1);
        let runs = self.0.get(first..).unwrap_or_default();
        let ends = runs.iter().skip(1).map(|&(row, _)| row).chain([u32::MAX]);
        runs.iter()
            .zip(ends)
            .take_while(move |((row, _), _)| *row < to)
            .map(move |(&(row, number), end)| (end.min(to) - row.max(from), number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_where_the_next_begins() {
        let mut runs = Runs::default();
        assert_eq!(runs.within(0, 9).count(), 0);
        for (row, number) in [(0, 7), (3, NULL), (4, 8)] {
            runs.begin(row, number);
        }
        let within = |from, to| runs.within(from, to).collect::<Vec<_>>();
        assert_eq!(within(0, 10), [(3, 7), (1, NULL), (6, 8)]);
        assert_eq!(within(2, 5), [(1, 7), (1, NULL), (1, 8)]);
        assert_eq!(within(3, 4), [(1, NULL)]);
        let mut each = vec![1];
        runs.expand(6, &mut each);
        assert_eq!(each, [7, 7, 7, NULL, 8, 8]);
    }
}
