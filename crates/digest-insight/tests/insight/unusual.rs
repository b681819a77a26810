//! What is unusual: every fact that is told is one by the simplest count, and what by that count is beyond is told.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use digest_insight::{
    Edges, LinksOptions, Port, Source, Unusual, UnusualFinding, UnusualOptions, UnusualOrder, UnusualSources,
    unusual,
};
use proptest::prelude::*;

use crate::digests::{digest, records, text};

/// Lesser end, greater end, port and protocol.
type Link = (String, String, Option<u16>, u8);

/// What one window has by the simplest count: bytes either way of each link, accepted and rejected.
#[derive(Default)]
struct Naive {
    accepted: BTreeMap<Link, [u64; 2]>,
    rejected: BTreeSet<Link>,
    /// Server, port and protocol by the order of ports.
    services: BTreeSet<(String, u16, u8)>,
}

fn ends(one: &str, other: &str) -> (String, String) {
    let address = |text: &str| text.parse::<std::net::IpAddr>().unwrap();
    let is_lesser = address(one) <= address(other);
    let (lesser, greater) = if is_lesser { (one, other) } else { (other, one) };
    (lesser.to_owned(), greater.to_owned())
}

fn naive(text: &str) -> Naive {
    let mut naive = Naive::default();
    for line in text.lines() {
        let columns: Vec<&str> = line.split(' ').collect();
        let (source, destination) = (columns[3], columns[4]);
        let port = |column: usize| columns[column].parse::<u16>().unwrap_or(0);
        let kept = Some(port(5).max(port(6))).filter(|port| (1..32_768).contains(port));
        let protocol: u8 = columns[7].parse().unwrap();
        let (lesser, greater) = ends(source, destination);
        let way = usize::from(source != lesser);
        let link = (lesser, greater, kept, protocol);
        if columns[12] == "REJECT" {
            naive.rejected.insert(link);
            continue;
        }
        let bytes: u64 = columns[9].parse().unwrap();
        naive.accepted.entry(link).or_default()[way] += bytes;
        if let Some(kept) = kept {
            let server = if port(5) > 0 { source } else { destination };
            naive.services.insert((server.to_owned(), kept, protocol));
        }
    }
    naive
}

fn source(text: &str) -> Source {
    Source::Text(Edges::unsorted(Cursor::new(text.to_owned().into_bytes())).unwrap())
}

fn options() -> UnusualOptions {
    UnusualOptions {
        links: LinksOptions::default(),
        times: 3,
        bytes: 5000,
        score: 0,
        comparable: Vec::new(),
        is_whole: true,
        most: usize::MAX,
        order: UnusualOrder::Score,
    }
}

fn asked(baseline: &[String], now: &str, options: &UnusualOptions) -> Unusual {
    let sources = UnusualSources {
        asked: vec![source(now)],
        baseline: baseline.iter().map(|text| vec![source(text)]).collect(),
        again: [vec![source(now)], vec![source(baseline.last().unwrap())]],
    };
    unusual(sources, options).unwrap()
}

/// How many facts of this name are told.
fn told(found: &Unusual, name: &str) -> usize {
    let facts = found.listed.items.iter().flat_map(|finding| &finding.facts);
    facts.filter(|fact| fact.fact == name).count()
}

fn facts(finding: &UnusualFinding) -> Vec<&str> {
    finding.facts.iter().map(|fact| fact.fact).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_told_is_so_and_what_is_beyond_is_told(windows in proptest::collection::vec(records(), 3..5)) {
        let texts: Vec<String> = windows.iter().map(|records| text(&digest(records))).collect();
        let (now, baseline) = texts.split_last().unwrap();
        let found = asked(baseline, now, &options());
        let before: Vec<Naive> = baseline.iter().map(|text| naive(text)).collect();
        let window = naive(now);
        let most = |link: &Link, way: usize| {
            before.iter().filter_map(|window| window.accepted.get(link)).map(|ways| ways[way]).max()
        };
        let volumes = window.accepted.iter().flat_map(|(link, ways)| {
            let beyond = |way: &usize| {
                most(link, *way).is_some_and(|most| ways[*way] >= 3 * most && ways[*way] - most >= 5000)
            };
            (0..2).filter(beyond)
        });
        prop_assert_eq!(told(&found, "volume"), volumes.count());
        let rejected = window.rejected.iter().filter(|link| {
            let accepted = before.iter().any(|window| window.accepted.contains_key(*link));
            accepted && !before.iter().any(|window| window.rejected.contains(*link))
        });
        prop_assert_eq!(told(&found, "newly-rejected"), rejected.count());
        let gone = before[0].accepted.iter().filter(|(link, _)| {
            let least = before.iter().map(|window| {
                window.accepted.get(*link).map_or(0, |ways| ways.iter().sum::<u64>())
            });
            let is_regular = before.len() >= 3 && least.min().unwrap() >= 100_000;
            is_regular && !window.accepted.contains_key(*link) && !window.rejected.contains(*link)
        });
        prop_assert_eq!(told(&found, "vanished"), gone.count());
        for finding in &found.listed.items {
            let score: u32 = finding.facts.iter().map(|fact| fact.points).sum();
            prop_assert_eq!(finding.score, score);
            let Some(server) = &finding.server else {
                continue;
            };
            let pair = ends(&finding.client, server);
            let has_talked = before.iter().flat_map(|window| window.accepted.keys());
            let has_talked = has_talked.clone().any(|link| (&link.0, &link.1) == (&pair.0, &pair.1));
            if facts(finding).contains(&"new-pair") {
                prop_assert!(!has_talked, "{:?}", finding);
            }
            if facts(finding).contains(&"new-service") {
                let Some(Port::One(port)) = finding.port else {
                    panic!("{finding:?}");
                };
                let service = (server.clone(), port, finding.protocol.unwrap());
                prop_assert!(!before.iter().any(|window| window.services.contains(&service)), "{:?}", finding);
            }
        }
        // A window is not unusual against itself.
        let same = asked(std::slice::from_ref(now), now, &options());
        prop_assert_eq!(same.listed.count, 0, "{:?}", same);
    }
}

