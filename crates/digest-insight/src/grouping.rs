//! What an address stands for in an answer: itself, its network, the interface or account that it belongs to, or the
//! internet.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use digest_tables::InterfaceRow;
use thiserror::Error;

use crate::network::Network;
use crate::observers::Observers;

/// What nodes are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Grouping {
    /// Addresses.
    #[default]
    Address,
    /// Networks of so many leading bits, of IPv4 and of IPv6.
    Network(u8, u8),
    /// Interfaces, as far as their addresses are known.
    Interface,
    /// Accounts of those interfaces.
    Account,
    /// Addresses inside, and one node for all outside.
    Internet,
    /// What a table of interfaces says first in one of these columns of the interface that an address belongs to.
    Label(Vec<String>),
}

/// Groupings by columns of the table of interfaces, and the columns.
const LABELS: [(&str, &[&str]); 6] = [
    ("instance", &["instance_id"]),
    ("vpc", &["vpc_id"]),
    ("subnet", &["subnet_id"]),
    ("az", &["az_id"]),
    ("ecs", &["ecs_service_name", "ecs_cluster_name"]),
    ("tag", &["instance_tag", "interface_tag", "asg_tag"]),
];
/// What a column of tags that is named itself begins with: `tag:instance_tag_2`.
const TAG: &str = "tag:";

/// What addresses are grouped to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Node {
    /// An address.
    Address(IpAddr),
    /// A network.
    Network(Network),
    /// An interface.
    Interface(Arc<str>),
    /// An account.
    Account(Arc<str>),
    /// What is said of an interface.
    Label(Arc<str>),
    /// Any address that is not inside.
    Internet,
    /// An address inside that belongs to no known account.
    Elsewhere,
}

/// What a name begins with that would look like another node's, and what is escaped.
const NAME: &str = "name:";

/// Nothing forbids an account, an interface or a tag such a name, and no two nodes may look alike. Characters that not
/// every format can hold would be replaced there, and by the same one.
fn looks_like_another(name: &str) -> bool {
    matches!(name, "" | "internet" | "elsewhere")
        || name.parse::<IpAddr>().is_ok()
        || name.starts_with(NAME)
        || name
            .chars()
            .any(|character| character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}'))
}

/// A grouping that there is not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{0:?} is nothing to group by; there are address, /N or /N4,/N6 (networks such as /24 or /24,/64), eni, account, internet, and of a table of interfaces instance, vpc, subnet, az, ecs, tag and tag:COLUMN"
)]
pub struct UnknownGrouping(String);

/// Networks that are inside unless told otherwise: private, shared, link-local and loopback addresses.
const INSIDE: [&str; 9] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "127.0.0.0/8",
    "fc00::/7",
    "fe80::/10",
    "::1/128",
];

impl Grouping {
    /// The networks that are inside unless told otherwise.
    #[must_use]
    pub fn usual_inside() -> Vec<Network> {
        INSIDE.iter().filter_map(|network| network.parse().ok()).collect()
    }

    /// The node of an address.
    #[must_use]
    pub fn node(&self, address: IpAddr, observers: &Observers, inside: &[Network]) -> Node {
        let is_inside = || inside.iter().any(|network| network.contains(address));
        match self {
            Self::Address => Node::Address(address),
            Self::Network(v4, v6) => {
                Node::Network(Network::of(address, if address.is_ipv4() { *v4 } else { *v6 }))
            }
            Self::Interface => match observers.owner(address) {
                Some(owner) => Node::Interface(Arc::clone(&owner.interface)),
                None => Node::Address(address),
            },
            Self::Account => match observers.owner(address) {
                Some(owner) => Node::Account(Arc::clone(&owner.account)),
                None if is_inside() => Node::Elsewhere,
                None => Node::Internet,
            },
            Self::Label(_) => match observers.owner(address).and_then(|owner| owner.label.as_ref()) {
                Some(label) => Node::Label(Arc::clone(label)),
                None if is_inside() => Node::Address(address),
                None => Node::Internet,
            },
            Self::Internet if is_inside() => Node::Address(address),
            Self::Internet => Node::Internet,
        }
    }

    /// Leading bits of networks of IPv4; 0 where nodes are none.
    pub(crate) fn bits(&self) -> u8 {
        match self {
            Self::Network(bits, _) => *bits,
            _ => 0,
        }
    }

    /// Whether it takes [`Observers`] to know the nodes.
    #[must_use]
    pub fn needs_observers(&self) -> bool {
        matches!(self, Self::Interface | Self::Account | Self::Label(_))
    }

