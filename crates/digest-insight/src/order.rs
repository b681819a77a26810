//! The order of edges in a digest.

use std::cmp::Ordering;

use digest_core::Edge;

/// What a digest's format shows where there is no value.
pub(crate) const ABSENT: &[u8] = b"-";

/// Which of two edges comes first in a digest: by account and interface (bytes, `-` first), addresses (IPv4 before
/// IPv6, numeric), ports, protocol and action. Equal edges differ in nothing but their sums.
#[must_use]
#[inline]
pub fn order(one: &Edge<'_>, other: &Edge<'_>) -> Ordering {
    names(one.account_id, other.account_id)
        .then_with(|| names(one.interface_id, other.interface_id))
        .then_with(|| one.srcaddr.cmp(&other.srcaddr))
        .then_with(|| one.dstaddr.cmp(&other.dstaddr))
        .then_with(|| (one.ports, one.protocol).cmp(&(other.ports, other.protocol)))
        .then_with(|| one.action.cmp(other.action))
}

#[inline]
fn names(one: &[u8], other: &[u8]) -> Ordering {
    if one == other {
        return Ordering::Equal;
    }
    (one != ABSENT, one).cmp(&(other != ABSENT, other))
}
