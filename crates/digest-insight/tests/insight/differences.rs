//! Differences of two digests, against maps of the standard library.

use std::collections::BTreeSet;
use std::io;

use digest_insight::{Change, Difference, DifferenceOptions, Edges, Listed};
use proptest::prelude::*;

use crate::digests::{digest, gzip, records, sums, text};

fn edges(text: &str) -> Edges {
    Edges::sorted(io::Cursor::new(text.to_owned())).unwrap()
}

fn difference(previous: &str, next: &str, options: &DifferenceOptions) -> Difference {
    Difference::of(&mut edges(previous), &mut edges(next), options).unwrap()
}

fn hosts(text: &str) -> BTreeSet<&str> {
    let sums = sums(text);
    sums.keys().flat_map(|key| [key[2], key[3]]).collect()
}

fn services(text: &str) -> BTreeSet<(&str, &str, &str)> {
    let mut found = BTreeSet::new();
    for line in text.lines() {
        let columns: Vec<&str> = line.split(' ').collect();
        if columns[12] != "ACCEPT" {
            continue;
        }
        match (columns[5], columns[6]) {
            ("-", _) | ("0", "0") => {}
            ("0", port) => {
                found.insert((columns[4], port, columns[7]));
            }
            (port, _) => {
                found.insert((columns[3], port, columns[7]));
            }
        }
    }
    found
}

fn total<T>(list: &Listed<T>) -> usize {
    assert_eq!(list.count, list.items.len() as u64);
    list.items.len()
}

fn bytes(change: &Change) -> (u128, u128) {
    let of = |sums: Option<digest_insight::Sums>| sums.map_or(0, |sums| sums.bytes);
    (of(change.before), of(change.after))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_difference_is_that_of_two_maps(one in records(), other in records(), shared in records()) {
        let previous = text(&digest(&[one, shared.clone()].concat()));
        let next = text(&digest(&[other, shared].concat()));
        let found = difference(&previous, &next, &DifferenceOptions::default());
        let (before, after) = (sums(&previous), sums(&next));
        let new: Vec<_> = after.keys().filter(|key| !before.contains_key(*key)).collect();
        let gone = before.keys().filter(|key| !after.contains_key(*key)).count();
        let changed = before.iter().filter(|(key, sums)| after.get(*key).is_some_and(|other| other != *sums)).count();
        prop_assert_eq!((total(&found.new), total(&found.gone), total(&found.changed)), (new.len(), gone, changed));
        prop_assert_eq!(found.equal, before == after);
        prop_assert_eq!((found.previous.edges, found.next.edges), (before.len() as u64, after.len() as u64));
        let moved: Vec<u128> = found.changed.items.iter().map(|change| { let (a, b) = bytes(change); a.abs_diff(b) }).collect();
        prop_assert!(moved.is_sorted_by(|one, other| one >= other));
        // Newly rejected, and whether the same was accepted before.
        let rejected: Vec<_> = new.iter().filter(|key| key[7] == "REJECT").collect();
        let accepted = rejected.iter().filter(|key| {
            let mut accepted = key.to_vec();
            accepted[7] = "ACCEPT";
            before.contains_key(&accepted)
        }).count();
        prop_assert_eq!(total(&found.newly_rejected), rejected.len());
        prop_assert_eq!(found.newly_rejected.items.iter().filter(|change| change.accepted_before).count(), accepted);
        let names = |hosts: &Listed<std::net::IpAddr>| hosts.items.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        let owned = |hosts: Vec<&&str>| hosts.into_iter().map(|host| (*host).to_owned()).collect::<BTreeSet<_>>();
        prop_assert_eq!(names(&found.new_hosts), owned(hosts(&next).difference(&hosts(&previous)).collect()));
        prop_assert_eq!(names(&found.gone_hosts), owned(hosts(&previous).difference(&hosts(&next)).collect()));
        prop_assert_eq!(total(&found.new_services), services(&next).difference(&services(&previous)).count());

        // By group the same, where each address is a group of its own.
        let mut options = DifferenceOptions::default();
        options.links.grouping = "/32,/128".parse().unwrap();
        let grouped = difference(&previous, &next, &options);
        prop_assert_eq!(grouped.new_hosts, found.new_hosts);
        prop_assert_eq!(grouped.next.sums, found.next.sums);
        let without = |text: &str| {
            let keys: BTreeSet<Vec<String>> = sums(text).keys().map(|key| key[2..].iter().map(|part| (*part).to_owned()).collect()).collect();
            keys
        };
        prop_assert_eq!(total(&grouped.new), without(&next).difference(&without(&previous)).count());
        prop_assert_eq!(total(&grouped.gone), without(&previous).difference(&without(&next)).count());
    }
}

