//! Which edges are wanted: `cidr=10.0.0.0/8 port=22 action=REJECT bytes>=1MB`.

use std::net::IpAddr;
use std::str::FromStr;

use digest_core::Edge;
use digest_tables::{Condition, Test};
use thiserror::Error;

use crate::network::Network;

/// Terms that all have to hold; without any, every edge is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    terms: Vec<Term>,
}

/// What has to hold. Of several values one is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    /// Either address.
    Either(Vec<Network>),
    Source(Vec<Network>),
    Destination(Vec<Network>),
    Port(Vec<(u16, u16)>),
    Protocol(Vec<u8>),
    Action(Vec<Vec<u8>>),
    Account(Vec<Vec<u8>>),
    Interface(Vec<Vec<u8>>),
    /// At least so many bytes.
    Bytes(u64),
    /// At least so many packets.
    Packets(u64),
}

/// A filter that cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("at character {position}: {what}")]
pub struct FilterError {
    /// The first character that cannot be, from 1.
    pub position: usize,
    /// What is wrong there.
    pub what: String,
}

const TERMS: &str = "cidr=, src=, dst=, port=, protocol=, action=, account=, eni=, bytes>= and packets>=";

impl Filter {
    /// Whether every term holds of an edge.
    #[must_use]
    #[inline]
    pub fn holds(&self, edge: &Edge<'_>) -> bool {
        self.terms.iter().all(|term| term.holds(edge))
    }

    /// What a table's rows have to be like for it to hold: rows of which it holds all meet these, others may.
    #[must_use]
    pub fn conditions(&self) -> Vec<Condition> {
        self.terms.iter().filter_map(Term::condition).collect()
    }

    /// Edges with one of these addresses at either end.
    #[must_use]
    pub fn of_addresses(addresses: &[IpAddr]) -> Self {
        let all = addresses.iter().map(|address| Network::of(*address, u8::MAX));
        Self {
            terms: vec![Term::Either(all.collect())],
        }
    }

    /// Edges of one of these actions.
    #[must_use]
    pub fn of_action(action: &str) -> Self {
        Self {
            terms: vec![Term::Action(vec![action.as_bytes().to_vec()])],
        }
    }

    /// Whether every edge is wanted.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.terms.is_empty()
    }

    /// Both filters' terms.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.terms.extend(other.terms);
        self
    }
}

impl Term {
    fn condition(&self) -> Option<Condition> {
        let ranges = |networks: &[Network]| networks.iter().map(Network::range).collect::<Vec<_>>();
        let tests = match self {
            Self::Either(networks) => vec![
                Test::Source(ranges(networks)),
                Test::Destination(ranges(networks)),
            ],
            Self::Source(networks) => vec![Test::Source(ranges(networks))],
            Self::Destination(networks) => vec![Test::Destination(ranges(networks))],
            // 0 is what folding made of the other port.
            Self::Port(ports) if ports.iter().all(|(least, _)| *least > 0) => vec![Test::Port(ports.clone())],
            Self::Action(names) => vec![Test::Action(names.clone())],
            Self::Interface(names) => vec![Test::Interface(names.clone())],
            Self::Port(_) | Self::Protocol(_) | Self::Account(_) | Self::Bytes(_) | Self::Packets(_) => {
                return None;
            }
        };
        Some(Condition(tests))
    }

