//! The span of times in whose names a plan is interested.

use chrono::{DateTime, TimeDelta, Utc};
use digest_core::Window;

/// Files are named by the start of a five-minute bucket that holds records of the five minutes before.
const NAME_GRID: TimeDelta = TimeDelta::minutes(5);

/// First and last time that the name of a planned object may have, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: DateTime<Utc>,
    pub(super) last: DateTime<Utc>,
}

impl Span {
    /// From five minutes before the window's start to `late_arrival` after its stop.
    pub(super) fn of(window: &Window, late_arrival: TimeDelta) -> Self {
        Self {
            first: window.start() - NAME_GRID,
            last: window
                .stop()
                .checked_add_signed(late_arrival)
                .unwrap_or(DateTime::<Utc>::MAX_UTC),
        }
    }

    pub(super) fn holds(&self, time: DateTime<Utc>) -> bool {
        self.first <= time && time <= self.last
    }
}
