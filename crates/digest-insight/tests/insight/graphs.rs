//! Links and graphs: groups, what two interfaces tell of, limits.

use std::io;

use digest_insight::{Edges, Graph, GraphFormat, Links, LinksOptions, Measure, Observers, TooManyLinks};
use proptest::prelude::*;

use crate::digests::{digest, records, sums, text};

fn edges(text: &str) -> Edges {
    Edges::unsorted(io::Cursor::new(text.to_owned())).unwrap()
}

fn links(text: &str, options: &LinksOptions) -> Links {
    Links::of(&mut edges(text), options).unwrap()
}

/// Two instances that talk to one another and to others, seen from both.
const TEXT: &str = "\
2 1 eni-1 10.0.0.1 10.0.0.2 0 443 6 10 1000 5 9 ACCEPT OK
2 1 eni-1 10.0.0.1 198.51.100.7 0 443 6 1 100 5 9 ACCEPT OK
2 1 eni-1 10.0.0.2 10.0.0.1 443 0 6 20 2000 5 9 ACCEPT OK
2 2 eni-2 10.0.0.1 10.0.0.2 0 443 6 10 1000 5 9 ACCEPT OK
2 2 eni-2 10.0.0.2 10.0.0.1 443 0 6 20 2000 5 9 ACCEPT OK
2 2 eni-2 203.0.113.9 10.0.0.2 0 22 6 2 80 5 9 REJECT OK
";

#[test]
fn what_two_interfaces_tell_of_counts_once() {
    let observers = Observers::learn(&mut edges(TEXT)).unwrap();
    assert_eq!(
        &*observers.owner("10.0.0.1".parse().unwrap()).unwrap().interface,
        "eni-1"
    );
    assert_eq!(
        &*observers.owner("10.0.0.2".parse().unwrap()).unwrap().account,
        "2"
    );
    assert!(observers.owner("198.51.100.7".parse().unwrap()).is_none());
    let options = LinksOptions {
        observers,
        ..LinksOptions::default()
    };
    let found = links(TEXT, &options);
    assert_eq!(
        (found.total.bytes, found.edges, found.second_sights),
        (3180, 4, 2)
    );
    assert_eq!(links(TEXT, &LinksOptions::default()).total.bytes, 6180);
}

#[test]
fn groups_are_networks_interfaces_accounts_and_the_internet() {
    let observers = Observers::learn(&mut edges(TEXT)).unwrap();
    for (grouping, expected) in [
        (
            "address",
            vec![
                "10.0.0.2 10.0.0.1 2000",
                "10.0.0.1 10.0.0.2 1000",
                "10.0.0.1 198.51.100.7 100",
                "203.0.113.9 10.0.0.2 80",
            ],
        ),
        (
            "/24",
            vec![
                "10.0.0.0/24 10.0.0.0/24 2000",
                "10.0.0.0/24 10.0.0.0/24 1000",
                "10.0.0.0/24 198.51.100.0/24 100",
                "203.0.113.0/24 10.0.0.0/24 80",
            ],
        ),
        (
            "eni",
            vec![
                "eni-2 eni-1 2000",
                "eni-1 eni-2 1000",
                "eni-1 198.51.100.7 100",
                "203.0.113.9 eni-2 80",
            ],
        ),
        (
            "account",
            vec!["2 1 2000", "1 2 1000", "1 internet 100", "internet 2 80"],
        ),
        (
            "internet",
            vec![
                "10.0.0.2 10.0.0.1 2000",
                "10.0.0.1 10.0.0.2 1000",
                "10.0.0.1 internet 100",
                "internet 10.0.0.2 80",
            ],
        ),
    ] {
        let options = LinksOptions {
            grouping: grouping.parse().unwrap(),
            observers: observers.clone(),
            ..LinksOptions::default()
        };
        let listed = links(TEXT, &options).heaviest(10, Measure::Bytes);
        let shown: Vec<String> = listed
            .items
            .iter()
            .map(|link| format!("{} {} {}", link.source, link.destination, link.sums.bytes))
            .collect();
        assert_eq!(shown, expected, "{grouping}");
    }
}

#[test]
fn a_graph_says_how_much_it_does_not_show() {
    let options = LinksOptions {
        services: false,
        ..LinksOptions::default()
    };
    let whole = Graph::of(links(TEXT, &options), 100);
    assert_eq!((whole.links.len(), whole.nodes.len(), whole.more()), (4, 4, None));
    let part = Graph::of(links(TEXT, &options), 2);
    assert_eq!(part.more().unwrap(), "and 2 more links, with 2 more nodes");
    for format in [GraphFormat::Dot, GraphFormat::GraphMl, GraphFormat::Json] {
        let text = String::from_utf8(part.write(format)).unwrap();
        assert!(
            text.contains("10.0.0.2") && !text.contains("203.0.113.9"),
            "{text}"
        );
        assert!(text.contains("more"), "{text}");
        assert_eq!(format.to_string().parse(), Ok(format));
    }
    let error = Links::of(&mut edges(TEXT), &LinksOptions { most: 2, ..options }).unwrap_err();
    assert!(matches!(error, TooManyLinks::TooMany(2)), "{error}");
}

#[test]
fn addresses_never_collide_as_names() {
    let text = "2 1 eni-1 10.1.11.1 10.11.1.1 0 443 6 10 1000 5 9 ACCEPT OK\n";
    let graph = Graph::of(links(text, &LinksOptions::default()), 10);
    assert_eq!(graph.nodes.len(), 2);
    let dot = String::from_utf8(graph.write(GraphFormat::Dot)).unwrap();
    assert!(dot.contains("\"10.1.11.1\" -> \"10.11.1.1\""), "{dot}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn links_sum_what_a_map_sums(records in records(), least in 0u64..40_000) {
        let text = text(&digest(&records));
        let options = LinksOptions {
            filter: format!("bytes>={least}").parse().unwrap(),
            ..LinksOptions::default()
        };
        let found = links(&text, &options);
        let mut expected = std::collections::BTreeMap::new();
        for (key, (packets, bytes)) in sums(&text) {
            if bytes >= u128::from(least) {
                let sums: &mut (u128, u128) = expected.entry(key[2..].to_vec()).or_default();
                sums.0 += packets;
                sums.1 += bytes;
            }
        }
        let listed = found.heaviest(usize::MAX, Measure::Bytes);
        prop_assert_eq!(listed.count as usize, expected.len());
        prop_assert!(listed.items.is_sorted_by(|one, other| one.sums.bytes >= other.sums.bytes));
        for link in listed.items {
            let subject = &link.subject;
            let has = expected.iter().any(|(key, sums)| {
                key[0] == subject.source && key[1] == subject.destination && *sums == (link.sums.packets, link.sums.bytes)
                    && Some(key[5].to_owned()) == subject.action
            });
            prop_assert!(has, "{:?}", link);
        }
    }
}
