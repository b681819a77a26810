//! Tables in order: each interface's edges are sorted by themselves, on all threads and mostly in cache.

use std::cmp::{Ordering, Reverse};
use std::sync::atomic::{self, AtomicUsize};
use std::sync::{Arc, Mutex};
use std::thread;

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

/// Sections, facets by rank, and what is known of the interfaces.
pub(crate) type Ordered<M> = (Vec<Section<M>>, Facets, Vec<Named>);

/// Takes all groups out of tables whose every log has been folded: sections in order, facets by rank, and what is known of
/// the interfaces, in the same order.
pub(crate) fn sections_in_order<M: Memory>(
    tables: &Tables<M>,
    threads: usize,
) -> Result<Ordered<M>, FoldError> {
    let (facets, ranks) = Facets::ranked(tables.facets());
    let interfaces = by_name(tables.take_interfaces());
    // Numbers that are ranks already are left as they are.
    let are_ranks = (0..).zip(&ranks).all(|(number, &rank): (u32, _)| number == rank);
    let ranks = (!are_ranks).then_some(&*ranks);
    let all = interfaces.len();
    let made = sorted(interfaces, (&facets, ranks), threads)?;
    let (sections, standings): (Vec<_>, Vec<_>) = made.into_iter().unzip();
    let standings = by_rank(standings, all).into_iter().map(|standing| *standing);
    Ok((by_rank(sections, all), facets, standings.collect()))
}

/// Puts things in the order of their ranks, without sorting: they are large, and each goes to its place at once.
fn by_rank<T>(lists: Vec<Vec<(usize, T)>>, ranks: usize) -> Vec<T> {
    let mut ordered: Vec<Option<T>> = (0..ranks).map(|_| None).collect();
    for (rank, thing) in lists.into_iter().flatten() {
        if let Some(place) = ordered.get_mut(rank) {
            *place = Some(thing);
        }
    }
    ordered.into_iter().flatten().collect()
}

/// What a thread has made of interfaces, each with its interface's place among all. What is known of an interface is large and made
/// by the hundred thousand: lists that grow by moving it would hold a tenth more memory at their peak.
type Made<M> = (Vec<(usize, Section<M>)>, Vec<(usize, Box<Named>)>);

/// An interface and the first bytes of its names, by which most interfaces are put in order without a look at the names.
struct Begun<M: Memory> {
    account: [u8; 12],
    name: [u8; 24],
    /// Whether no other account begins with the same bytes.
    is_whole: bool,
    /// How many edges it has.
    edges: usize,
    interface: Arc<Interface<M>>,
}

impl<M: Memory> Begun<M> {
    fn of(interface: Arc<Interface<M>>) -> Self {
        let account = &*interface.account;
        let edges = interface.table().len();
        Self {
            account: begin(account),
            name: begin(&interface.interface),
            is_whole: (1..=12).contains(&account.len()) && !account.contains(&0),
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

/// The first bytes of a name; none of `-`, which comes before every name.
fn begin<const N: usize>(name: &[u8]) -> [u8; N] {
    let mut begin = [0; N];
    if name != ABSENT {
        for (to, from) in begin.iter_mut().zip(name) {
            *to = *from;
        }
    }
    begin
}

/// Puts interfaces in the order of their names.
fn by_name<M: Memory>(interfaces: Vec<Arc<Interface<M>>>) -> Vec<Begun<M>> {
    // Of thousands of interfaces hardly anything is in the cache.
    for interface in interfaces.iter().take(AHEAD) {
        prefetch_whole(&**interface);
    }
    let mut begun = Vec::with_capacity(interfaces.len());
    for (at, interface) in interfaces.iter().enumerate() {
        if let Some(next) = interfaces.get(at + 2 * AHEAD) {
            prefetch_whole(&**next);
        }
        if let Some(next) = interfaces.get(at + AHEAD) {
            prefetch(&next.interface, 0);
        }
        begun.push(Begun::of(Arc::clone(interface)));
    }
    begun.sort_unstable_by(Begun::order);
    begun
}

/// Sorts each interface's edges, the largest first, on all threads. The interfaces end with it, which is as much work as any.
fn sorted<M: Memory>(
    interfaces: Vec<Begun<M>>,
    facets: (&Facets, Option<&[u32]>),
    threads: usize,
) -> Result<Vec<Made<M>>, FoldError> {
    let threads = threads.min(interfaces.len()).max(1);
    let edges = interfaces.iter().map(|interface| Reverse(interface.edges));
    let mut by_size: Vec<_> = edges.zip(0..).collect();
    by_size.sort_unstable();
    let interfaces: Vec<_> = interfaces
        .into_iter()
        .map(|begun| Mutex::new(Some(begun.interface)))
        .collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut sections, mut standings) = (Vec::new(), Vec::new());
        while let Some(&(_, rank)) = by_size.get(next.fetch_add(1, atomic::Ordering::Relaxed)) {
            let Some(interface) = interfaces.get(rank).and_then(|interface| lock(interface).take()) else {
                continue;
            };
            let section = in_order(&interface, facets)?;
            if M::EDGES {
                standings.extend(Named::of(&interface, &section).map(|named| (rank, Box::new(named))));
            }
            if !section.entries.is_empty() {
                sections.push((rank, section));
            }
        }
        Ok((sections, standings))
    };
    if threads < 2 {
        return Ok(vec![work()?]);
    }
    thread::scope(|scope| {
        let working: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let joined = working.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        joined.collect()
    })
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
        let twelve = "123456789012";
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
            twelve,
            "1234567890123",
            "1234567890124",
            &long,
            "eni-1",
        ];
        let more = [format!("{long}1"), format!("{long}2")];
        let names: Vec<&str> = names.into_iter().chain(more.iter().map(String::as_str)).collect();
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
        let ordered = by_name(tables.take_interfaces());
        let found: Vec<_> = ordered
            .iter()
            .map(|found| (&*found.interface.account, &*found.interface.interface))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(account, interface)| (account.as_bytes(), interface.as_bytes()))
            .collect();
        assert_eq!(found, expected);
    }
}
