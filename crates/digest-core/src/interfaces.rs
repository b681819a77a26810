//! The interfaces that a thread has met: found by their names, each with its log.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::index::Index;
use crate::log::Log;
use crate::memory::Memory;
use crate::met::Noted;
use crate::tables::Interface;
use crate::vector::{prefetch, prefetch_whole};

/// Bytes of account and interface that are kept beside an interface's log: AWS's take 33 and 24.
const NEAR: usize = 46;

/// A thread's interfaces.
#[derive(Debug)]
pub(crate) struct Interfaces<M: Memory> {
    hasher: RandomState,
    index: Index,
    known: Vec<Known<M>>,
}

/// An interface that the thread has met. What is looked at for each burst of records lies side by side.
#[derive(Debug)]
pub(crate) struct Known<M: Memory> {
    pub(crate) log: Log,
    pub(crate) interface: Arc<Interface<M>>,
    /// What has not been told of it.
    pub(crate) noted: Option<Noted>,
    names: Names,
}

/// Account and interface, if they are short.
#[derive(Debug)]
struct Names {
    account: u8,
    interface: u8,
    bytes: [u8; NEAR],
}

impl Names {
    fn of(account: &[u8], interface: &[u8]) -> Option<Self> {
        let mut bytes = [0; NEAR];
        let all = account.len() + interface.len();
        bytes.get_mut(..account.len())?.copy_from_slice(account);
        bytes.get_mut(account.len()..all)?.copy_from_slice(interface);
        Some(Self {
            account: account.len() as u8,
            interface: interface.len() as u8,
            bytes,
        })
    }

    /// Whether these are the names; false, too, where they are too long to be kept here.
    #[inline]
    fn are(&self, account: &[u8], interface: &[u8]) -> bool {
        let (first, all) = (account.len(), account.len() + interface.len());
        usize::from(self.account) == first
            && usize::from(self.interface) == interface.len()
            && self.bytes.get(..first) == Some(account)
            && self.bytes.get(first..all) == Some(interface)
    }
}

impl<M: Memory> Interfaces<M> {
    pub(crate) fn new() -> Self {
        Self {
            hasher: RandomState::default(),
            index: Index::default(),
            known: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// The hash that an interface is found by; asks for the memory that [`Interfaces::expect_names`] will need.
    #[inline]
    pub(crate) fn expect(&self, account: &[u8], interface: &[u8]) -> u64 {
        let hash = self.hasher.hash_one((account, interface));
        self.index.expect(hash);
        hash
    }

    /// Asks for the memory that [`Interfaces::find`] will need.
    #[inline]
    pub(crate) fn expect_names(&self, hash: u64) {
        if let Some(known) = self.known.get(self.index.near(hash)) {
            prefetch_whole(known);
        }
    }

    /// Asks for the memory where an interface's next records go, their intervals and their IPv6 addresses.
    #[inline]
    pub(crate) fn expect_log(&self, at: u32) {
        if let Some(known) = self.known.get(at as usize) {
            let Log {
                records,
                intervals,
                addresses,
            } = &known.log;
            prefetch(records, records.len().wrapping_sub(1));
            prefetch(intervals, intervals.len().wrapping_sub(1));
            prefetch(addresses, addresses.len().wrapping_sub(1));
        }
    }

    /// Asks for the memory that [`Interfaces::expect_shared`] will need.
    #[inline]
    pub(crate) fn expect_known(&self, at: u32) {
        if let Some(known) = self.known.get(at as usize) {
            prefetch_whole(&known.interface);
        }
    }

    /// Asks for the memory that [`Interfaces::expect_name`] will need.
    #[inline]
    pub(crate) fn expect_shared(&self, at: u32) {
        if let Some(known) = self.known.get(at as usize) {
            prefetch_whole(&known.interface.interface);
        }
    }

    /// Asks for the memory of an interface's name.
    #[inline]
    pub(crate) fn expect_name(&self, at: u32) {
        if let Some(known) = self.known.get(at as usize) {
            prefetch(&known.interface.interface, 0);
        }
    }

    /// The number of an interface that has been met.
    #[inline]
    pub(crate) fn find(&self, hash: u64, account: &[u8], interface: &[u8]) -> Option<u32> {
        let is = |at: usize| {
            self.known
                .get(at)
                .is_some_and(|known| known.is(account, interface))
        };
        self.index.find(hash, is).ok().map(|at| at as u32)
    }

    /// Adds an interface that has not been met; `None` if there are too many.
    pub(crate) fn meet(&mut self, hash: u64, interface: Arc<Interface<M>>) -> Option<u32> {
        let at = u32::try_from(self.known.len()).ok()?;
        if !self.index.has_room(self.known.len() + 1) {
            let hasher = &self.hasher;
            let hashes = self.known.iter().map(|known| {
                let Interface {
                    account, interface, ..
                } = &*known.interface;
                hasher.hash_one((&**account, &**interface))
            });
            if !self.index.widen(2 * (self.known.len() + 1), hashes) {
                return None;
            }
        }
        let slot = self.index.find(hash, |_| false).unwrap_or_else(|slot| slot);
        self.index.set(slot, self.known.len(), hash);
        self.known.push(Known {
            log: Log::default(),
            noted: None,
            names: Names::of(&interface.account, &interface.interface).unwrap_or(Names {
                account: 0,
                interface: u8::MAX,
                bytes: [0; NEAR],
            }),
            interface,
        });
        Some(at)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, at: u32) -> Option<&mut Known<M>> {
        self.known.get_mut(at as usize)
    }

    #[inline]
    pub(crate) fn get(&self, at: u32) -> Option<&Known<M>> {
        self.known.get(at as usize)
    }

    /// Forgets all interfaces.
    pub(crate) fn clear(&mut self) {
        self.index.clear();
        self.known.clear();
    }
}

impl<M: Memory> Known<M> {
    #[inline]
    fn is(&self, account: &[u8], interface: &[u8]) -> bool {
        self.names.are(account, interface)
            || account.len() + interface.len() > NEAR
                && *self.interface.account == *account
                && *self.interface.interface == *interface
    }
}
