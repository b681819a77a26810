//! Which interface an address belongs to, as far as a digest tells: an interface's own address is the one that all of its
//! edges have in common.

use std::net::IpAddr;
use std::sync::Arc;

use digest_core::Edge;
use std::collections::HashMap;

use crate::edges::{Edges, ReadError};

/// Addresses whose interface is known.
#[derive(Debug, Clone, Default)]
pub struct Observers {
    owners: HashMap<IpAddr, Owner>,
    /// Own address of each interface whose own address is known.
    own: HashMap<Vec<u8>, IpAddr>,
}

/// The interface that an address belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its id.
    pub interface: Arc<str>,
    /// Its account.
    pub account: Arc<str>,
}

/// What an interface's own address may be.
#[derive(Debug)]
struct Candidates {
    account: Vec<u8>,
    left: [Option<IpAddr>; 2],
}

impl Observers {
    /// Reads a whole digest.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn learn(edges: &mut Edges) -> Result<Self, ReadError> {
        let mut known: HashMap<Vec<u8>, Candidates> = HashMap::new();
        edges.for_each::<ReadError>(|line| {
            let edge = &line.edge;
            let ends = [edge.srcaddr, edge.dstaddr];
            match known.get_mut(edge.interface_id) {
                Some(candidates) => {
                    for left in &mut candidates.left {
                        *left = left.filter(|address| ends.contains(address));
                    }
                }
                None => {
                    let candidates = Candidates {
                        account: edge.account_id.to_vec(),
                        left: ends.map(Some),
                    };
                    known.insert(edge.interface_id.to_vec(), candidates);
                }
            }
            Ok(())
        })?;
        let mut observers = Self::default();
        // Those that talk with several first: they tell which end of a lone pair is another's.
        let (sure, lone): (Vec<_>, Vec<_>) = known
            .into_iter()
            .filter(|(interface, _)| interface != b"-")
            .partition(|(_, candidates)| candidates.left.iter().flatten().count() == 1);
        for (interface, candidates) in sure {
            if let Some(own) = candidates.left.iter().flatten().next() {
                observers.add(interface, &candidates.account, *own);
            }
        }
        let sure = observers.owners.clone();
        for (interface, candidates) in lone {
            if let [Some(one), Some(other)] = candidates.left {
                match (sure.contains_key(&one), sure.contains_key(&other)) {
                    (true, false) => observers.add(interface, &candidates.account, other),
                    (false, true) => observers.add(interface, &candidates.account, one),
                    _ => {}
                }
            }
        }
        Ok(observers)
    }

    fn add(&mut self, interface: Vec<u8>, account: &[u8], own: IpAddr) {
        let text = |name: &[u8]| Arc::from(String::from_utf8_lossy(name).as_ref());
        let owner = Owner {
            interface: text(&interface),
            account: text(account),
        };
        self.owners.insert(own, owner);
        self.own.insert(interface, own);
    }

    /// What either knows; where both do, what this one does.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        for (address, owner) in other.owners {
            self.owners.entry(address).or_insert(owner);
        }
        for (interface, own) in other.own {
            self.own.entry(interface).or_insert(own);
        }
        self
    }

    /// The interface that an address belongs to.
    #[must_use]
    pub fn owner(&self, address: IpAddr) -> Option<&Owner> {
        self.owners.get(&address)
    }

    /// Whether the same traffic is told by another edge: a flow between two interfaces that both log is seen by
    /// both, and the source's own counts. What was rejected is told where it was rejected, and counts there.
    #[must_use]
    pub fn is_second_sight(&self, edge: &Edge<'_>) -> bool {
        edge.action == b"ACCEPT"
            && self.owners.contains_key(&edge.srcaddr)
            && self
                .own
                .get(edge.interface_id)
                .is_some_and(|own| *own == edge.dstaddr && *own != edge.srcaddr)
    }
}
