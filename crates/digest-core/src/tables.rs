//! What all threads of a digest share: a table for each interface, the numbers of facets.
//!
//! Interfaces come in bursts and are many, so that two threads seldom want the same table at once; and what a thread
//! brings to a table comes by the hundred (`logs.rs`), so that one lock serves many records.

use std::collections::HashSet;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::address::Address;
use crate::error::FoldError;
use crate::facet;
use crate::flow_record::ABSENT;
use crate::intern::Interner;
use crate::key::{KeyAddress, Seeds};
use crate::memory::Memory;
use crate::spill::Budget;
use crate::spilling::Spilling;
use crate::standing::Standing;
use crate::table::{Overflow, Table};

/// Parts that interfaces are kept in.
const REGISTRIES: usize = 16;
/// Bytes that a facet takes beside its own, which are held twice when facets are put in order, about.
const HELD_EACH: usize = 96;

/// All groups of a digest in the making.
#[derive(Debug)]
pub(crate) struct Tables<M: Memory> {
    pub(crate) seeds: Seeds,
    hasher: RandomState,
    /// Each has the interfaces whose hashes are its own, so that two threads seldom want one at once.
    registries: [Mutex<Registry<M>>; REGISTRIES],
    facets: Mutex<Interner<Vec<u8>>>,
    pub(crate) spilling: Spilling<M>,
}

/// One interface of one account.
#[derive(Debug)]
pub(crate) struct Interface<M: Memory> {
    /// Names are shared with whoever is told of the interface.
    pub(crate) account: Arc<[u8]>,
    pub(crate) interface: Arc<[u8]>,
    table: Mutex<Table<M>>,
    standing: Mutex<Standing>,
}

/// The interfaces by name.
#[derive(Debug)]
struct Registry<M: Memory> {
    /// Places, with the names' hashes: where the index grows, no name is read, and where names are sought hardly any but them.
    index: HashTable<(u64, u32)>,
    interfaces: Vec<Arc<Interface<M>>>,
    accounts: HashSet<Arc<[u8]>>,
}

impl<M: Memory> Tables<M> {
    pub(crate) fn new(budget: Option<Budget>) -> Self {
        Self {
            seeds: Seeds::draw(),
            hasher: RandomState::default(),
            registries: std::array::from_fn(|_| Mutex::new(Registry::new())),
            facets: Mutex::new(Interner::new()),
            spilling: Spilling::new(budget),
        }
    }

    /// Forgets interfaces and facets; no number of theirs means anything any more.
    pub(crate) fn clear(&self) {
        self.take_interfaces();
        *lock(&self.facets) = Interner::new();
    }

    /// The interface of these names, new or known.
    pub(crate) fn interface(&self, account: &[u8], interface: &[u8]) -> Result<Arc<Interface<M>>, FoldError> {
        let hash = self.hasher.hash_one((account, interface));
        // The index takes the lowest bits and the highest.
        let registry = self.registries.get((hash >> 32) as usize % REGISTRIES);
        let mut registry = lock(registry.ok_or_else(|| too_many("interfaces"))?);
        let Registry {
            index,
            interfaces,
            accounts,
        } = &mut *registry;
        let same = |&(of, at): &(u64, u32)| {
            of == hash
                && interfaces
                    .get(at as usize)
                    .is_some_and(|known| *known.interface == *interface && *known.account == *account)
        };
        if let Some(&(_, at)) = index.find(hash, same)
            && let Some(known) = interfaces.get(at as usize)
        {
            return Ok(Arc::clone(known));
        }
        let at = u32::try_from(interfaces.len()).map_err(|_| too_many("interfaces"))?;
        let account = match accounts.get(account) {
            Some(known) => Arc::clone(known),
            None => {
                let new: Arc<[u8]> = account.into();
                accounts.insert(Arc::clone(&new));
                new
            }
        };
        let new = Arc::new(Interface {
            account,
            interface: interface.into(),
            table: Mutex::new(Table::new()),
            standing: Mutex::default(),
        });
        interfaces.push(Arc::clone(&new));
        index.insert_unique(hash, (hash, at), |&(hash, _)| hash);
        Ok(new)
    }

    /// The number of a facet, new or known.
    pub(crate) fn facet(&self, facet: &[u8]) -> Result<u32, FoldError> {
        let mut facets = lock(&self.facets);
        let before = facets.values().len();
        let number = facets.intern(facet).ok_or_else(|| too_many("facets of edges"))?;
        if facets.values().len() > before {
            self.spilling.charge(HELD_EACH + 2 * facet.len());
        }
        Ok(number)
    }

    /// Takes all interfaces seen so far away, in no order.
    pub(crate) fn take_interfaces(&self) -> Vec<Arc<Interface<M>>> {
        let mut all = Vec::new();
        for registry in &self.registries {
            let Registry { mut interfaces, .. } = std::mem::replace(&mut *lock(registry), Registry::new());
            all.append(&mut interfaces);
        }
        all
    }

    /// The facets, by number.
    pub(crate) fn facets(&self) -> Vec<Vec<u8>> {
        lock(&self.facets).values().to_vec()
    }

    /// An overflow, with the edge in words.
    #[cold]
    pub(crate) fn overflow(&self, interface: &Interface<M>, overflow: Overflow) -> FoldError {
        let Overflow { measure, key } = overflow;
        let address = |address: KeyAddress| {
            IpAddr::from(match address {
                KeyAddress::V4(value) => Address::V4(value),
                KeyAddress::V6(number) => Address::V6(interface.table().address(number).unwrap_or_default()),
            })
        };
        let name = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        let action = lock(&self.facets)
            .get(key.facet())
            .map_or_else(|| name(ABSENT), |facet| name(facet::parts(facet).0));
        let (src, dst) = (address(key.src()), address(key.dst()));
        let ports = key
            .ports()
            .map_or("- -".to_owned(), |(src, dst)| format!("{src} {dst}"));
        let (account, interface) = (name(&interface.account), name(&interface.interface));
        FoldError::Overflow {
            measure,
            edge: format!(
                "{account} {interface} {src} {dst} {ports} {} {action}",
                key.protocol()
            ),
        }
    }
}

impl<M: Memory> Registry<M> {
    fn new() -> Self {
        Self {
            index: HashTable::new(),
            interfaces: Vec::new(),
            accounts: HashSet::new(),
        }
    }
}

impl<M: Memory> Interface<M> {
    /// The interface's groups.
    pub(crate) fn table(&self) -> MutexGuard<'_, Table<M>> {
        lock(&self.table)
    }

    /// What is known of the interface as a whole.
    pub(crate) fn standing(&self) -> MutexGuard<'_, Standing> {
        lock(&self.standing)
    }

    /// Takes the groups away.
    pub(crate) fn take(&self) -> Table<M> {
        std::mem::replace(&mut *self.table(), Table::new())
    }
}

/// A panic in another thread is passed on by the scope; until then its data is still whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cold]
pub(crate) fn too_many(measure: &'static str) -> FoldError {
    FoldError::Overflow {
        measure,
        edge: "more distinct values than a digest can number".to_owned(),
    }
}
