//! Which interface an address belongs to, as far as a digest tells: an interface's own address is the one that all of its
//! edges have in common.

use std::net::IpAddr;
use std::sync::Arc;

use crate::edges::{Edges, ReadError};
use crate::filter::Filter;
use crate::seen_by::SeenBy;
use crate::sources::{Answer, AskError, Source, Standing, ask};
use crate::subject::ABSENT;
use digest_core::{Edge, SharedAddress};
use digest_tables::{InterfacesTable, TableReadError, Wanted};
use foldhash::fast::RandomState;

type HashMap<K, V> = hashbrown::HashMap<K, V, RandomState>;

/// Addresses whose interface is known.
#[derive(Debug, Clone, Default)]
pub struct Observers {
    owners: HashMap<IpAddr, Owner>,
    /// Own addresses of each interface whose own addresses are known: one of each family.
    own: HashMap<Vec<u8>, Vec<IpAddr>>,
}

/// The interface that an address belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its id.
    pub interface: Arc<str>,
    /// Its account.
    pub account: Arc<str>,
    /// What a table says of it in the columns that were asked for.
    pub label: Option<Arc<str>>,
}

/// What an interface's own address may be.
#[derive(Debug)]
struct Candidates {
    account: Vec<u8>,
    left: [Option<IpAddr>; 2],
}

/// Candidates on their way.
#[derive(Debug, Default)]
struct Learning(HashMap<Vec<u8>, Candidates>);

fn note(known: &mut HashMap<Vec<u8>, Candidates>, edge: &Edge<'_>) {
    let ends = [edge.srcaddr, edge.dstaddr];
    match known.get_mut(edge.interface_id) {
        Some(candidates) => candidates.keep(&ends.map(Some)),
        None => {
            let candidates = Candidates {
                account: edge.account_id.to_vec(),
                left: ends.map(Some),
            };
            known.insert(edge.interface_id.to_vec(), candidates);
        }
    }
}

impl Candidates {
    /// Keeps those that are among these.
    fn keep(&mut self, ends: &[Option<IpAddr>; 2]) {
        for left in &mut self.left {
            *left = left.filter(|address| ends.contains(&Some(*address)));
        }
    }
}

impl Answer for Learning {
    fn take(&mut self, _: Standing, edge: &Edge<'_>) -> Result<(), AskError> {
        note(&mut self.0, edge);
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<(), AskError> {
        for (interface, candidates) in other.0 {
            match self.0.get_mut(&interface) {
                Some(known) => known.keep(&candidates.left),
                None => {
                    self.0.insert(interface, candidates);
                }
            }
        }
        Ok(())
    }
}

impl Observers {
    /// Reads a whole digest.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn learn(edges: &mut Edges) -> Result<Self, ReadError> {
        let mut known = HashMap::default();
        edges.for_each::<ReadError>(|line| {
            note(&mut known, &line.edge);
            Ok(())
        })?;
        Ok(Self::of(known))
    }

