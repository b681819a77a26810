//! Facts: what the columns of a format say of the interface itself. They are the same in nearly all of its records, so
//! that a digest keeps them once for each interface, apart from its edges.
//!
//! What one row says is a *set*: for each fact that it tells, the fact's number, the length of its value and the value.
//! A set has no fact twice, and they stand in the order of [`FACTS`], whatever the order of the columns.

use crate::facet::is_absent;
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
    fn every_fact_is_a_field_that_no_edge_is_told_apart_by() {
        for (name, at) in FACTS.iter().zip(0..) {
            let field = KnownField::of_name(name.as_bytes()).unwrap();
            assert!(field.used().is_none() && field.fact().is_some(), "{name}");
            assert_eq!(number(name), Some(at));
        }
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
