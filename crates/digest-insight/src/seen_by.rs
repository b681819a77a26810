//! Whose interfaces told of traffic: the source's own, the destination's own, or both.

use digest_core::Edge;
use serde::Serialize;

use crate::observers::Observers;

/// Whose interfaces told of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeenBy {
    /// The source's own.
    pub source: bool,
    /// The destination's own.
    pub destination: bool,
}

impl SeenBy {
    /// Who told of an edge.
    #[must_use]
    pub fn of(edge: &Edge<'_>, observers: &Observers) -> Self {
        let (source, destination) = observers.sides(edge);
        Self { source, destination }
    }

    /// What either saw.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            source: self.source || other.source,
            destination: self.destination || other.destination,
        }
    }

    /// In a word; empty where neither is known to have.
    #[must_use]
    pub fn word(self) -> &'static str {
        match (self.source, self.destination) {
            (true, true) => "both",
            (true, false) => "source",
            (false, true) => "destination",
            (false, false) => "",
        }
    }
}

impl Serialize for SeenBy {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.word())
    }
}
