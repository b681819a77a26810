//! Links and graphs: groups, what two interfaces tell of, limits.

use std::io;

use digest_insight::{
    AskError, Edges, Graph, GraphFormat, GraphLimits, Links, LinksOptions, Measure, Observers, Source,
};
use proptest::prelude::*;
use quick_xml::events::Event;

use crate::digests::{digest, records, sums, text};

fn edges(text: &str) -> Edges {
    Edges::unsorted(io::Cursor::new(text.to_owned())).unwrap()
}

fn links(text: &str, options: &LinksOptions) -> Links {
    Links::ask(&mut [Source::Text(edges(text))], options).unwrap()
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

const ALL: usize = usize::MAX;

fn graph(text: &str, options: &LinksOptions, nodes: usize, most: usize) -> Graph {
    Graph::of(&links(text, options), GraphLimits { nodes, links: most })
}

fn written(graph: &Graph, format: GraphFormat) -> String {
    String::from_utf8(graph.write(format)).unwrap()
}

/// Whether XML is well-formed, and the text of all of its elements of this name.
fn texts(xml: &str, element: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let (mut open, mut found) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                start.attributes().for_each(|attribute| drop(attribute.unwrap()));
                open.push(String::from_utf8(start.name().as_ref().to_vec()).unwrap());
                found.extend((open.last().unwrap() == element).then(String::new));
            }
            Event::Empty(empty) => empty.attributes().for_each(|attribute| drop(attribute.unwrap())),
            Event::End(_) => drop(open.pop().unwrap()),
            Event::Text(text) if open.last().is_some_and(|name| name == element) => {
                found.last_mut().unwrap().push_str(&text.decode().unwrap());
            }
            Event::GeneralRef(name) if open.last().is_some_and(|name| name == element) => {
                let name = name.decode().unwrap();
                let character = quick_xml::escape::resolve_xml_entity(&name).unwrap();
                found.last_mut().unwrap().push_str(character);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open, Vec::<String>::new(), "left open");
    found
}

#[test]
fn a_graph_says_how_much_it_does_not_show() {
    let options = LinksOptions {
        services: false,
        ..LinksOptions::default()
    };
    let whole = graph(TEXT, &options, ALL, 100);
    assert_eq!((whole.links.len(), whole.nodes.len(), whole.more()), (4, 4, None));
    let part = graph(TEXT, &options, ALL, 2);
    assert_eq!(
        part.more().unwrap(),
        "and 2 more links of 180 B, with 2 more nodes"
    );
    assert_eq!(graph(TEXT, &options, 2, ALL), part, "the heaviest nodes");
    let hub = graph(TEXT, &options, 3, ALL);
    assert_eq!(hub.more().unwrap(), "and 1 more link of 80 B, with 1 more node");
    for format in GraphFormat::ALL {
        let text = written(&part, format);
        assert!(
            text.contains("10.0.0.2") && !text.contains("203.0.113.9"),
            "{text}"
        );
        assert!(text.contains("more"), "{text}");
        assert_eq!(format.to_string().parse(), Ok(format));
    }
    let unknown = "png".parse::<GraphFormat>().unwrap_err();
    assert!(unknown.contains("dot, graphml, json, svg"), "{unknown}");
    let few = LinksOptions {
        most_links: 2,
        ..options
    };
    let error = Links::ask(&mut [Source::Text(edges(TEXT))], &few).unwrap_err();
    assert!(matches!(error, AskError::TooMany(2)), "{error}");
}

#[test]
fn addresses_never_collide_as_names() {
    let text = "2 1 eni-1 10.1.11.1 10.11.1.1 0 443 6 10 1000 5 9 ACCEPT OK\n";
    let graph = graph(text, &LinksOptions::default(), ALL, 10);
    assert_eq!(graph.nodes.len(), 2);
    let dot = written(&graph, GraphFormat::Dot);
    assert!(dot.contains("\"10.1.11.1\" -> \"10.11.1.1\""), "{dot}");
}

#[test]
fn a_drawing_names_nodes_and_says_how_to_read_it() {
    let mut graph = graph(TEXT, &LinksOptions::default(), ALL, ALL);
    graph.notes = vec!["coverage of a & b is unknown".to_owned()];
    let svg = written(&graph, GraphFormat::Svg);
    let shown = texts(&svg, "text");
    for part in [
        "10.0.0.1",
        "203.0.113.9",
        "6.1 kB",
        "tcp/22 80 B",
        "tcp/443 back 4.0 kB",
        "4 nodes, 4 links, 6.2 kB.",
        "coverage of a & b is unknown",
    ] {
        assert!(shown.iter().any(|text| text == part), "{part}: {shown:?}");
    }
    let told = texts(&svg, "title");
    assert!(
        told.iter()
            .any(|text| text == "203.0.113.9 → 10.0.0.2 tcp/22 REJECT: 80 B in 2 packets, 1 edge"),
        "{told:?}"
    );
    assert_eq!(svg.matches("stroke-dasharray").count(), 1, "what was rejected");
    assert!(!svg.contains("<script") && !svg.contains("href"), "{svg}");
    let nothing = Graph::of(&Links::default(), GraphLimits { nodes: 1, links: 1 });
    let shown = texts(&written(&nothing, GraphFormat::Svg), "text").join(" ");
    assert_eq!(shown, "0 nodes, 0 links, 0 B. Nothing to draw.");
}