    /// The same of several sources, which may be tables, by the edges of which the filter holds. Those of one host tell of
    /// its own interface and of those of its peers.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn ask(sources: &mut [Source], filter: &Filter) -> Result<Self, AskError> {
        let learnt = ask(sources, Wanted::default(), filter, Learning::default)?;
        Ok(Self::of(learnt.0))
    }

    fn of(known: HashMap<Vec<u8>, Candidates>) -> Self {
        let mut observers = Self::default();
        // Those that talk with several first: they tell which end of a lone pair is another's.
        let (sure, lone): (Vec<_>, Vec<_>) = known
            .into_iter()
            .filter(|(interface, _)| interface != b"-")
            .partition(|(_, candidates)| candidates.left.iter().flatten().count() == 1);
        for (interface, candidates) in sure {
            if let Some(own) = candidates.left.iter().flatten().next() {
                observers.add(interface, &candidates.account, *own, None);
            }
        }
        let sure = observers.owners.clone();
        for (interface, candidates) in lone {
            if let [Some(one), Some(other)] = candidates.left {
                match (sure.contains_key(&one), sure.contains_key(&other)) {
                    (true, false) => observers.add(interface, &candidates.account, other, None),
                    (false, true) => observers.add(interface, &candidates.account, one, None),
                    _ => {}
                }
            }
        }
        observers
    }

    /// What tables of interfaces say, the later ones' word before that of the earlier: the address in common is an
    /// interface's own. Labels are what stands first in these columns.
    ///
    /// # Errors
    /// [`TableReadError`].
    pub fn of_tables(tables: &[InterfacesTable], columns: &[String]) -> Result<Self, TableReadError> {
        let mut all = Self::default();
        for table in tables {
            let (mut observers, mut lone) = (Self::default(), Vec::new());
            for group in 0..table.groups() {
                for row in table.read(group)? {
                    let label = columns.iter().find_map(|column| row.fact(column));
                    let label = label.map(|label| Arc::from(String::from_utf8_lossy(label).as_ref()));
                    let account = row.account_id.as_deref().unwrap_or(ABSENT);
                    let Some(interface) = &row.interface_id else {
                        continue;
                    };
                    let mut add = |own: IpAddr| observers.add(interface.clone(), account, own, label.clone());
                    match row.ipv4 {
                        SharedAddress::One(own) => add(own.into()),
                        SharedAddress::Two(one, other) => {
                            lone.push((
                                interface.clone(),
                                account.to_vec(),
                                label.clone(),
                                one.into(),
                                other.into(),
                            ));
                        }
                        SharedAddress::Unseen | SharedAddress::None => {}
                    }
                    if let SharedAddress::One(own) = row.ipv6 {
                        observers.add(interface.clone(), account, own.into(), label);
                    }
                }
            }
            let sure = observers.owners.clone();
            for (interface, account, label, one, other) in lone {
                match (sure.contains_key(&one), sure.contains_key(&other)) {
                    (true, false) => observers.add(interface, &account, other, label),
                    (false, true) => observers.add(interface, &account, one, label),
                    _ => {}
                }
            }
            all = observers.or(all);
        }
        Ok(all)
    }

    /// The own addresses of an interface, as far as they are known.
    #[must_use]
    pub fn addresses(&self, interface: &[u8]) -> &[IpAddr] {
        self.own.get(interface).map_or(&[], Vec::as_slice)
    }

    /// Whether the edge was told by its source's own interface, and whether by its destination's.
    #[must_use]
    pub fn sides(&self, edge: &Edge<'_>) -> (bool, bool) {
        let own = self.addresses(edge.interface_id);
        (own.contains(&edge.srcaddr), own.contains(&edge.dstaddr))
    }

    fn add(&mut self, interface: Vec<u8>, account: &[u8], own: IpAddr, label: Option<Arc<str>>) {
        let text = |name: &[u8]| Arc::from(String::from_utf8_lossy(name).as_ref());
        let owner = Owner {
            interface: text(&interface),
            account: text(account),
            label,
        };
        self.owners.insert(own, owner);
        self.own.entry(interface).or_default().push(own);
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

    /// Who told of edges, which come in the order of their interfaces as a rule.
    pub(crate) fn sights(&self) -> Sights<'_> {
        Sights {
            observers: self,
            interface: Vec::new(),
            own: self.addresses(&[]),
        }
    }

    /// The interface that an address belongs to.
    #[must_use]
    pub fn owner(&self, address: IpAddr) -> Option<&Owner> {
        self.owners.get(&address)
    }
}

/// Who told of edges, one after the other.
#[derive(Debug)]
pub(crate) struct Sights<'o> {
    observers: &'o Observers,
    /// The last edge's interface, and its own addresses.
    interface: Vec<u8>,
    own: &'o [IpAddr],
}

impl Sights<'_> {
    /// Who told of an edge, and whether the same traffic is told by another: a flow between two interfaces that both log is
    /// seen by both, and the source's own counts. What was rejected is told where it was rejected, and counts there.
    #[inline]
    pub(crate) fn of(&mut self, edge: &Edge<'_>) -> (SeenBy, bool) {
        if self.interface != edge.interface_id {
            self.interface.clear();
            self.interface.extend_from_slice(edge.interface_id);
            self.own = self.observers.addresses(edge.interface_id);
        }
        let seen = SeenBy {
            source: self.own.contains(&edge.srcaddr),
            destination: self.own.contains(&edge.dstaddr),
        };
        let may_be_second = seen.destination && !seen.source && edge.action == b"ACCEPT";
        let is_second = may_be_second && self.observers.owners.contains_key(&edge.srcaddr);
        (seen, is_second)
    }
}
