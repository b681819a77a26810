//! Services against a map of maps, of texts and of tables.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::net::IpAddr;
use std::sync::Arc;

use digest_core::DigestLine;
use digest_insight::{Edges, Grouping, LinksOptions, Measure, Port, Rule, Source, services};
use digest_tables::{EdgesTable, Origins, write_edges};
use proptest::prelude::*;

use crate::digests::{digest, records, text};

/// Clients, bytes to the service and from it, by server, port and protocol.
type Expected = BTreeMap<(String, u16, u8), (BTreeSet<IpAddr>, u128, u128)>;

fn expected(text: &str, server: impl Fn(IpAddr) -> String) -> Expected {
    let mut all = Expected::new();
    for line in text.lines() {
        let edge = DigestLine::parse(line.as_bytes()).unwrap().edge;
        let (at, client, port, is_sent) = match edge.ports {
            Some((0, port)) if port > 0 => (edge.dstaddr, edge.srcaddr, port, false),
            Some((port, 0)) if port > 0 => (edge.srcaddr, edge.dstaddr, port, true),
            _ => continue,
        };
        if edge.action == b"REJECT" {
            continue;
        }
        let (clients, received, sent) = all.entry((server(at), port, edge.protocol)).or_default();
        clients.insert(client);
        *if is_sent { sent } else { received } += u128::from(edge.bytes);
    }
    all
}

fn asked(source: Source, options: &LinksOptions) -> (u64, Vec<digest_insight::Service>) {
    let listed = services(&mut [source], options, 1000, Measure::Bytes).unwrap();
    (listed.count, listed.items)
}

proptest! {
    #[test]
    fn services_are_those_of_a_map(records in records()) {
        let digest = digest(&records);
        let (text, mut table) = (text(&digest), Vec::new());
        write_edges(&digest, &Origins::default(), &mut table).unwrap();
        let sources = || {
            let edges = Edges::unsorted(Cursor::new(text.clone())).unwrap();
            let table = EdgesTable::open(Arc::new(bytes::Bytes::from(table.clone()))).unwrap();
            [Source::Text(edges), Source::Table(table)]
        };
        let network = |address: IpAddr| match address {
            IpAddr::V4(_) if address.to_string().starts_with("10.") => "10.0.0.0/8".to_owned(),
            IpAddr::V4(_) => "192.0.0.0/8".to_owned(),
            IpAddr::V6(_) => "2000::/8".to_owned(),
        };
        let by_network = LinksOptions { grouping: Grouping::Network(8, 8), ..LinksOptions::default() };
        for (options, expected) in [
            (LinksOptions::default(), expected(&text, |address| address.to_string())),
            (by_network, expected(&text, network)),
        ] {
            // A table is read in parts where little may be held.
            let few = LinksOptions { most_links: 30, ..options.clone() };
            let [of_text, of_table] = sources();
            let [_, again] = sources();
            for (source, options) in [(of_text, &options), (of_table, &options), (again, &few)] {
                let (count, found) = asked(source, options);
                prop_assert_eq!(count as usize, expected.len());
                let weights: Vec<u128> =
                    found.iter().map(|service| service.received.bytes + service.sent.bytes).collect();
                prop_assert!(weights.is_sorted_by(|one, other| one >= other));
                for service in &found {
                    let Port::One(port) = service.port else {
                        panic!("{service:?}: records without flags tell no bounds");
                    };
                    let key = (service.server.clone(), port, service.protocol);
                    let (clients, received, sent) = &expected[&key];
                    prop_assert_eq!(service.clients as usize, clients.len());
                    prop_assert_eq!((&service.received.bytes, &service.sent.bytes), (received, sent));
                    prop_assert_eq!((service.rule, service.evidence), (Rule::PortOrder, 0));
                }
            }
        }
    }
}