#[test]
fn names_are_text_whatever_they_hold() {
    let hostile = "e<n>&\"'</text><script>alert(1)</script>\\";
    let long = "i".repeat(200);
    let text = format!(
        "2 1 {hostile} 10.0.0.1 10.0.0.2 0 443 6 10 1000 5 9 ACCEPT OK\n\
         2 1 {hostile} 10.0.0.1 10.0.0.3 0 443 6 10 1000 5 9 x<y> OK\n\
         2 1 {long} 10.0.0.4 10.0.0.5 0 443 6 10 1000 5 9 ACCEPT OK\n\
         2 1 {long} 10.0.0.4 10.0.0.6 0 443 6 10 1000 5 9 ACCEPT OK\n"
    );
    let options = LinksOptions {
        grouping: "eni".parse().unwrap(),
        observers: Observers::learn(&mut edges(&text)).unwrap(),
        ..LinksOptions::default()
    };
    let graph = graph(&text, &options, ALL, ALL);
    let svg = written(&graph, GraphFormat::Svg);
    assert!(texts(&svg, "text").iter().any(|text| text == hostile), "{svg}");
    assert!(
        texts(&svg, "text").iter().any(|text| text.contains("iii…iii")),
        "{svg}"
    );
    assert!(
        texts(&svg, "title").iter().any(|text| text.starts_with(&long)),
        "{svg}"
    );
    assert!(!svg.contains("<script"), "{svg}");
    texts(&written(&graph, GraphFormat::GraphMl), "data");
}

#[test]
fn no_more_nodes_are_drawn_than_anybody_can_look_at() {
    let edge = |leaf: usize| {
        let (high, low) = (leaf / 250, leaf % 250);
        format!(
            "2 1 eni-1 10.0.0.1 10.1.{high}.{low} 0 443 6 1 {} 5 9 ACCEPT OK\n",
            1000 + leaf
        )
    };
    let text: String = (0..1000).map(edge).collect();
    let options = LinksOptions::default();
    for nodes in [ALL, GraphFormat::Svg.most_nodes()] {
        let svg = written(&graph(&text, &options, nodes, ALL), GraphFormat::Svg);
        // The first is the ground.
        assert_eq!(svg.matches("<rect ").count() - 1, GraphFormat::MOST_DRAWN);
        let legend = texts(&svg, "text").join(" ");
        assert!(legend.contains("300 nodes, 299 links, 553.1 kB"), "{legend}");
        assert!(
            legend.contains("Not drawn: and 701 more links of 946.4 kB, with 701 more nodes."),
            "{legend}"
        );
        assert!(
            svg.contains(">10.1.3.249<") && !svg.contains(">10.1.0.7<"),
            "the heaviest"
        );
    }
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
    #[test]
    fn what_a_graph_shows_and_leaves_out_is_all_there_is(
        records in records(),
        nodes in 0usize..12,
        most in 0usize..30,
        services in any::<bool>(),
    ) {
        let text = text(&digest(&records));
        let options = LinksOptions { services, ..LinksOptions::default() };
        let whole = graph(&text, &options, ALL, ALL);
        let part = graph(&text, &options, nodes, most);
        let bytes = |graph: &Graph| graph.links.iter().map(|link| link.sums.bytes).sum::<u128>();
        prop_assert_eq!(whole.more(), None);
        prop_assert_eq!(part.links.len() as u64 + part.more_links, whole.links.len() as u64);
        prop_assert_eq!(part.nodes.len() as u64 + part.more_nodes, whole.nodes.len() as u64);
        prop_assert_eq!(bytes(&part) + part.more_bytes, bytes(&whole));
        prop_assert!(part.nodes.len() <= nodes && part.links.len() <= most);
        let mut weights: Vec<u128> = whole.nodes.values().copied().collect();
        weights.sort_unstable();
        let least = weights.iter().rev().take(nodes).next_back().copied().unwrap_or_default();
        for (node, bytes) in &part.nodes {
            prop_assert!(*bytes >= least && whole.nodes[node] == *bytes, "{}", node);
        }
        let svg = written(&part, GraphFormat::Svg);
        prop_assert_eq!(texts(&svg, "g").len(), part.nodes.len() + part.links.len());
        prop_assert_eq!(&svg, &written(&graph(&text, &options, nodes, most), GraphFormat::Svg));
        prop_assert!(!svg.contains("NaN") && !svg.contains("inf"), "{}", svg);
    }
}
