//! Where interfaces' records were delivered: the account and region that the keys of their objects name.
//!
//! No column of a record has to say the region, and a format may lack the account; the key of a flow log's object has
//! both. An interface belongs to one region, so what its objects' keys say is true of its edges. Where objects of several
//! accounts or regions name one interface, nothing is said rather than one of them; likewise of records that name no
//! interface, unless all objects are of one account or region.

use std::collections::HashMap;

/// Accounts and regions of the interfaces of a digest.
#[derive(Debug, Default)]
pub struct Origins {
    names: Vec<String>,
    /// Of all objects; nothing before the first.
    all: Option<Numbers>,
    interfaces: HashMap<Vec<u8>, Numbers>,
}

/// Where the records of an interface were delivered. Nothing where that is not one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin<'o> {
    /// Account of the objects' keys.
    pub account: Option<&'o str>,
    /// Region of the objects' keys.
    pub region: Option<&'o str>,
}

/// Account and region by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Numbers {
    account: Option<usize>,
    region: Option<usize>,
}

impl Origins {
    /// Enters an object whose key names this account and region (`-` where it names none), and the interfaces that its
    /// records name.
    pub fn enter<'i>(
        &mut self,
        account: &str,
        region: &str,
        interfaces: impl IntoIterator<Item = &'i Vec<u8>>,
    ) {
        let here = Numbers {
            account: self.number(account),
            region: self.number(region),
        };
        self.all = Some(self.all.map_or(here, |all| all.with(here)));
        for interface in interfaces {
            match self.interfaces.get_mut(interface) {
                Some(known) => *known = known.with(here),
                None => {
                    self.interfaces.insert(interface.clone(), here);
                }
            }
        }
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

    /// Accounts and regions are few: a list is as good as any.
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
        let eni = |name: &str| name.as_bytes().to_vec();
        origins.enter("1", "eu-west-1", &[eni("eni-1"), eni("eni-2")]);
        let first = Origin {
            account: Some("1"),
            region: Some("eu-west-1"),
        };
        assert_eq!((origins.of(b"eni-1"), origins.of(b"-")), (first, first));
        origins.enter("2", "eu-west-1", &[eni("eni-2"), eni("eni-3")]);
        assert_eq!(
            (origins.of(b"eni-1"), origins.of(b"eni-3").account),
            (first, Some("2"))
        );
        let unsure = Origin {
            account: None,
            region: Some("eu-west-1"),
        };
        assert_eq!((origins.of(b"eni-2"), origins.of(b"-")), (unsure, unsure));
        origins.enter("-", "us-east-1", &[]);
        assert_eq!(origins.of(b"-"), Origin::default());
    }
}
