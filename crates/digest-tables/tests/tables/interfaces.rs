//! The table of interfaces says of each what the logs say, whatever the threads and whether or not anything left memory,
//! and tables of windows that share no record add up.

use std::collections::{BTreeMap, BTreeSet};

use digest_core::checks::HeldRuns;
use digest_core::checks::agreement::interfaces;
use digest_core::{Digest, FACTS, FoldOptions, Window};
use digest_tables::{Origins, TableError, write_interfaces};
use parquet::record::Row;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::corpus;
use crate::reading::{digest, digest_with, number, rows, text};

fn table(digest: &Digest, origins: &Origins) -> Vec<u8> {
    let mut file = Vec::new();
    let summary = write_interfaces(digest, origins, &mut file).unwrap();
    assert_eq!(
        (rows(&file).len() as u64, file.len() as u64),
        (summary.rows, summary.bytes)
    );
    file
}

/// What tables of several windows say of an interface.
#[derive(Debug, Clone, PartialEq, Default)]
struct Said {
    texts: BTreeMap<String, String>,
    counts: [i64; 3],
    seen: (i64, i64),
    changed: BTreeSet<String>,
    reported: Vec<(i64, i64)>,
}

/// The columns whose last value stands.
fn facts() -> impl Iterator<Item = String> {
    let own = ["region"].into_iter().chain(FACTS);
    own.map(|name| name.replace('-', "_"))
}

fn said(row: &Row) -> Said {
    let list = |name: &str| -> Vec<String> {
        let list = text(row, name);
        let some = list.split(',').filter(|name| !name.is_empty() && *name != "-");
        some.map(str::to_owned).collect()
    };
    let count = |name: &str| number(row, name).unwrap();
    let span = |span: String| {
        let (from, to) = span.split_once('-').unwrap();
        (from.parse().unwrap(), to.parse().unwrap())
    };
    let names = facts().chain(["ipv4_address", "ipv6_address"].map(str::to_owned));
    Said {
        texts: names.map(|name| (name.clone(), text(row, &name))).collect(),
        counts: ["ok_records", "nodata_records", "skipdata_records"].map(count),
        seen: (count("first_seen"), count("last_seen")),
        changed: list("changed").into_iter().collect(),
        reported: list("reported").into_iter().map(span).collect(),
    }
}

/// As `docs/investigations.md` says how rows of windows add up, the later one second.
fn add_up(one: Said, other: Said) -> Said {
    let mut both = one.clone();
    for (name, value) in other.texts {
        let known = &one.texts[&name];
        let merged = if name.starts_with("ipv") {
            common(known, &value)
        } else if value == "-" {
            known.clone()
        } else {
            if known != "-" && *known != value {
                both.changed.insert(name.clone());
            }
            value
        };
        both.texts.insert(name, merged);
    }
    for (count, more) in both.counts.iter_mut().zip(other.counts) {
        *count += more;
    }
    both.seen = (one.seen.0.min(other.seen.0), one.seen.1.max(other.seen.1));
    both.changed.extend(other.changed);
    both.reported.extend(other.reported);
    both.reported.sort_unstable();
    let spans = std::mem::take(&mut both.reported);
    for (from, to) in spans {
        match both.reported.last_mut().filter(|last| from <= last.1) {
            Some(last) => last.1 = last.1.max(to),
            None => both.reported.push((from, to)),
        }
    }
    both
}

/// `-` is null: no record of the family.
fn common(one: &str, other: &str) -> String {
    let both = match (one, other) {
        ("-", only) | (only, "-") => return only.to_owned(),
        (one, other) => one
            .split(',')
            .filter(|address| other.split(',').any(|other| other == *address)),
    };
    both.collect::<Vec<_>>().join(",")
}

