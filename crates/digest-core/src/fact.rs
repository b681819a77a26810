//! Facts: what the columns of a format say of the interface itself. They are the same in nearly all of its records, so
//! that a digest keeps them once for each interface, apart from its edges.
//!
//! What one row says is a *set*: for each fact that it tells, the fact's number, the length of its value and the value.
//! A set has no fact twice, and they stand in the order of [`FACTS`], whatever the order of the columns.

use crate::facet::is_absent;
use crate::field::Field;
use crate::layout::tokens;

/// The fields that are facts, as headers spell them.
pub const FACTS: [&str; 26] = [
    "vpc-id",
    "subnet-id",
    "az-id",
    "sublocation-type",
    "sublocation-id",
    "region",
    "instance-id",
    "interface-type",
    "resource-id",
    "tgw-id",
    "instance-tag",
    "instance-tag-2",
    "interface-tag",
    "interface-tag-2",
    "asg-tag",
    "asg-tag-2",
    "ecs-cluster-arn",
    "ecs-cluster-name",
    "ecs-service-name",
    "ecs-task-definition-arn",
    "ecs-task-arn",
    "ecs-task-id",
    "ecs-container-instance-arn",
    "ecs-container-instance-id",
    "ecs-container-id",
    "ecs-second-container-id",
];

/// Those that tell edges apart where a layout names no interface: the fields, and their numbers among all, in order.
pub(crate) const OF_EDGES: [(Field, u8); 9] = [
    (Field::VpcId, 0),
    (Field::SubnetId, 1),
    (Field::InstanceId, 6),
    (Field::InstanceTag, 10),
    (Field::InstanceTag2, 11),
    (Field::InterfaceTag, 12),
    (Field::InterfaceTag2, 13),
    (Field::AsgTag, 14),
    (Field::AsgTag2, 15),
];

/// The places in [`FACTS`] of those that tell edges apart where the format names no interface: VPC, subnet, instance and tags.
pub const FACTS_OF_EDGES: [usize; OF_EDGES.len()] = [0, 1, 6, 10, 11, 12, 13, 14, 15];

/// Longest value that is kept: the longest tag there can be takes 3072. What is longer is as good as absent.
pub(crate) const MOST_VALUE: usize = 4096;

/// A column of a layout that holds a fact, and the fact's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FactColumn {
    pub(crate) column: usize,
    pub(crate) fact: u8,
}

/// The number of a fact.
pub(crate) fn number(name: &str) -> Option<u8> {
    FACTS.iter().position(|fact| *fact == name).map(|at| at as u8)
}

/// Adds a fact to a set, whose facts come in order. A value that says nothing adds nothing.
#[inline]
pub(crate) fn push(set: &mut Vec<u8>, fact: u8, value: &[u8]) {
    if is_absent(value) || value.len() > MOST_VALUE {
        return;
    }
    set.push(fact);
    set.extend_from_slice(&(value.len() as u16).to_le_bytes());
    set.extend_from_slice(value);
}

/// What is told of an interface: facts and their values, each fact once and in the order of [`FACTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FactSet<'s> {
    set: &'s [u8],
}

impl<'s> FactSet<'s> {
    /// Nothing.
    pub(crate) const NONE: Self = Self { set: &[] };

    /// Appends facts, by their places in [`FACTS`] and in that order, as [`FactSet::of`] reads them. A value that is empty, `-` or
    /// longer than 4096 bytes is as good as absent.
    pub fn write<'v>(out: &mut Vec<u8>, facts: impl IntoIterator<Item = (usize, &'v [u8])>) {
        for (place, value) in facts {
            push(out, place as u8, value);
        }
    }

    /// The set that [`FactSet::write`] wrote.
    #[must_use]
    pub fn of(set: &'s [u8]) -> Self {
        Self { set }
    }

    /// Its facts: their places in [`FACTS`], and their values; percent-encoded where they are of tags.
    pub fn facts(self) -> impl Iterator<Item = (usize, &'s [u8])> {
        facts(self.set).map(|(fact, value)| (fact.into(), value))
    }

    /// The value of the fact of this place.
    #[must_use]
    pub fn get(self, place: usize) -> Option<&'s [u8]> {
        self.facts()
            .find(|(fact, _)| *fact == place)
            .map(|(_, value)| value)
    }
}

/// Writes the set that a line tells, whose layout has these columns.
pub(crate) fn of_line(set: &mut Vec<u8>, columns: &[FactColumn], line: &[u8]) {
    let tokens: Vec<&[u8]> = tokens(line).collect();
    set.clear();
    for &FactColumn { column, fact } in columns {
        push(set, fact, tokens.get(column).copied().unwrap_or_default());
    }
}

/// The facts of a set: numbers and values.
pub(crate) fn facts(set: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = set;
    std::iter::from_fn(move || {
        let (&fact, behind) = rest.split_first()?;
        let (length, behind) = behind.split_first_chunk::<2>()?;
        let (value, behind) = behind.split_at_checked(u16::from_le_bytes(*length).into())?;
        rest = behind;
        Some((fact, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::KnownField;

    #[test]
    fn every_fact_is_a_field_that_is_used_for_nothing_but_edges_without_an_interface() {
        for (name, at) in FACTS.iter().zip(0..) {
            let field = KnownField::of_name(name.as_bytes()).unwrap();
            let is_of_edges = OF_EDGES.iter().any(|(_, fact)| *fact == at);
            assert_eq!(field.used().is_some(), is_of_edges, "{name}");
            assert_eq!((field.fact(), number(name)), (Some(at), Some(at)));
        }
        for (field, fact) in OF_EDGES {
            assert_eq!(number(field.name()), Some(fact));
        }
        assert!(FACTS_OF_EDGES.is_sorted());
        assert_eq!(OF_EDGES.map(|(_, fact)| usize::from(fact)), FACTS_OF_EDGES);
        assert_eq!(number("srcaddr"), None);
    }

    #[test]
    fn a_set_gives_back_what_it_was_made_of() {
        let (mut set, long) = (Vec::new(), [b'x'; MOST_VALUE + 1]);
        for (fact, value) in [
            (0, b"vpc-1".as_slice()),
            (1, b"-"),
            (2, b""),
            (3, &long),
            (25, b"a b"),
        ] {
            push(&mut set, fact, value);
        }
        let found: Vec<_> = facts(&set).collect();
        assert_eq!(found, [(0, b"vpc-1".as_slice()), (25, b"a b")]);
        // What was cut ends where it is cut.
        assert_eq!(facts(&set[..set.len() - 1]).count(), 1);
    }
}
