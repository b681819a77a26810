//! What an attempt at a job is at, and for how long it was.

use std::time::{Duration, Instant};

/// A phase of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Finding the objects that can hold records of the window.
    List,
    /// Fetching, inflating and folding them.
    Read,
    /// Ordering, compressing and storing the digest and its tables.
    Store,
}

impl Phase {
    /// Every phase, in the order of an attempt.
    pub const ALL: [Self; 3] = [Self::List, Self::Read, Self::Store];

    /// Its name in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Read => "read",
            Self::Store => "store",
        }
    }
}

/// How long each phase took. One that was entered twice counts both times.
#[derive(Debug, Clone, Copy, Default)]
pub struct PhaseTimes {
    list: Duration,
    read: Duration,
    store: Duration,
    now: Option<(Phase, Instant)>,
}

impl PhaseTimes {
    /// A phase begins; the one before has ended.
    pub fn enter(&mut self, phase: Phase) {
        *self = Self {
            now: Some((phase, Instant::now())),
            ..self.ended()
        };
    }

    /// The times as they are where the phase that is under way ends now.
    #[must_use]
    pub fn ended(mut self) -> Self {
        if let Some((phase, begun)) = self.now.take() {
            *self.of_mut(phase) += begun.elapsed();
        }
        self
    }

    /// Time of a phase that has ended.
    #[must_use]
    pub fn of(mut self, phase: Phase) -> Duration {
        *self.of_mut(phase)
    }

    fn of_mut(&mut self, phase: Phase) -> &mut Duration {
        match phase {
            Phase::List => &mut self.list,
            Phase::Read => &mut self.read,
            Phase::Store => &mut self.store,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_lasts_until_the_next_one_and_adds_up() {
        let mut times = PhaseTimes::default();
        times.enter(Phase::List);
        std::thread::sleep(Duration::from_millis(2));
        times.enter(Phase::Read);
        let once = times.of(Phase::List);
        assert!(once >= Duration::from_millis(2));
        assert_eq!(times.of(Phase::Read), Duration::ZERO, "it is under way");
        times.enter(Phase::List);
        std::thread::sleep(Duration::from_millis(2));
        let ended = times.ended();
        assert!(ended.of(Phase::List) >= once + Duration::from_millis(2));
        assert_eq!(ended.of(Phase::Store), Duration::ZERO);
    }
}
