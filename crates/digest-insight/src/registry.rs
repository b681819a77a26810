//! Which ports IANA has given to which services.

use std::collections::HashMap;
use std::sync::OnceLock;

/// Port, protocols and name, a line each; written by `scripts/port-registry`.
const PORTS: &str = include_str!("registry/ports.tsv");

/// The date of the registry that is built in.
pub const REGISTRY_DATE: &str = "2026-09-17";

/// Ports from here on are for whoever wants one: none is ever registered.
pub const FIRST_DYNAMIC: u16 = 49_152;

/// Protocols that have ports, by number and name.
const PROTOCOLS: [(u8, &str); 4] = [(6, "tcp"), (17, "udp"), (33, "dccp"), (132, "sctp")];

type Registry = HashMap<(u8, u16), &'static str>;

/// The name of the service of a port, where one is registered.
#[must_use]
pub fn service_name(protocol: u8, port: u16) -> Option<&'static str> {
    registry().get(&(protocol, port)).copied()
}

/// Protocols and ports of a service by its name.
#[must_use]
pub fn service_ports(name: &str) -> Vec<(u8, u16)> {
    let named = registry().iter().filter(|(_, known)| **known == name);
    let mut ports: Vec<(u8, u16)> = named.map(|(port, _)| *port).collect();
    ports.sort_unstable();
    ports
}

fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let mut registry = Registry::new();
        for line in PORTS.lines().filter(|line| !line.starts_with('#')) {
            let mut parts = line.split('\t');
            let (Some(port), Some(protocols), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
                continue;
            };
            let Ok(port) = port.parse() else {
                continue;
            };
            for (number, protocol) in PROTOCOLS {
                if protocols.split(',').any(|named| named == protocol) {
                    // Of several names the first is the usual one.
                    registry.entry((number, port)).or_insert(name);
                }
            }
        }
        registry
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_services_are_there_and_others_are_not() {
        for (protocol, port, name) in [
            (6, 22, Some("ssh")),
            (6, 443, Some("https")),
            (17, 53, Some("domain")),
            (6, 5432, Some("postgresql")),
            (6, 6001, Some("x11")),
            (6, 8088, Some("radan-http")),
            (6, 4, None),
            (6, FIRST_DYNAMIC, None),
            (1, 7, None),
        ] {
            assert_eq!(service_name(protocol, port), name, "{protocol}/{port}");
        }
        assert!(service_ports("https").contains(&(6, 443)));
        assert_eq!(service_ports("no-such-service"), []);
        assert!(registry().keys().all(|(_, port)| *port < FIRST_DYNAMIC));
    }

    #[test]
    fn every_line_is_read_and_the_date_is_the_datas() {
        let lines = PORTS.lines().filter(|line| !line.starts_with('#'));
        assert!(lines.clone().count() > 5000);
        for line in lines {
            assert_eq!(line.split('\t').count(), 3, "{line}");
        }
        assert!(PORTS.lines().nth(1).unwrap().contains(REGISTRY_DATE));
    }
}
