//! Tables in order: each interface's edges are sorted by themselves, on all threads and mostly in cache.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::Section;
use crate::error::FoldError;
use crate::facet::Facets;
use crate::memory::Memory;
use crate::merge::name_order;
use crate::standing::Named;
use crate::table::Table;
use crate::tables::{Tables, lock};

/// Sections, facets by rank, and what is known of the interfaces.
pub(crate) type Ordered<M> = (Vec<Section<M>>, Facets, Vec<Named>);

/// Takes all groups out of tables whose every log has been folded: sections in order, facets by rank, and what is known of
/// the interfaces, in the same order.
pub(crate) fn sections_in_order<M: Memory>(
    tables: &Tables<M>,
    threads: usize,
) -> Result<Ordered<M>, FoldError> {
    let (facets, ranks) = Facets::ranked(tables.facets());
    let (mut sections, mut standings) = sorted(tables, (&facets, &ranks), threads)?;
    sections.sort_unstable_by(|one, other| {
        name_order(&one.account, &other.account).then_with(|| name_order(&one.interface, &other.interface))
    });
    standings.sort_unstable_by(Named::order);
    Ok((sections, facets, standings))
}

/// What threads have made of interfaces.
type Made<M> = (Vec<Section<M>>, Vec<Named>);

/// Sorts each interface's edges, the largest first, on all threads. The interfaces come in no order.
fn sorted<M: Memory>(
    tables: &Tables<M>,
    facets: (&Facets, &[u32]),
    threads: usize,
) -> Result<Made<M>, FoldError> {
    let mut interfaces = tables.interfaces();
    interfaces.sort_by_cached_key(|interface| std::cmp::Reverse(interface.table().len()));
    let next = AtomicUsize::new(0);
    let all = Mutex::new(Ok((Vec::with_capacity(interfaces.len()), Vec::new())));
    let work = || {
        let (mut made, mut standings) = (Vec::new(), Vec::new());
        while let Some(interface) = interfaces.get(next.fetch_add(1, Ordering::Relaxed)) {
            let section = in_order(&interface.account, &interface.interface, interface.take(), facets);
            match section {
                Ok(section) => {
                    if M::EDGES {
                        standings.extend(Named::of(interface, &section));
                    }
                    if !section.entries.is_empty() {
                        made.push(section);
                    }
                }
                Err(error) => {
                    *lock(&all) = Err(error);
                    return;
                }
            }
        }
        if let Ok(all) = &mut *lock(&all) {
            all.0.append(&mut made);
            all.1.append(&mut standings);
        }
    };
    if threads < 2 || interfaces.len() < 2 {
        work();
    } else {
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(work);
            }
        });
    }
    all.into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn in_order<M: Memory>(
    account: &[u8],
    interface: &[u8],
    table: Table<M>,
    (facets, ranks): (&Facets, &[u32]),
) -> Result<Section<M>, FoldError> {
    let (mut entries, wide, addresses) = table.into_parts();
    let addresses = addresses.ranked();
    let facet = |number: u32| ranks.get(number as usize).copied().unwrap_or_default();
    let same = (0..).zip(ranks).all(|(number, &rank): (u32, _)| number == rank);
    for entry in entries.iter_mut().filter(|entry| !same || entry.key.has_v6()) {
        entry.key = entry.key.renumbered(|number| addresses.rank(number), facet);
    }
    entries.sort_unstable_by_key(|entry| entry.key);
    let mut section = Section {
        account: account.to_owned(),
        interface: interface.to_owned(),
        entries,
        wide,
        addresses: addresses.ordered,
        firsts: Vec::new(),
        before: 0,
    };
    if !facets.are_lines() {
        section.find_lines(facets)?;
    }
    Ok(section)
}
