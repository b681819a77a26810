//! Tables in order: each interface's edges are sorted by themselves, on all threads and mostly in cache.

use std::cmp::{Ordering, Reverse};
use std::iter;
use std::sync::atomic::{self, AtomicUsize};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{self, ScopedJoinHandle};

use super::Section;
use crate::error::FoldError;
use crate::facet::Facets;
use crate::flow_record::ABSENT;
use crate::memory::Memory;
use crate::merge::names_order;
use crate::standing::Named;
use crate::table::Entry;
use crate::tables::{Interface, Tables, lock};
use crate::vector::{prefetch, prefetch_whole};

/// Interfaces between the one that is looked at and the one whose memory is asked for.
const AHEAD: usize = 8;
/// Interfaces that a thread puts in the order of their names, at least.
const LEAST_BEGUN: usize = 1024;
/// Edges of an interface that one thread may be left with at the end, while others have nothing to do.
const LARGE: usize = 1024;

/// Sections, facets by rank, and what is known of the interfaces.
pub(crate) type Ordered<M> = (Vec<Section<M>>, Facets, Vec<Named>);

/// Takes all groups out of tables whose every log has been folded: sections in order, facets by rank, and what is known of
/// the interfaces, in the same order.
pub(crate) fn sections_in_order<M: Memory>(
    tables: &Tables<M>,
    threads: usize,
) -> Result<Ordered<M>, FoldError> {
    let (facets, ranks) = Facets::ranked(tables.facets());
    let interfaces = by_name(tables.take_interfaces(), threads);
    // Numbers that are ranks already are left as they are.
    let are_ranks = (0..).zip(&ranks).all(|(number, &rank): (u32, _)| number == rank);
    let ranks = (!are_ranks).then_some(&*ranks);
    let (sections, standings) = sorted(interfaces, (&facets, ranks), threads)?;
    Ok((sections, facets, standings))
}

/// An interface and the first bytes of its names, by which most interfaces are put in order without a look at the names.
struct Begun<M: Memory> {
    account: u128,
    name: (u128, u64),
    /// Whether no other account begins with the same bytes.
    is_whole: bool,
    /// How many edges it has.
    edges: usize,
    interface: Arc<Interface<M>>,
}

impl<M: Memory> Begun<M> {
    fn of(interface: Arc<Interface<M>>) -> Self {
        let (account, name) = (spoken(&interface.account), spoken(&interface.interface));
        let behind = name.get(size_of::<u128>()..).unwrap_or_default();
        let is_whole = (1..=size_of::<u128>()).contains(&account.len()) && !account.contains(&0);
        let edges = interface.table().len();
        Self {
            account: u128::from_be_bytes(begin(account)),
            name: (
                u128::from_be_bytes(begin(name)),
                u64::from_be_bytes(begin(behind)),
            ),
            is_whole,
            edges,
            interface,
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        let names = || match self.is_whole && other.is_whole {
            true => self.name.cmp(&other.name),
            false => Ordering::Equal,
        };
        // Where two begin alike nothing is known of their ends.
        let whole = || {
            let (one, other) = (&*self.interface, &*other.interface);
            names_order((&one.account, &one.interface), (&other.account, &other.interface))
        };
        self.account.cmp(&other.account).then_with(names).then_with(whole)
    }
}

/// A name but for `-`, which comes before every name.
fn spoken(name: &[u8]) -> &[u8] {
    if name == ABSENT { &[] } else { name }
}

/// The first bytes of a name.
fn begin<const N: usize>(name: &[u8]) -> [u8; N] {
    let mut begin = [0; N];
    for (to, from) in begin.iter_mut().zip(name) {
        *to = *from;
    }
    begin
}

/// Puts interfaces in the order of their names: parts of them on all threads, where they are many.
fn by_name<M: Memory>(interfaces: Vec<Arc<Interface<M>>>, threads: usize) -> Vec<Begun<M>> {
    let each = interfaces.len().div_ceil(threads.max(1)).max(LEAST_BEGUN);
    if each >= interfaces.len() {
        return some_by_name(interfaces);
    }
    let mut left = interfaces.into_iter();
    let parts = iter::from_fn(|| {
        let part: Vec<_> = left.by_ref().take(each).collect();
        (!part.is_empty()).then_some(part)
    });
    let mut begun: Vec<_> = thread::scope(|scope| {
        let working: Vec<_> = parts.map(|part| scope.spawn(|| some_by_name(part))).collect();
        working.into_iter().flat_map(joined).collect()
    });
    // It finds what is in order already, and merges that.
    begun.sort_by(Begun::order);
    begun
}

fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// The same on one thread.
fn some_by_name<M: Memory>(interfaces: Vec<Arc<Interface<M>>>) -> Vec<Begun<M>> {
    // Of thousands of interfaces hardly anything is in the cache.
    for interface in interfaces.iter().take(AHEAD) {
        prefetch_whole(&**interface);
    }
    let mut begun = Vec::with_capacity(interfaces.len());
    let mut coming = interfaces.into_iter();
    while let Some(interface) = coming.next() {
        let coming = coming.as_slice();
        if let Some(next) = coming.get(2 * AHEAD) {
            prefetch_whole(&**next);
        }
        if let Some(next) = coming.get(AHEAD) {
            prefetch(&next.interface, 0);
        }
        begun.push(Begun::of(interface));
    }
    begun.sort_unstable_by(Begun::order);
    begun
}

/// Sorts each interface's edges, the largest first, on all threads: sections, and what is known of the interfaces, in the
/// interfaces' order. The interfaces end with it, which is as much work as any.
fn sorted<M: Memory>(
    interfaces: Vec<Begun<M>>,
    facets: (&Facets, Option<&[u32]>),
    threads: usize,
) -> Result<(Vec<Section<M>>, Vec<Named>), FoldError> {
    let threads = threads.min(interfaces.len()).max(1);
    let turns = turns(&interfaces);
    let interfaces: Vec<_> = interfaces
        .into_iter()
        .map(|begun| Mutex::new(Some(begun.interface)))
        .collect();
    // Each thing goes to its place at once: they are large, and made by the hundred thousand.
    let sections = places(interfaces.len());
    let standings = places(if M::EDGES { interfaces.len() } else { 0 });
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(&rank) = turns.get(next.fetch_add(1, atomic::Ordering::Relaxed)) {
            let Some(interface) = interfaces.get(rank).and_then(|interface| lock(interface).take()) else {
                continue;
            };
            let section = in_order(&interface, facets)?;
            if M::EDGES
                && let Some(named) = Named::of(&interface, &section)
            {
                put(&standings, rank, named);
            }
            if !section.entries.is_empty() {
                put(&sections, rank, section);
            }
        }
        Ok(())
    };
    if threads < 2 {
        work()?;
    } else {
        thread::scope(|scope| {
            let working: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            working.into_iter().try_for_each(joined)
        })?;
    }
    Ok((taken(sections), taken(standings)))
}

