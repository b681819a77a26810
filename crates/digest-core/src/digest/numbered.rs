//! Edges by their numbers in the digest, for threads that each take some of them: which interfaces' edges these are.

use std::ops::Range;

use super::Section;
use crate::memory::Memory;

/// The edges before each interface's, and all of them at the end.
pub(crate) fn starts<M: Memory>(sections: &[Section<M>]) -> Vec<usize> {
    let before = sections.iter().scan(0, |all, section| {
        *all += section.entries.len();
        Some(*all)
    });
    std::iter::once(0).chain(before).collect()
}

/// The interfaces that have edges of these numbers, each with which of its own they are. `starts` is what [`starts`]
/// says of the same interfaces.
pub(crate) fn parts<'s, M: Memory>(
    sections: &'s [Section<M>],
    starts: &[usize],
    edges: Range<usize>,
) -> impl Iterator<Item = (&'s Section<M>, Range<usize>)> {
    let first = starts
        .partition_point(|&start| start <= edges.start)
        .saturating_sub(1);
    sections
        .iter()
        .zip(starts)
        .skip(first)
        .take_while(move |&(_, &start)| start < edges.end)
        .map(move |(section, &start)| {
            let to = section.entries.len().min(edges.end - start);
            (section, edges.start.saturating_sub(start)..to)
        })
        .filter(|(_, own)| !own.is_empty())
}
