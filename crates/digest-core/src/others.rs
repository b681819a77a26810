//! Other flow logs that report on the same interfaces, as far as a fold of one object must know of them, and what it tells
//! of the interfaces that the object mentions.

use std::sync::Arc;

use crate::flow_record::ABSENT;

/// Which actions records have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Actions(u8);

/// What is told of an interface by flow logs that go before the one that an object is of; it is told in turn which
/// interfaces objects mention.
pub trait Others: Send + Sync {
    /// Whether they report on the interface's records of any of these actions, so that a record of the object would count
    /// once more.
    fn have(&self, interface: &[u8], actions: Actions) -> bool;

    /// Whether they may have any of the object's records at all: if not, none is asked for.
    fn may_have(&self) -> bool {
        true
    }

    /// Where the object was delivered.
    fn place(&self) -> Place;

    /// Hears which interfaces objects have mentioned, of this place and of others. Several may be of one interface and
    /// place: what they say is to be taken together.
    fn hear(&self, mentions: &[Mention]);
}

/// Where an object was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The same for objects of which it does not matter in which an interface is mentioned, but for when.
    pub number: u32,
    /// When, by any measure that grows.
    pub time: u32,
    /// Whether the actions of records matter, or only which interfaces are mentioned.
    pub with_actions: bool,
    /// Whether what the object mentions has to be told once it has been read. Else a thread may tell of it later, and of all
    /// objects of a place together.
    pub at_once: bool,
}

/// That rows of one place's objects mention an interface.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    /// The interface's name; not `-`.
    pub interface: Arc<[u8]>,
    /// [`Place::number`] of the objects.
    pub place: u32,
    /// The actions of its records, and the least and the greatest [`Place::time`] of objects that have any; `None` where
    /// it has none, but rows without data, and where actions do not matter.
    pub records: Option<(Actions, u32, u32)>,
}

impl Actions {
    /// Any action may be meant: a record or its format does not say which, or says something that nobody knows.
    const ANY: u8 = 4;

    /// The action of a record.
    #[must_use]
    pub fn of(action: &[u8]) -> Self {
        Self(match action {
            b"ACCEPT" => 1,
            b"REJECT" => 2,
            _ => Self::ANY,
        })
    }

    /// Both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether records of the one may tell of the same traffic as records of the other: what was accepted was not
    /// rejected.
    #[must_use]
    pub fn meet(self, other: Self) -> bool {
        let any = (self.0 | other.0) & Self::ANY != 0;
        self.0 & other.0 != 0 || any && self.0 != 0 && other.0 != 0
    }
}

/// Whether others can have an interface's records: one without a name is none.
pub(crate) fn is_named(interface: &[u8]) -> bool {
    interface != ABSENT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_is_not_rejected_and_no_word_may_be_either() {
        let [accept, reject, none] = [b"ACCEPT".as_slice(), b"REJECT", b"-"].map(Actions::of);
        assert!(accept.meet(accept) && !accept.meet(reject) && !reject.meet(accept));
        assert!(
            accept.with(reject).meet(reject) && none.meet(accept) && reject.meet(none) && none.meet(none)
        );
        assert!(!Actions::default().meet(none) && !none.meet(Actions::default()));
    }
}