fn line(source: &str, destination: &str, ports: &str, bytes: u64, action: &str) -> String {
    format!("2 1 eni-1 {source} {destination} {ports} 6 1 {bytes} 60 70 {action} OK\n")
}

/// A usual window: a client, its server and the answers.
fn usual() -> String {
    line("10.0.0.1", "10.0.0.2", "0 443", 1_000_000, "ACCEPT")
        + &line("10.0.0.2", "10.0.0.1", "443 0", 2_000_000, "ACCEPT")
}

#[test]
fn each_fact_has_its_figures_and_its_points() {
    let baseline = vec![usual(); 6];
    let of = |now: &str, options: &UnusualOptions| asked(&baseline, now, options).listed.items;
    // A hundred and fifty times as much, to an address outside that nobody knows.
    let now = usual() + &line("10.0.0.1", "203.0.113.9", "0 8443", 150_000_000, "ACCEPT");
    let found = of(&now, &options());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].why,
        "10.0.0.1 sent 151.0 MB in all, 151 times the most in any of 6 windows (1.0 MB); no such pair in 6 windows; \
         it leads outside"
    );
    assert_eq!(
        (found[0].score, found[0].received_bytes),
        (50 + 20 + 20 + 20, 150_000_000)
    );
    // A port that its server never had.
    let now = usual() + &line("10.0.0.1", "10.0.0.2", "0 4444", 500, "ACCEPT");
    let found = of(&now, &options());
    assert_eq!(found[0].why, "10.0.0.2 offered no tcp/4444 in 6 windows");
    assert_eq!((found[0].score, found[0].port), (40, Some(Port::One(4444))));
    // A client's port is nothing new.
    let now = usual() + &line("10.0.0.1", "10.0.0.2", "40000 0", 500, "ACCEPT");
    assert_eq!(of(&now, &options()), []);
    // Gone, or rejected.
    let found = of(&line("10.0.0.8", "10.0.0.9", "0 80", 1, "REJECT"), &options());
    assert_eq!(
        found[0].why,
        "gone; it was in each of 6 windows, with 3.0 MB or more"
    );
    let found = of(&line("10.0.0.1", "10.0.0.2", "0 443", 40, "REJECT"), &options());
    assert_eq!(
        found[0].why,
        "rejected; accepted in 6 of 6 windows, and rejected in none of them"
    );
    assert_eq!(found.len(), 1);
    // What is not complete says nothing of what has gone.
    let partial = UnusualOptions {
        is_whole: false,
        ..options()
    };
    assert_eq!(
        of(&line("10.0.0.8", "10.0.0.9", "0 80", 1, "REJECT"), &partial),
        []
    );
    // By windows of another length no volume is judged.
    let other = UnusualOptions {
        comparable: vec![false; 6],
        ..options()
    };
    let now = usual().replace("000000 ", "000000000 ");
    assert_eq!(of(&now, &other), []);
    assert_eq!(facts(&of(&now, &options())[0])[0], "volume");
}

#[test]
fn one_that_addresses_very_many_is_one_finding() {
    let baseline = vec![usual(); 3];
    let probe = |port: u32| line("198.51.100.7", "10.0.0.2", &format!("0 {port}"), 44, "REJECT");
    let now: String = (1..=150).map(probe).collect();
    let found = asked(&baseline, &(usual() + &now), &options());
    assert_eq!(found.listed.count, 1, "{found:?}");
    let scan = &found.listed.items[0];
    assert_eq!(
        scan.why,
        "198.51.100.7 addressed 150 services, 150 of them rejected; 0 at most in any of 3 windows"
    );
    assert_eq!(
        (scan.score, &scan.server, scan.received_bytes),
        (60, &None, 150 * 44)
    );
}

#[test]
fn where_new_clients_come_all_the_time_one_more_is_not_told() {
    let client = |number: u32| line(&format!("192.0.2.{number}"), "10.0.0.2", "0 443", 900, "ACCEPT");
    let baseline: Vec<String> = (1..6).map(|window| usual() + &client(window)).collect();
    let found = asked(&baseline, &(usual() + &client(77)), &options());
    assert_eq!((found.listed.count, found.usual_new_pairs), (0, 1), "{found:?}");
    // Where they never came it is, below those that are listed unless they are asked for.
    let baseline = vec![usual(); 5];
    let found = asked(&baseline, &(usual() + &client(77)), &options());
    assert_eq!(facts(&found.listed.items[0]), ["new-pair"]);
    let usual_score = UnusualOptions {
        score: 30,
        ..options()
    };
    let found = asked(&baseline, &(usual() + &client(77)), &usual_score);
    assert_eq!((found.listed.count, found.lower), (0, 1));
}
