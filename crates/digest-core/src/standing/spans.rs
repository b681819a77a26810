//! The minutes that an interface reported in, as spans: one for nearly every interface, however long the window is.

/// Seconds of a minute.
const MINUTE: i64 = 60;

/// Minutes since 1970, as first and last of each run of them: in order, with a minute between any two at least.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Spans(Vec<(i64, i64)>);

impl Spans {
    /// Adds every minute that has a second of `first..=last`; `last` counts as `first` if it is less. Gives how many spans
    /// there are more.
    #[inline]
    pub(crate) fn mark(&mut self, first: i64, last: i64) -> usize {
        let span = (first.div_euclid(MINUTE), last.max(first).div_euclid(MINUTE));
        if self
            .0
            .last()
            .is_some_and(|known| known.0 <= span.0 && span.1 <= known.1)
        {
            return 0;
        }
        self.add(span)
    }

    fn add(&mut self, (first, last): (i64, i64)) -> usize {
        let before = self.0.len();
        // Those that touch it become one with it.
        let from = self.0.partition_point(|known| known.1.saturating_add(1) < first);
        let to = self.0.partition_point(|known| known.0 <= last.saturating_add(1));
        let touched = self.0.get(from..to).unwrap_or_default();
        let least = touched.first().map_or(first, |known| known.0.min(first));
        let greatest = touched.last().map_or(last, |known| known.1.max(last));
        match self.0.get_mut(from).filter(|_| from < to) {
            Some(all) => {
                *all = (least, greatest);
                self.0.drain(from + 1..to);
            }
            None => self.0.insert(from, (least, greatest)),
        }
        self.0.len().saturating_sub(before)
    }

    /// Adds the minutes of others.
    pub(crate) fn merge(&mut self, other: &Self) {
        for &span in &other.0 {
            self.add(span);
        }
    }

    /// First and last minute of each span.
    pub(crate) fn minutes(&self) -> &[(i64, i64)] {
        &self.0
    }

    /// How many minutes there are in `from..to` (Unix seconds), or in all.
    pub(crate) fn count(&self, within: Option<(i64, i64)>) -> u64 {
        let (from, to) = within.map_or((i64::MIN, i64::MAX), |(from, to)| {
            (from.div_euclid(MINUTE), (to - 1).div_euclid(MINUTE))
        });
        let counts = self.0.iter().map(|&(first, last)| {
            let (first, last) = (first.max(from), last.min(to));
            if first > last { 0 } else { last.abs_diff(first) + 1 }
        });
        counts.sum()
    }
}

impl FromIterator<(i64, i64)> for Spans {
    fn from_iter<I: IntoIterator<Item = (i64, i64)>>(minutes: I) -> Self {
        let mut spans = Self::default();
        for span in minutes {
            spans.add(span);
        }
        spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_touches_is_one_span_whatever_the_order() {
        let marks = [
            (600, 659),
            (0, 59),
            (60, 61),
            (300, 100),
            (420, 421),
            (360, 419),
            (59, 59),
        ];
        let expected = [(0, 1), (5, 7), (10, 10)];
        for turn in 0..marks.len() {
            let mut spans = Spans::default();
            let mut grown = 0;
            for &(first, last) in marks.iter().cycle().skip(turn).take(marks.len()) {
                grown += spans.mark(first, last);
            }
            assert_eq!(spans.minutes(), expected);
            assert!(grown >= 3);
            let mut other = Spans::default();
            other.mark(120, 299);
            other.merge(&spans);
            assert_eq!(other.minutes(), [(0, 7), (10, 10)]);
        }
    }

    #[test]
    fn minutes_are_counted_inside_the_window_alone() {
        let mut spans = Spans::default();
        spans.mark(-61, 61);
        spans.mark(600, i64::MAX);
        assert_eq!(spans.minutes()[0], (-2, 1));
        assert_eq!(spans.count(Some((0, 660))), 3);
        assert_eq!(spans.count(Some((120, 600))), 0);
        assert_eq!(spans.count(None), 4 + (i64::MAX / 60) as u64 - 9);
    }
}
