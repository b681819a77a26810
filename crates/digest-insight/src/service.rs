//! Who of an edge's ends serves, on which port, and by which rule that is known.

use std::fmt;

use digest_core::Edge;
use serde::Serialize;

/// Which end of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// Its source.
    Source,
    /// Its destination.
    Destination,
}

/// How it is known who serves, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The lesser port is taken for the service's: a convention.
    PortOrder,
    /// The other end opened: its records have SYN without ACK.
    Syn,
    /// It answered: its records have SYN and ACK.
    SynAck,
}

/// A port that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Port {
    /// This one.
    One(u16),
    /// Several between these, of which folding kept no more than the bounds.
    Between(u16, u16),
}

/// Who serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// The end that does.
    pub by: End,
    /// Its port.
    pub port: Port,
    /// How that is known.
    pub rule: Rule,
}

const TCP: u8 = 6;

/// Who serves on an edge: by the flags of its records where they tell, else by the order of its ports. `None` where there
/// are no ports.
#[must_use]
pub fn served(edge: &Edge<'_>) -> Option<Served> {
    let (src, dst) = edge.ports?;
    let kept = src.max(dst);
    if kept == 0 {
        return None;
    }
    let keeper = if src > 0 { End::Source } else { End::Destination };
    let history = edge.history.unwrap_or_default();
    let (by, rule) = match edge.protocol {
        TCP if history.synack > history.syn => (End::Source, Rule::SynAck),
        TCP if history.syn > 0 => (End::Destination, Rule::Syn),
        _ => (keeper, Rule::PortOrder),
    };
    let port = match history.folded_ports {
        // It is the port that became 0.
        Some((least, greatest)) if by != keeper => {
            if least == greatest {
                Port::One(least)
            } else {
                Port::Between(least, greatest)
            }
        }
        _ => Port::One(kept),
    };
    Some(Served { by, port, rule })
}

impl Rule {
    /// Its name in columns.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PortOrder => "port order",
            Self::Syn => "syn",
            Self::SynAck => "syn+ack",
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(port) => port.fmt(f),
            Self::Between(least, greatest) => write!(f, "{least}-{greatest}"),
        }
    }
}

impl Serialize for Port {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use digest_core::{DigestLine, History};

    use super::*;

    #[test]
    fn flags_come_before_the_order_of_ports() {
        let flags = |syn, synack, folded| {
            Some(History {
                syn,
                synack,
                folded_ports: Some(folded),
                ..History::default()
            })
        };
        let (one, between) = ((50_000, 50_000), (49_152, 65_000));
        for (ports, history, expected) in [
            // The client's edge and the server's answer, by convention and by their flags.
            (
                "0 443 6",
                None,
                Some((End::Destination, Port::One(443), Rule::PortOrder)),
            ),
            (
                "443 0 6",
                None,
                Some((End::Source, Port::One(443), Rule::PortOrder)),
            ),
            (
                "0 443 6",
                flags(3, 0, between),
                Some((End::Destination, Port::One(443), Rule::Syn)),
            ),
            (
                "443 0 6",
                flags(0, 3, between),
                Some((End::Source, Port::One(443), Rule::SynAck)),
            ),
            // A service on a port above its client's.
            (
                "1024 0 6",
                flags(1, 0, one),
                Some((End::Destination, Port::One(50_000), Rule::Syn)),
            ),
            (
                "0 1024 6",
                flags(0, 1, one),
                Some((End::Source, Port::One(50_000), Rule::SynAck)),
            ),
            (
                "1024 0 6",
                flags(2, 0, between),
                Some((End::Destination, Port::Between(49_152, 65_000), Rule::Syn)),
            ),
            // Flags are TCP's alone; records without ports serve nothing.
            (
                "0 53 17",
                flags(1, 0, one),
                Some((End::Destination, Port::One(53), Rule::PortOrder)),
            ),
            ("0 0 1", None, None),
            ("- - 6", None, None),
        ] {
            let line = format!("2 1 eni-1 10.0.0.1 10.0.0.2 {ports} 1 40 5 9 ACCEPT OK");
            let mut edge = DigestLine::parse(line.as_bytes()).unwrap().edge;
            edge.history = history;
            let found = served(&edge).map(|served| (served.by, served.port, served.rule));
            assert_eq!(found, expected, "{ports} {history:?}");
        }
    }
}