fn by_name(file: &[u8]) -> BTreeMap<(String, String), Said> {
    let rows = rows(file);
    let named = rows
        .iter()
        .map(|row| ((text(row, "account_id"), text(row, "interface_id")), said(row)));
    named.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn tables_of_interfaces_add_up_and_are_the_same_in_every_way(
        logs in vec(corpus::sound_log(), 1..4),
        cut in 1i64..59,
    ) {
        let logs: Vec<Vec<u8>> = logs.iter().map(corpus::Log::text).collect();
        let of_window = |from: i64, to: i64, threads, budget| {
            let window = Window::from_unix(corpus::BEGIN + from * 60, corpus::BEGIN + to * 60).unwrap();
            let options = FoldOptions { window: Some(window), ..FoldOptions::default() };
            digest_with(&options, &logs, budget, threads)
        };
        let whole = of_window(0, 60, 1, None);
        let file = table(&whole, &Origins::default());
        let expected = by_name(&file);
        prop_assert_eq!(expected.len(), interfaces(&whole).0.len());
        prop_assert!(table(&of_window(0, 60, 3, None), &Origins::default()) == file);
        prop_assert!(table(&of_window(0, 60, 2, Some(HeldRuns::budget(1))), &Origins::default()) == file);

        let mut sum = by_name(&table(&of_window(0, cut, 1, None), &Origins::default()));
        for (name, said) in by_name(&table(&of_window(cut, 60, 1, None), &Origins::default())) {
            let both = match sum.remove(&name) {
                Some(before) => add_up(before, said),
                None => said,
            };
            sum.insert(name, both);
        }
        prop_assert_eq!(sum, expected);
    }
}

#[test]
fn a_digest_without_history_is_refused() {
    let options = FoldOptions {
        edges: false,
        ..FoldOptions::default()
    };
    let digest = digest_with(&options, &[], None, 1);
    let written = write_interfaces(&digest, &Origins::default(), &mut Vec::new());
    assert!(matches!(written, Err(TableError::NoHistory)), "{written:?}");
}

#[test]
fn many_interfaces_are_several_row_groups_and_none_is_lost() {
    let interfaces = 40_000;
    let mut log =
        "account-id interface-id srcaddr dstaddr protocol packets bytes start end log-status instance-id\n"
            .to_owned();
    for at in 0..interfaces {
        let (status, addresses) = if at % 3 == 0 {
            ("NODATA", "- - - - -")
        } else {
            ("OK", "10.0.0.1 10.0.0.2 6 1 1")
        };
        log += &format!("1 eni-{at:05} {addresses} 1539734400 1539734460 {status} i-{at}\n");
    }
    let digest_of = |threads, budget| digest(&[log.clone().into_bytes()], budget, threads);
    let file = table(&digest_of(2, None), &Origins::default());
    let found = rows(&file);
    assert_eq!(found.len(), interfaces);
    for (at, row) in found.iter().enumerate() {
        assert_eq!(text(row, "instance_id"), format!("i-{at}"));
        assert_eq!(number(row, "nodata_records"), Some(i64::from(at % 3 == 0)));
    }
    // Beyond memory it is the same table.
    let spilled = digest_of(1, Some(HeldRuns::budget(1 << 20)));
    assert!(spilled.is_spilled() && table(&spilled, &Origins::default()) == file);
}

#[test]
fn keys_say_the_region_and_the_flow_logs() {
    let log = "interface-id srcaddr dstaddr protocol packets bytes start end region\n\
        eni-1 10.0.0.1 10.0.0.2 6 1 1 1539734400 1539734460 us-east-1\n\
        eni-2 10.0.0.1 10.0.0.2 6 1 1 1539734400 1539734460 us-east-1\n";
    let mut origins = Origins::default();
    origins.enter("1", "eu-west-1", "fl-2", &[b"eni-1"[..].into()]);
    origins.enter("1", "eu-west-1", "fl-1", &[b"eni-1"[..].into()]);
    origins.enter("-", "-", "", &[b"eni-2"[..].into()]);
    let said: Vec<[String; 4]> = rows(&table(&digest(&[log.into()], None, 1), &origins))
        .iter()
        .map(|row| ["account_id", "region", "interface_id", "flow_log_ids"].map(|name| text(row, name)))
        .collect();
    let expected = [
        ["1", "eu-west-1", "eni-1", "fl-1,fl-2"],
        ["-", "us-east-1", "eni-2", "-"],
    ];
    assert_eq!(said, expected);
}
