//! Which minutes of a window some record speaks for.

use crate::window::Window;

const MINUTE: i64 = 60;
const WORD: usize = u64::BITS as usize;

/// A bit for each minute of a window. Without a window there are no minutes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Minutes {
    /// Unix seconds of the first minute.
    start: i64,
    /// Minutes in the window.
    length: usize,
    words: Vec<u64>,
    /// The span marked last: records come in bursts of equal spans.
    last: (usize, usize),
}

impl Minutes {
    /// No minute of this window.
    #[must_use]
    pub fn none_of(window: Option<&Window>) -> Self {
        let length = window.map_or(0, |window| usize::try_from(window.minutes()).unwrap_or(0));
        Self {
            start: window.map_or(0, Window::start_unix),
            length,
            words: vec![0; length.div_ceil(WORD)],
            last: (usize::MAX, usize::MAX),
        }
    }

    /// Marks every minute that has a second of `first..=last` (Unix seconds; `last` counts as `first` if it is less).
    #[inline]
    pub fn mark(&mut self, first: i64, last: i64) {
        let Some(window_end) = self.length.checked_sub(1) else {
            return;
        };
        let minute = |unix: i64| unix.saturating_sub(self.start).div_euclid(MINUTE);
        let (first, last) = (minute(first), minute(last.max(first)));
        let Ok(last) = usize::try_from(last) else {
            return;
        };
        let first = usize::try_from(first).unwrap_or(0);
        let span = (first, last.min(window_end));
        if span != self.last {
            self.last = span;
            let (low, high) = (span.0 / WORD, span.1 / WORD);
            for (at, word) in self.words.iter_mut().enumerate().take(high + 1).skip(low) {
                let from = if at == low {
                    u64::MAX << (span.0 % WORD)
                } else {
                    u64::MAX
                };
                let to = if at == high {
                    u64::MAX >> (WORD - 1 - span.1 % WORD)
                } else {
                    u64::MAX
                };
                *word |= from & to;
            }
        }
    }

    /// Adds the minutes of another part of the same window. Minutes of another window are not looked at.
    pub fn merge(&mut self, other: &Self) {
        if self.length == 0 {
            other.clone_into(self);
        } else if (self.start, self.length) == (other.start, other.length) {
            for (ours, theirs) in self.words.iter_mut().zip(&other.words) {
                *ours |= theirs;
            }
        }
    }

    /// The window as Unix seconds, from and up to but not with.
    pub(crate) fn window(&self) -> Option<(i64, i64)> {
        let length = i64::try_from(self.length).ok().filter(|&length| length > 0)?;
        Some((self.start, self.start + length * MINUTE))
    }

    /// How many minutes are covered.
    #[must_use]
    pub fn covered(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Minutes in the window.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is no window, hence no minute.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether the minute `index` (from the window's start) is covered.
    #[must_use]
    pub fn is_covered(&self, index: usize) -> bool {
        index < self.length
            && self
                .words
                .get(index / WORD)
                .is_some_and(|word| word >> (index % WORD) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour() -> Window {
        Window::from_unix(3600, 7200).unwrap()
    }

    #[test]
    fn marks_every_minute_touched_and_none_outside() {
        let mut minutes = Minutes::none_of(Some(&hour()));
        minutes.mark(3600 + 59, 3600 + 60);
        minutes.mark(7199, i64::MAX);
        minutes.mark(0, 3599);
        minutes.mark(7200, 7300);
        minutes.mark(3600 + 300, 3600);
        let covered: Vec<usize> = (0..100).filter(|&at| minutes.is_covered(at)).collect();
        assert_eq!(covered, [0, 1, 5, 59]);
        assert_eq!((minutes.covered(), minutes.len()), (4, 60));
        minutes.mark(i64::MIN, i64::MAX);
        assert_eq!(minutes.covered(), 60);
    }

    #[test]
    fn long_spans_are_marked_whole_and_no_further() {
        let day = Window::from_unix(0, 86_400).unwrap();
        for (first, last) in [
            (0, 0),
            (0, 1439),
            (3, 63),
            (63, 64),
            (64, 127),
            (5, 700),
            (128, 191),
            (1439, 1439),
        ] {
            let mut minutes = Minutes::none_of(Some(&day));
            minutes.mark(first * 60, last * 60 + 59);
            let covered: Vec<i64> = (0..1440).filter(|&at| minutes.is_covered(at as usize)).collect();
            assert_eq!(covered, (first..=last).collect::<Vec<_>>());
            assert_eq!(minutes.covered(), covered.len());
        }
    }

    #[test]
    fn parts_add_up() {
        let mut one = Minutes::none_of(Some(&hour()));
        let mut two = one.clone();
        one.mark(3600, 3600);
        two.mark(3660, 3660);
        one.merge(&two);
        assert_eq!(one.covered(), 2);
        let mut none = Minutes::default();
        none.mark(0, 100);
        none.merge(&one);
        assert_eq!(none.covered(), 2);
    }
}
