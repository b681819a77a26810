//! Where interfaces' records were delivered: the account, the region and the flow logs that the keys of their objects
//! name.
//!
//! No column of a record has to say the region, and a format may lack the account; the key of a flow log's object has
//! both. An interface belongs to one region, so what its objects' keys say is true of its edges. Where objects of several
//! accounts or regions name one interface, nothing is said rather than one of them; likewise of records that name no
//! interface, unless all objects are of one account or region.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::RandomState;

/// Accounts and regions of the interfaces of a digest.
#[derive(Debug, Default)]
pub struct Origins {
    names: Vec<String>,
    /// Of all objects; nothing before the first.
    all: Option<Numbers>,
    interfaces: HashMap<Arc<[u8]>, Numbers, RandomState>,
    /// Sets of flow logs, by the numbers of their names; the first one is empty.
    sets: Vec<BTreeSet<usize>>,
    by_set: HashMap<BTreeSet<usize>, usize>,
}

/// Where the records of an interface were delivered. Nothing where that is not one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin<'o> {
    /// Account of the objects' keys.
    pub account: Option<&'o str>,
    /// Region of the objects' keys.
    pub region: Option<&'o str>,
}

/// An account, a region and a flow log that keys name.
#[derive(Debug, Clone, Copy)]
pub struct Delivery {
    here: Numbers,
    flow_log: Option<usize>,
}

/// Account and region by number, and the flow logs by that of their set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Numbers {
    account: Option<usize>,
    region: Option<usize>,
    flow_logs: usize,
}

impl Origins {
    /// Enters an object whose key names this account and region (`-` where it names none) and this flow log (empty where it
    /// names none), and the interfaces that its rows name.
    pub fn enter<'i>(
        &mut self,
        account: &str,
        region: &str,
        flow_log: &str,
        interfaces: impl IntoIterator<Item = &'i Arc<[u8]>>,
    ) {
        let delivery = self.delivery(account, region, flow_log);
        self.all = Some(self.both(self.all, delivery));
        for interface in interfaces {
            self.name(delivery, interface);
        }
    }

    /// What [`Origins::name`] needs of where objects were delivered.
    pub fn delivery(&mut self, account: &str, region: &str, flow_log: &str) -> Delivery {
        let here = Numbers {
            account: self.number(account),
            region: self.number(region),
            flow_logs: 0,
        };
        let flow_log = if flow_log.is_empty() {
            None
        } else {
            self.number(flow_log)
        };
        Delivery { here, flow_log }
    }

    /// Rows of an object that was delivered there, and that is entered by itself, name this interface.
    pub fn name(&mut self, delivery: Delivery, interface: &Arc<[u8]>) {
        // Most are known, and nothing new is said of them.
        let known = self.interfaces.get(interface).copied();
        let both = self.both(known, delivery);
        if known != Some(both) {
            self.interfaces.insert(Arc::clone(interface), both);
        }
    }

    /// Makes room for so many interfaces.
    pub fn reserve(&mut self, interfaces: usize) {
        self.interfaces
            .reserve(interfaces.saturating_sub(self.interfaces.len()));
    }

    /// What was known and what is said here, with one flow log more.
    fn both(&mut self, known: Option<Numbers>, Delivery { here, flow_log }: Delivery) -> Numbers {
        let mut both = known.map_or(here, |known| known.with(here));
        let set = self.sets.get(both.flow_logs);
        if let Some(flow_log) = flow_log
            && set.is_none_or(|set| !set.contains(&flow_log))
        {
            let mut set = set.cloned().unwrap_or_default();
            set.insert(flow_log);
            if self.sets.is_empty() {
                self.sets.push(BTreeSet::new());
            }
            both.flow_logs = match self.by_set.get(&set) {
                Some(&number) => number,
                None => {
                    self.sets.push(set.clone());
                    self.by_set.insert(set, self.sets.len() - 1);
                    self.sets.len() - 1
                }
            };
        }
        both
    }

    /// The flow logs whose objects name this interface, in the order of their names. None where that is not known.
    #[must_use]
    pub fn flow_logs(&self, interface: &[u8]) -> Vec<&str> {
        let set = |numbers: Numbers| self.sets.get(numbers.flow_logs);
        let named = self.interfaces.get(interface).copied().and_then(set);
        // Nobody has noted it: that is so where there is but one.
        let only = || self.all.and_then(set).filter(|set| set.len() == 1);
        let Some(set) = named.or_else(only) else {
            return Vec::new();
        };
        let names = set.iter().filter_map(|&number| self.names.get(number));
        let mut names: Vec<&str> = names.map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// Where records of this interface were delivered.
    #[must_use]
    pub fn of(&self, interface: &[u8]) -> Origin<'_> {
        let Some(numbers) = self.interfaces.get(interface).copied().or(self.all) else {
            return Origin::default();
        };
        let name = |number: usize| self.names.get(number).map(String::as_str);
        Origin {
            account: numbers.account.and_then(name),
            region: numbers.region.and_then(name),
        }
    }

    /// Accounts, regions and flow logs are few: a list is as good as any.
    fn number(&mut self, name: &str) -> Option<usize> {
        if name == "-" {
            return None;
        }
        let known = self.names.iter().position(|known| known == name);
        Some(known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        }))
    }
}

impl Numbers {
    /// What both agree on.
    fn with(self, other: Self) -> Self {
        Self {
            account: self.account.filter(|_| self.account == other.account),
            region: self.region.filter(|_| self.region == other.region),
            flow_logs: self.flow_logs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_is_where_all_of_its_objects_are() {
        let mut origins = Origins::default();
        assert_eq!(origins.of(b"eni-1"), Origin::default());
        let eni = |name: &str| Arc::<[u8]>::from(name.as_bytes());
        origins.enter("1", "eu-west-1", "fl-2", &[eni("eni-1"), eni("eni-2")]);
        assert_eq!(
            (origins.flow_logs(b"eni-1"), origins.flow_logs(b"-")),
            (vec!["fl-2"], vec!["fl-2"])
        );
        let first = Origin {
            account: Some("1"),
            region: Some("eu-west-1"),
        };
        assert_eq!((origins.of(b"eni-1"), origins.of(b"-")), (first, first));
        origins.enter("2", "eu-west-1", "fl-1", &[eni("eni-2"), eni("eni-3")]);
        assert_eq!(
            (origins.of(b"eni-1"), origins.of(b"eni-3").account),
            (first, Some("2"))
        );
        let unsure = Origin {
            account: None,
            region: Some("eu-west-1"),
        };
        assert_eq!((origins.of(b"eni-2"), origins.of(b"-")), (unsure, unsure));
        assert_eq!(origins.flow_logs(b"eni-1"), ["fl-2"]);
        assert_eq!(origins.flow_logs(b"eni-2"), ["fl-1", "fl-2"]);
        assert_eq!(
            (origins.flow_logs(b"eni-3"), origins.flow_logs(b"-")),
            (vec!["fl-1"], vec![])
        );
        origins.enter("-", "us-east-1", "", &[eni("eni-9")]);
        assert!(origins.flow_logs(b"eni-9").is_empty());
        assert_eq!(origins.of(b"-"), Origin::default());
    }
}