    /// The columns of tables of interfaces that it takes to know the nodes.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        match self {
            Self::Label(columns) => columns,
            _ => &[],
        }
    }
}

impl FromStr for Grouping {
    type Err = UnknownGrouping;

    fn from_str(text: &str) -> Result<Self, UnknownGrouping> {
        let refused = || UnknownGrouping(text.chars().take(64).collect());
        let bits = |text: &str, most: u8| {
            let digits = text.strip_prefix('/')?;
            let number = digits.parse().ok().filter(|bits| *bits <= most);
            number.filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))
        };
        match text {
            "address" => Ok(Self::Address),
            "eni" => Ok(Self::Interface),
            "account" => Ok(Self::Account),
            "internet" => Ok(Self::Internet),
            label if LABELS.iter().any(|(name, _)| *name == label) => {
                let named = LABELS.iter().filter(|(name, _)| *name == label);
                let columns = named.flat_map(|(_, columns)| columns.iter());
                Ok(Self::Label(columns.map(|column| (*column).to_owned()).collect()))
            }
            tag if tag.starts_with(TAG) => {
                let column = tag.get(TAG.len()..).unwrap_or_default();
                let is_known = InterfaceRow::fact_names().iter().any(|known| known == column);
                is_known
                    .then(|| Self::Label(vec![column.to_owned()]))
                    .ok_or_else(refused)
            }
            networks => match networks.split_once(',') {
                Some((v4, v6)) => bits(v4, 32).zip(bits(v6, 128)),
                // Of IPv6 the network of a site or subnet: as coarse, in its way, as that of IPv4.
                None => bits(networks, 32).map(|v4| (v4, if v4 > 16 { 64 } else { 48 })),
            }
            .map(|(v4, v6)| Self::Network(v4, v6))
            .ok_or_else(refused),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Network(network) => network.fmt(f),
            Self::Interface(name) | Self::Account(name) | Self::Label(name) if looks_like_another(name) => {
                write!(f, "{NAME}{}", name.escape_debug())
            }
            Self::Interface(name) | Self::Account(name) | Self::Label(name) => f.write_str(name),
            Self::Internet => f.write_str("internet"),
            Self::Elsewhere => f.write_str("elsewhere"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groupings_are_read_or_refused() {
        for (text, grouping) in [
            ("address", Some(Grouping::Address)),
            ("/24", Some(Grouping::Network(24, 64))),
            ("/16,/56", Some(Grouping::Network(16, 56))),
            ("eni", Some(Grouping::Interface)),
            ("account", Some(Grouping::Account)),
            ("internet", Some(Grouping::Internet)),
            ("/33", None),
            ("24", None),
            ("/+8", None),
            ("/24,/129", None),
            ("vpc", Some(Grouping::Label(vec!["vpc_id".to_owned()]))),
            (
                "tag:asg_tag_2",
                Some(Grouping::Label(vec!["asg_tag_2".to_owned()])),
            ),
            ("tag:", None),
            ("tag:colour", None),
        ] {
            assert_eq!(text.parse::<Grouping>().ok(), grouping, "{text}");
        }
    }

    #[test]
    fn outside_is_one_node_and_no_name_looks_like_another_node() {
        let inside = Grouping::usual_inside();
        assert_eq!(inside.len(), INSIDE.len());
        let node = |text: &str| {
            let address = text.parse().unwrap();
            let node = Grouping::Internet.node(address, &Observers::default(), &inside);
            node.to_string()
        };
        for (address, shown) in [
            ("10.1.2.3", "10.1.2.3"),
            ("172.32.0.1", "internet"),
            ("8.8.8.8", "internet"),
            ("fd00::1", "fd00::1"),
            ("2001:db8::1", "internet"),
        ] {
            assert_eq!(node(address), shown);
        }
        assert_ne!(
            Node::Account("internet".into()).to_string(),
            Node::Internet.to_string()
        );
        let address = "10.0.0.1".parse().unwrap();
        assert_ne!(
            Node::Interface("10.0.0.1".into()).to_string(),
            Node::Address(address).to_string()
        );
        let label = |name: &str| Node::Label(name.into()).to_string();
        for (one, other) in [
            ("internet", "name:internet"),
            ("a\u{1}", "a\u{2}"),
            ("a\u{1}", "a\\u{1}"),
            ("a\u{1}", "name:a\\u{1}"),
            ("", "name:"),
        ] {
            assert_ne!(label(one), label(other));
        }
        assert_eq!(label("a <b> & \"c\" \\d"), "a <b> & \"c\" \\d");
    }
}