    fn holds(&self, edge: &Edge<'_>) -> bool {
        let inside =
            |networks: &[Network], address: IpAddr| networks.iter().any(|network| network.contains(address));
        let named = |names: &[Vec<u8>], name: &[u8]| names.iter().any(|known| known == name);
        match self {
            Self::Either(networks) => inside(networks, edge.srcaddr) || inside(networks, edge.dstaddr),
            Self::Source(networks) => inside(networks, edge.srcaddr),
            Self::Destination(networks) => inside(networks, edge.dstaddr),
            Self::Port(ranges) => edge.ports.is_some_and(|(src, dst)| {
                let port = src.max(dst);
                ranges
                    .iter()
                    .any(|(least, most)| (*least..=*most).contains(&port))
            }),
            Self::Protocol(numbers) => numbers.contains(&edge.protocol),
            Self::Action(names) => named(names, edge.action),
            Self::Account(names) => named(names, edge.account_id),
            Self::Interface(names) => named(names, edge.interface_id),
            Self::Bytes(least) => edge.bytes >= *least,
            Self::Packets(least) => edge.packets >= *least,
        }
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    /// Terms stand between blanks or behind commas; several values of a term between `|`.
    fn from_str(text: &str) -> Result<Self, FilterError> {
        let mut terms = Vec::new();
        let mut at = 0;
        for token in text.split([' ', ',', '\t']) {
            if !token.is_empty() {
                // Characters, as a person counts.
                let before = text.get(..at).unwrap_or_default().chars().count();
                terms.push(term(token).map_err(|(inside, what)| FilterError {
                    position: before + inside + 1,
                    what,
                })?);
            }
            at += token.len() + 1;
        }
        Ok(Self { terms })
    }
}

/// A term, or what is wrong and after how many characters of it.
fn term(token: &str) -> Result<Term, (usize, String)> {
    let unknown = || (0, format!("{token:?} is no term; there are {TERMS}"));
    let (name, value) = token.split_once('=').ok_or_else(unknown)?;
    let at = name.chars().count() + 1;
    match name {
        "cidr" => Ok(Term::Either(values(value, at, network)?)),
        "src" => Ok(Term::Source(values(value, at, network)?)),
        "dst" => Ok(Term::Destination(values(value, at, network)?)),
        "port" => Ok(Term::Port(values(value, at, ports)?)),
        "protocol" => Ok(Term::Protocol(values(value, at, protocol_of)?)),
        "action" => Ok(Term::Action(values(value, at, |text| {
            name_of(&text.to_uppercase())
        })?)),
        "account" => Ok(Term::Account(values(value, at, name_of)?)),
        "eni" => Ok(Term::Interface(values(value, at, name_of)?)),
        "bytes>" => byte_count(value)
            .map(Term::Bytes)
            .ok_or_else(|| number_fault(value, at)),
        "packets>" => byte_count(value)
            .map(Term::Packets)
            .ok_or_else(|| number_fault(value, at)),
        _ => Err(unknown()),
    }
}

fn number_fault(value: &str, at: usize) -> (usize, String) {
    (
        at,
        format!("{value:?} is no number such as 1000, 64kB, 1MB or 2GiB"),
    )
}

fn values<T>(
    value: &str,
    mut at: usize,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, (usize, String)> {
    let mut found = Vec::new();
    for one in value.split('|') {
        found.push(read(one).map_err(|what| (at, what))?);
        at += one.chars().count() + 1;
    }
    Ok(found)
}

fn network(text: &str) -> Result<Network, String> {
    text.parse()
        .map_err(|error: crate::network::NetworkError| error.to_string())
}

/// A port or a range of ports.
pub(crate) fn ports(text: &str) -> Result<(u16, u16), String> {
    let refused = || format!("{text:?} is no port such as 443 and no range such as 8000-8999");
    let number = |text: &str| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|_| digits).ok_or_else(refused)
    };
    match text.split_once('-') {
        Some((least, most)) => {
            let range = (number(least)?, number(most)?);
            if range.0 <= range.1 {
                Ok(range)
            } else {
                Err(refused())
            }
        }
        None => number(text).map(|port| (port, port)),
    }
}

/// A protocol by its name or number.
pub(crate) fn protocol_of(text: &str) -> Result<u8, String> {
    match text.to_lowercase().as_str() {
        "icmp" => Ok(1),
        "tcp" => Ok(6),
        "udp" => Ok(17),
        "icmpv6" => Ok(58),
        number => number
            .parse()
            .map_err(|_| format!("{text:?} is no protocol: tcp, udp, icmp, icmpv6 or a number up to 255")),
    }
}

fn name_of(text: &str) -> Result<Vec<u8>, String> {
    if text.is_empty() {
        return Err("a name is missing".to_owned());
    }
    Ok(text.as_bytes().to_vec())
}

/// A number of bytes as people write it: `1000`, `64kB`, `1MB`, `2GiB`; `None` for anything else.
#[must_use]
pub fn byte_count(text: &str) -> Option<u64> {
    let digits = text.find(|character: char| !character.is_ascii_digit());
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    let factor: u64 = match unit.to_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use digest_core::DigestLine;

    use super::*;

    const LINE: &[u8] = b"2 123 eni-1 10.0.0.1 192.0.2.7 0 443 6 30 1500 5 9 ACCEPT OK";

    #[test]
    fn every_term_has_to_hold() {
        let edge = DigestLine::parse(LINE).unwrap().edge;
        for (text, holds) in [
            ("", true),
            ("cidr=10.0.0.0/8", true),
            ("cidr=192.0.2.7", true),
            ("src=192.0.2.7", false),
            ("dst=10.0.0.0/8|192.0.2.0/24", true),
            ("port=443", true),
            ("port=1-442|444-65535", false),
            ("port=0", false),
            ("protocol=tcp", true),
            ("protocol=17|TCP", true),
            ("protocol=udp", false),
            ("action=accept", true),
            ("action=REJECT", false),
            ("account=123,eni=eni-1", true),
            ("account=12", false),
            ("bytes>=1500", true),
            ("bytes>=1501", false),
            ("bytes>=1kB packets>=30", true),
            ("packets>=31", false),
            ("cidr=10.0.0.0/8  action=REJECT", false),
        ] {
            assert_eq!(text.parse::<Filter>().unwrap().holds(&edge), holds, "{text}");
        }
        let portless = LINE.to_vec();
        let portless = String::from_utf8(portless).unwrap().replace("0 443", "- -");
        let edge = DigestLine::parse(portless.as_bytes()).unwrap().edge;
        assert!(!"port=0-65535".parse::<Filter>().unwrap().holds(&edge));
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_position() {
        for (text, position) in [
            ("x", 1),
            ("port=22 prot=6", 9),
            ("port=22,port=x", 14),
            ("cidr=10.0.0.0/8|11.0.0.0/99", 17),
            ("port=9-1", 6),
            ("port=+1", 6),
            ("bytes=1", 1),
            ("bytes>=1XB", 8),
            ("protocol=256", 10),
            ("account=", 9),
            ("account=é port=x", 16),
        ] {
            let error = text.parse::<Filter>().unwrap_err();
            assert_eq!(error.position, position, "{text}: {error}");
        }
    }
}
