//! Other flow logs that report on the same interfaces, as far as a fold of one object must know of them.

use crate::flow_record::ABSENT;

/// Which actions records have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Actions(u8);

/// What is told of an interface by flow logs that go before the one that an object is of.
pub trait Others: Send + Sync {
    /// Whether they report on the interface's records of any of these actions, so that a record of the object would count
    /// once more.
    fn have(&self, interface: &[u8], actions: Actions) -> bool;

    /// Whether they may have any of the object's records at all: if not, none is asked for.
    fn may_have(&self) -> bool {
        true
    }

    /// Where they have none of the object's records, and all that matters is which interfaces it names: a number for the
    /// objects of which it is the same to be named in one or in another. An interface that a thread has told in one of
    /// them need not be told in the next, and no action is.
    fn place(&self) -> Option<u32> {
        None
    }
}

/// What is to be noted of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watch {
    Nothing,
    /// Its interfaces, unless they have been in an object of this place.
    Names(u32),
    /// Its interfaces and their records' actions.
    Actions,
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