const BEFORE: &str = "\
2 1 eni-1 10.0.0.1 10.0.0.2 0 443 6 3 1000 5 9 ACCEPT OK
2 1 eni-1 10.0.0.1 10.0.0.3 0 53 17 3 1000 5 9 ACCEPT OK
2 1 eni-1 10.0.0.1 10.0.0.4 0 22 6 3 1000 5 9 ACCEPT OK
";

fn after(from: &str, to: &str) -> String {
    let changed = BEFORE.replace(from, to);
    assert_ne!(changed, BEFORE);
    changed
}

#[test]
fn a_change_has_to_be_large_enough_in_both_ways() {
    let next = after("0 443 6 3 1000", "0 443 6 3 1999");
    for (ratio, bytes, changed) in [
        (1.0, 0, 1),
        (1.0, 999, 1),
        (1.0, 1000, 0),
        (1.9, 999, 1),
        (2.0, 0, 0),
    ] {
        let options = DifferenceOptions {
            ratio,
            bytes,
            ..DifferenceOptions::default()
        };
        for (one, other) in [(BEFORE, next.as_str()), (next.as_str(), BEFORE)] {
            let found = difference(one, other, &options);
            assert_eq!(found.changed.count, changed, "{ratio} {bytes}");
            assert_eq!(found.equal, changed == 0);
        }
    }
}

#[test]
fn what_is_ignored_or_not_looked_at_does_not_differ() {
    let next = after("0 53 17", "0 123 17");
    let mut options = DifferenceOptions::default();
    assert_eq!(difference(BEFORE, &next, &options).new.count, 1);
    options.links.ignore = vec![
        "port=53 protocol=udp".parse().unwrap(),
        "port=123".parse().unwrap(),
    ];
    assert!(difference(BEFORE, &next, &options).equal);
    options.links.ignore.pop();
    assert_eq!(difference(BEFORE, &next, &options).new.count, 1);
    let mut options = DifferenceOptions::default();
    options.links.filter = "port=22".parse().unwrap();
    let found = difference(BEFORE, &next, &options);
    assert!(found.equal && found.next.edges == 1);
    // An edge that fell below what is looked at has changed and is not gone.
    options.links.filter = "bytes>=1000".parse().unwrap();
    let found = difference(BEFORE, &after("0 443 6 3 1000", "0 443 6 3 10"), &options);
    assert_eq!((found.changed.count, found.gone.count), (1, 0));
}

#[test]
fn the_longest_lists_say_how_much_longer_they_are() {
    let options = DifferenceOptions {
        most: 1,
        ..DifferenceOptions::default()
    };
    let found = difference(BEFORE, "", &options);
    assert_eq!((found.gone.items.len(), found.gone.count), (1, 3));
    assert_eq!((found.gone_hosts.items.len(), found.gone_hosts.count), (1, 4));
    let dot = String::from_utf8(found.to_dot()).unwrap();
    assert!(
        dot.contains("color=red") && dot.contains("label=\"and 2 more gone\""),
        "{dot}"
    );
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["gone"]["items"][0]["source"], "10.0.0.1");
}

#[test]
fn which_digest_cannot_be_read_is_told() {
    let wrong = format!("{BEFORE}2 1\n");
    let options = DifferenceOptions::default();
    // More than is read at once.
    let long: String = (0..20_000)
        .map(|number| {
            format!(
                "2 1 eni-1 10.1.{}.{} 10.0.0.2 0 443 6 3 1000 5 9 ACCEPT OK\n",
                number / 250,
                number % 250
            )
        })
        .collect();
    let broken = format!("{long}2 1\n");
    let read = |text: &str| Edges::sorted(io::Cursor::new(text.to_owned()));
    assert!(read(&wrong).is_err());
    let error = Difference::of(&mut edges(BEFORE), &mut read(&broken).unwrap(), &options).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the next digest: line 20001: 2 fields"),
        "{error}"
    );
    let error = Difference::of(&mut read(&broken).unwrap(), &mut edges(BEFORE), &options).unwrap_err();
    assert!(error.to_string().starts_with("the previous digest: "), "{error}");
    let mut options = options;
    options.links.grouping = "/32".parse().unwrap();
    options.links.most = 2;
    let error = Difference::of(&mut edges(BEFORE), &mut edges(BEFORE), &options).unwrap_err();
    assert!(error.to_string().contains("more than 2"), "{error}");
}

#[test]
fn gzip_and_text_are_one_digest() {
    let digest = digest(&[]);
    let mut empty = Edges::sorted(io::Cursor::new(gzip(&digest))).unwrap();
    let found = Difference::of(&mut empty, &mut edges(""), &DifferenceOptions::default()).unwrap();
    assert!(found.equal);
}
