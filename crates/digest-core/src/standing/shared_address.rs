//! The address that all records of an interface have in common, among those of one family: as a rule its own.

/// The addresses that were one side or the other of every record so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SharedAddress<A> {
    /// There was no record of this family.
    #[default]
    Unseen,
    /// No address was a side of all of them.
    None,
    /// This one was.
    One(A),
    /// Each of these was, the lesser first: there was but one other side.
    Two(A, A),
}

impl<A: Copy + Ord> SharedAddress<A> {
    /// The addresses of a record's two sides that are of this family.
    #[inline]
    pub(crate) fn of(src: Option<A>, dst: Option<A>) -> Self {
        match (src, dst) {
            (None, None) => Self::Unseen,
            (Some(one), Some(other)) if one < other => Self::Two(one, other),
            (Some(one), Some(other)) if one > other => Self::Two(other, one),
            (Some(one), _) | (None, Some(one)) => Self::One(one),
        }
    }

    /// The same of addresses under other names, in the same order.
    pub(crate) fn map<B>(self, name: impl Fn(A) -> B) -> SharedAddress<B> {
        match self {
            Self::Unseen => SharedAddress::Unseen,
            Self::None => SharedAddress::None,
            Self::One(one) => SharedAddress::One(name(one)),
            Self::Two(one, two) => SharedAddress::Two(name(one), name(two)),
        }
    }

    #[inline]
    fn has(self, address: A) -> bool {
        match self {
            Self::Unseen => true,
            Self::None => false,
            Self::One(one) => one == address,
            Self::Two(one, other) => one == address || other == address,
        }
    }

    /// What both have.
    #[inline]
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        match self {
            Self::Unseen => other,
            Self::None => Self::None,
            Self::One(address) if other.has(address) => self,
            Self::One(_) => Self::None,
            Self::Two(one, two) => match (other.has(one), other.has(two)) {
                (true, true) => self,
                (true, false) => Self::One(one),
                (false, true) => Self::One(two),
                (false, false) => Self::None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(records: &[(u8, u8)]) -> SharedAddress<u8> {
        let records = records
            .iter()
            .map(|&(src, dst)| SharedAddress::of(Some(src), Some(dst)));
        records.fold(SharedAddress::Unseen, SharedAddress::with)
    }

    #[test]
    fn what_every_record_has_is_common() {
        assert_eq!(of(&[]), SharedAddress::Unseen);
        assert_eq!(of(&[(2, 1), (1, 2)]), SharedAddress::Two(1, 2));
        assert_eq!(of(&[(2, 1), (1, 3)]), SharedAddress::One(1));
        assert_eq!(of(&[(3, 3), (3, 3)]), SharedAddress::One(3));
        assert_eq!(of(&[(2, 1), (1, 3), (2, 3)]), SharedAddress::None);
        assert_eq!(
            of(&[(2, 1)]).with(SharedAddress::Unseen),
            SharedAddress::Two(1, 2)
        );
        assert_eq!(
            SharedAddress::of(None, Some(7)).with(of(&[(7, 8)])),
            SharedAddress::One(7)
        );
    }

    #[test]
    fn parts_may_come_in_any_order() {
        let parts = [
            SharedAddress::Unseen,
            SharedAddress::None,
            SharedAddress::One(1),
            SharedAddress::One(2),
            SharedAddress::Two(1, 2),
            SharedAddress::Two(2, 3),
        ];
        for one in parts {
            for two in parts {
                assert_eq!(one.with(two), two.with(one));
                for three in parts {
                    assert_eq!(one.with(two).with(three), one.with(two.with(three)));
                }
            }
        }
    }
}
