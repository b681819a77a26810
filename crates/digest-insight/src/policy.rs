//! What a user expects of a network: rules that allow services, by TOML.

use std::net::IpAddr;
use std::str::FromStr;

use serde::Deserialize;
use thiserror::Error;

use crate::filter::protocol_of;
use crate::network::Network;
use crate::registry::service_ports;
use crate::service::Port;

/// Rules, of which one has to allow what is expected.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    rules: Vec<Rule>,
}

/// A policy that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// It is no TOML, or has other keys than there are.
    #[error("{0}")]
    Toml(String),
    /// A rule says something that is not.
    #[error("rule {rule} (of those in [[allow]]): {what}")]
    Rule {
        /// Which rule, from 1.
        rule: usize,
        /// What is wrong with it.
        what: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    /// Protocols, and the ports of each, both ends inside; none: any.
    services: Vec<(Option<u8>, u16, u16)>,
    from: Vec<Network>,
    to: Vec<Network>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPolicy {
    #[serde(default)]
    allow: Vec<WrittenRule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    service: Option<Several<String>>,
    port: Option<Several<WrittenPort>>,
    protocol: Option<String>,
    from: Option<Several<String>>,
    to: Option<Several<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Several<T> {
    One(T),
    All(Vec<T>),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum WrittenPort {
    Number(u16),
    Range(String),
}

impl<T> Several<T> {
    fn all(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::All(all) => all,
        }
    }
}

impl Policy {
    /// How many rules there are.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.rules.len()
    }

    /// Whether a rule allows that a client uses a service; `port` is none where the protocol has none or it is not known.
    #[must_use]
    pub fn allows(&self, client: IpAddr, server: IpAddr, protocol: u8, port: Option<Port>) -> bool {
        let lies_in = |networks: &[Network], address: IpAddr| {
            networks.is_empty() || networks.iter().any(|network| network.contains(address))
        };
        self.rules.iter().any(|rule| {
            rule.is_of(protocol, port) && lies_in(&rule.from, client) && lies_in(&rule.to, server)
        })
    }
}

impl Rule {
    fn is_of(&self, protocol: u8, port: Option<Port>) -> bool {
        self.services.iter().any(|&(of, least, greatest)| {
            let has = match port {
                // Of any port, or of none.
                None => (least, greatest) == (0, u16::MAX),
                Some(Port::One(port)) => (least..=greatest).contains(&port),
                Some(Port::Between(from, to)) => least <= from && to <= greatest,
            };
            has && of.is_none_or(|of| of == protocol)
        })
    }

    fn of(written: &WrittenRule) -> Result<Self, String> {
        let protocol = written.protocol.as_deref().map(protocol_of).transpose()?;
        let mut services = Vec::new();
        for name in written.service.iter().flat_map(Several::all) {
            let ports = service_ports(name);
            if ports.is_empty() {
                return Err(format!(
                    "{name:?} is the name of no service that IANA knows: say its port"
                ));
            }
            let of_protocol = ports
                .iter()
                .filter(|(number, _)| protocol.is_none_or(|of| of == *number));
            services.extend(of_protocol.map(|&(number, port)| (Some(number), port, port)));
        }
        for port in written.port.iter().flat_map(Several::all) {
            let (least, greatest) = match port {
                WrittenPort::Number(port) => (*port, *port),
                WrittenPort::Range(text) => crate::filter::ports(text)?,
            };
            services.push((protocol, least, greatest));
        }
        if written.service.is_none() && written.port.is_none() {
            services.push((protocol, 0, u16::MAX));
        }
        let networks = |written: &Option<Several<String>>| -> Result<Vec<Network>, String> {
            let all = written.iter().flat_map(Several::all);
            all.map(|text| text.parse::<Network>().map_err(|error| error.to_string()))
                .collect()
        };
        Ok(Self {
            services,
            from: networks(&written.from)?,
            to: networks(&written.to)?,
        })
    }
}

/// What shows the line at fault, without what a terminal would take for a command.
fn shown(error: &str) -> String {
    let is_plain = |shown: char| !shown.is_control() || shown == '\n';
    error
        .trim_end()
        .chars()
        .map(|shown| if is_plain(shown) { shown } else { ' ' })
        .collect()
}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let written: WrittenPolicy =
            toml::from_str(text).map_err(|error| PolicyError::Toml(shown(&error.to_string())))?;
        let rules = written.allow.iter().zip(1..);
        let rules =
            rules.map(|(written, rule)| Rule::of(written).map_err(|what| PolicyError::Rule { rule, what }));
        Ok(Self {
            rules: rules.collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"
        [[allow]]
        service = ["https", "ssh"]
        protocol = "tcp"
        from = "10.0.0.0/8"
        to = ["10.1.0.0/16", "10.2.0.0/16"]

        [[allow]]
        port = [9100, "8000-8099"]

        [[allow]]
        protocol = "icmp"
        from = "10.0.0.0/8"
    "#;

    #[test]
    fn a_rule_allows_what_all_of_it_says() {
        let policy: Policy = POLICY.parse().unwrap();
        assert_eq!(policy.rules(), 3);
        for (client, server, protocol, port, expected) in [
            ("10.9.0.1", "10.1.0.1", 6, Some(443), true),
            ("10.9.0.1", "10.2.0.1", 6, Some(22), true),
            ("10.9.0.1", "10.3.0.1", 6, Some(443), false),
            ("192.0.2.1", "10.1.0.1", 6, Some(443), false),
            ("10.9.0.1", "10.1.0.1", 17, Some(443), false),
            ("192.0.2.1", "192.0.2.2", 17, Some(8099), true),
            ("192.0.2.1", "192.0.2.2", 6, Some(8100), false),
            ("10.9.0.1", "192.0.2.2", 1, None, true),
            ("192.0.2.1", "10.9.0.1", 1, None, false),
        ] {
            let (client, server) = (client.parse().unwrap(), server.parse().unwrap());
            let allowed = policy.allows(client, server, protocol, port.map(Port::One));
            assert_eq!(allowed, expected, "{client} {server} {protocol} {port:?}");
        }
        let address = "192.0.2.1".parse().unwrap();
        assert!(policy.allows(address, address, 6, Some(Port::Between(8001, 8002))));
        assert!(!policy.allows(address, address, 6, Some(Port::Between(8001, 8200))));
        assert!(!Policy::default().allows(address, address, 6, None));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, part) in [
            ("[[allow]]\nports = 1", "unknown field `ports`"),
            ("allow", "line 1"),
            (
                "[[allow]]\nport = 443\n[[allow]]\nservice = \"no-such\"",
                "rule 2",
            ),
            ("[[allow]]\nfrom = \"10.0.0.0/33\"", "10.0.0.0/33"),
            ("[[allow]]\nport = \"9-1\"", "9-1"),
            ("[[allow]]\nprotocol = \"tpc\"", "tpc"),
        ] {
            let error = text.parse::<Policy>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