/// Places in the order in which their interfaces are sorted: those of many edges first, the greatest before all, so that the
/// threads end together; then as they stand.
fn turns<M: Memory>(interfaces: &[Begun<M>]) -> Vec<usize> {
    let of_size = |is_large: bool| {
        let numbered = interfaces.iter().enumerate();
        numbered.filter(move |(_, interface)| (interface.edges >= LARGE) == is_large)
    };
    let mut large: Vec<_> = of_size(true)
        .map(|(rank, interface)| (Reverse(interface.edges), rank))
        .collect();
    large.sort_unstable();
    let small = of_size(false).map(|(rank, _)| rank);
    large.into_iter().map(|(_, rank)| rank).chain(small).collect()
}

fn places<T>(count: usize) -> Vec<OnceLock<T>> {
    (0..count).map(|_| OnceLock::new()).collect()
}

/// Puts a thing in its place, which nobody else does.
fn put<T>(places: &[OnceLock<T>], rank: usize, thing: T) {
    if let Some(place) = places.get(rank) {
        place.get_or_init(|| thing);
    }
}

/// What has been put in places, in their order and in their memory.
fn taken<T>(places: Vec<OnceLock<T>>) -> Vec<T> {
    places.into_iter().filter_map(OnceLock::into_inner).collect()
}

fn in_order<M: Memory>(
    interface: &Interface<M>,
    (facets, ranks): (&Facets, Option<&[u32]>),
) -> Result<Section<M>, FoldError> {
    let (mut entries, wide, addresses) = interface.take().into_parts();
    let addresses = addresses.ranked();
    let facet = |number: u32| {
        ranks.map_or(number, |ranks| {
            ranks.get(number as usize).copied().unwrap_or_default()
        })
    };
    let is_renumbered = |entry: &&mut Entry<M>| ranks.is_some() || entry.key.has_v6();
    for entry in entries.iter_mut().filter(is_renumbered) {
        entry.key = entry.key.renumbered(|number| addresses.rank(number), facet);
    }
    entries.sort_unstable_by_key(|entry| entry.key);
    let mut section = Section {
        account: Arc::clone(&interface.account),
        interface: Arc::clone(&interface.interface),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_come_in_the_order_of_their_names_however_these_begin() {
        let sixteen = "1234567890123456";
        let long = format!("eni-{}", "0".repeat(24));
        let names = [
            "-",
            "",
            "\0",
            "a",
            "a\0",
            "a\0b",
            "ab",
            "--",
            "!",
            sixteen,
            "1234567890123456-",
            "1234567890123456\u{1}",
            "12345678901234567",
            "12345678901234568",
            &long,
            "eni-1",
        ];
        let more = [format!("{long}1"), format!("{long}2")];
        // Enough of them for several threads.
        let many: Vec<String> = (0..60).map(|number| format!("eni-{number:017}")).collect();
        let more = more.iter().chain(&many).map(String::as_str);
        let names: Vec<&str> = names.into_iter().chain(more).collect();
        let tables = Tables::<()>::new(None);
        let mut expected = Vec::new();
        for account in &names {
            for interface in &names {
                tables
                    .interface(account.as_bytes(), interface.as_bytes())
                    .unwrap();
                expected.push((*account, *interface));
            }
        }
        expected.sort_by(|one, other| {
            let [one, other] = [one, other].map(|names| (names.0.as_bytes(), names.1.as_bytes()));
            names_order(one, other)
        });
        let expected: Vec<_> = expected
            .iter()
            .map(|(account, interface)| (account.as_bytes(), interface.as_bytes()))
            .collect();
        let interfaces = tables.take_interfaces();
        for threads in [1, 3] {
            let ordered = by_name(interfaces.clone(), threads);
            let found: Vec<_> = ordered
                .iter()
                .map(|found| (&*found.interface.account, &*found.interface.interface))
                .collect();
            assert_eq!(found, expected, "{threads} threads");
        }
    }
}
