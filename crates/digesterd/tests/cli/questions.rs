//! `host`, `services`, `unexpected` and `unusual` over tables and texts, as a person asks them.

use serde_json::Value;

use crate::hours::{asked, desk, squeezed};
use crate::program::text;

const TABLES: [&str; 2] = ["1.edges.parquet", "0.edges.parquet"];

#[test]
fn a_host_is_told_by_hour_with_its_peers_services_and_coverage() {
    let desk = desk();
    let (shown, told) = asked(&desk, &[&["host", "10.0.0.1"][..], &TABLES].concat());
    let lines = squeezed(&shown);
    for line in [
        "host 10.0.0.1, eni-a of account 123456789010",
        "instance_id i-eni-a, vpc_id vpc-1",
        "2018-10-17 00:00 1h 5.0 kB 20 1.3 kB 13 0 complete, 2 of 60 min reported",
        "2018-10-17 01:00 1h 500 B 1 9.0 MB 900 0 complete, 3 of 60 min reported",
        "in all 5.5 kB 21 9.0 MB 913 0",
        "peers: 3, 1 of them new",
        "203.0.113.66 0 B 9.0 MB 2018-10-17 01:01:40 2018-10-17 01:02:10 source NEW",
        "10.0.0.2 5.5 kB 1.0 kB 2018-10-17 00:01:00 2018-10-17 01:03:10 both",
        "198.51.100.7 0 B 300 B 2018-10-17 00:02:00 2018-10-17 00:02:30 source",
        "services offered: 0",
        "rejected: 0",
    ] {
        assert!(lines.iter().any(|shown| shown == line), "{line}\n{shown}");
    }
    assert!(
        shown.contains("NEW: first seen at 2018-10-17 01:00 or later, in the last 1h"),
        "{shown}"
    );
    assert_eq!(told, "");
    // An interface is its own address; what it serves and what was rejected.
    let (shown, _) = asked(&desk, &[&["host", "eni-b"][..], &TABLES].concat());
    let lines = squeezed(&shown);
    for line in [
        "host eni-b (10.0.0.2), eni-b of account 123456789010",
        "tcp/443 1 1.0 kB 5.5 kB syn+ack 2018-10-17 00:01:00",
        "tcp/50000 1 400 B 0 B syn 2018-10-17 00:03:00",
        "203.0.113.9 10.0.0.2 tcp/22 2 80 B 2018-10-17 00:04:00 2018-10-17 00:04:30 destination",
    ] {
        assert!(lines.iter().any(|shown| shown == line), "{line}\n{shown}");
    }
    // Words for programs.
    let (json, _) = asked(
        &desk,
        &[
            &["host", "10.0.0.1", "--json", "--group-by", "internet"][..],
            &TABLES,
        ]
        .concat(),
    );
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["windows"][1]["sent"]["bytes"], 9_000_000);
    assert_eq!(json["windows"][0]["coverage"], "complete");
    assert_eq!(json["peers"]["items"][0]["peer"], "internet");
    assert_eq!(json["peers"]["items"][0]["is_new"], false);
    // Texts know neither flags nor when edges were seen.
    let (shown, _) = asked(&desk, &["host", "10.0.0.1", "0.log.gz", "1.log.gz"]);
    assert!(
        squeezed(&shown)
            .iter()
            .any(|line| line == "in all 5.5 kB 21 9.0 MB 913 0"),
        "{shown}"
    );
    let absent = desk.run(&["host", "eni-zz", "0.edges.parquet"]);
    assert_eq!(absent.status.code(), Some(1));
    assert!(
        text(&absent.stderr).contains("eni-zz is no address"),
        "{}",
        text(&absent.stderr)
    );
}

#[test]
fn services_are_known_by_flags_before_the_order_of_ports() {
    let desk = desk();
    let (shown, _) = asked(&desk, &[&["services"][..], &TABLES].concat());
    let lines = squeezed(&shown);
    for line in [
        "203.0.113.66 tcp/31338 1 9.0 MB 0 B syn 1 source",
        "10.0.0.2 tcp/443 1 1.0 kB 5.5 kB syn+ack 4 both",
        "10.0.0.2 tcp/50000 1 400 B 0 B syn 1 destination",
        "198.51.100.7 tcp/443 1 300 B 0 B syn 1 source",
    ] {
        assert!(lines.iter().any(|shown| shown == line), "{line}\n{shown}");
    }
    assert_eq!(lines.len(), 5, "{shown}");
    let (shown, told) = asked(&desk, &["services", "0.log.gz", "--filter", "cidr=10.0.0.9"]);
    assert!(
        squeezed(&shown)[1].starts_with("10.0.0.9 tcp/30000 1 0 B 400 B port order"),
        "{shown}"
    );
    assert!(told.contains("knows no flags"), "{told}");
    // By what a table of interfaces says of the instances.
    let (shown, _) = asked(
        &desk,
        &[
            &["services", "--group-by", "instance", "--filter", "port=443"][..],
            &TABLES,
        ]
        .concat(),
    );
    assert!(
        squeezed(&shown)
            .iter()
            .any(|line| line.starts_with("i-eni-b tcp/443")),
        "{shown}"
    );
    std::fs::remove_file(desk.path("0.interfaces.parquet")).unwrap();
    let refused = desk.run(&["services", "--group-by", "vpc", "0.edges.parquet"]);
    assert!(
        text(&refused.stderr).contains("no table of interfaces"),
        "{}",
        text(&refused.stderr)
    );
}

#[test]
fn what_is_unexpected_has_a_reason() {
    let desk = desk();
    let (shown, told) = asked(&desk, &[&["unexpected"][..], &TABLES].concat());
    let lines = squeezed(&shown);
    assert_eq!(lines.len(), 3, "{shown}");
    assert_eq!(
        lines[1],
        "10.0.0.1 203.0.113.66 tcp/31338 9.0 MB 0 B 2018-10-17 01:01:40 syn source tcp/31338 is registered for no service"
    );
    assert_eq!(
        lines[2],
        "10.0.0.9 10.0.0.2 tcp/50000 400 B 0 B 2018-10-17 00:03:00 syn destination \
         tcp/50000 is a dynamic port, which no service has"
    );
    assert!(told.contains("IANA's registry of 2026-09-17"), "{told}");
    desk.write(
        "policy.toml",
        b"[[allow]]\nservice = \"https\"\nfrom = \"10.0.0.0/24\"\nto = \"10.0.0.0/24\"\n[[allow]]\nport = 50000\n",
    );
    let policy = [&["unexpected", "--policy", "policy.toml", "--json"][..], &TABLES].concat();
    let (shown, _) = asked(&desk, &policy);
    let found: Vec<Value> = shown
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<(&str, String)> = found
        .iter()
        .map(|one| (one["server"].as_str().unwrap(), one["reasons"].to_string()))
        .collect();
    assert_eq!(
        told,
        [
            ("203.0.113.66", "[\"not-allowed\",\"unregistered\"]".to_owned()),
            ("198.51.100.7", "[\"not-allowed\"]".to_owned()),
        ]
    );
    desk.write("wrong.toml", b"[[allow]]\nport = \"9-1\"\n");
    let wrong = desk.run(&["unexpected", "--policy", "wrong.toml", "0.edges.parquet"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        text(&wrong.stderr).contains("wrong.toml: rule 1"),
        "{}",
        text(&wrong.stderr)
    );
}

#[test]
fn what_is_unusual_has_a_score_and_its_figures() {
    let desk = desk();
    let unusual = [
        "unusual",
        "1.edges.parquet",
        "--baseline",
        "0.edges.parquet",
        "--bytes",
        "1MB",
    ];
    let (shown, told) = asked(&desk, &unusual);
    let lines = squeezed(&shown);
    assert_eq!(lines.len(), 2, "{shown}");
    assert_eq!(
        lines[1],
        "120 10.0.0.1 203.0.113.66 tcp/31338 9.0 MB 0 B 2018-10-17 01:01:40 syn source 10.0.0.1 sent 9.0 MB in all, \
         6,923 times the most in 1 window (1.3 kB); no such pair in 1 window; it leads outside; tcp/31338 is \
         registered for no service"
    );
    assert!(
        told.contains("held against 1 window of 1h from 2018-10-17 00:00 to 2018-10-17 01:00"),
        "{told}"
    );
    assert!(told.contains("fewer than 3 say little"), "{told}");
    // By texts, which know neither flags nor manifests of theirs; and for programs.
    std::fs::remove_file(desk.path("0.manifest.json")).unwrap();
    let texts = [
        "unusual",
        "1.log.gz",
        "--json",
        "--bytes",
        "1MB",
        "--baseline",
        "0.log.gz",
    ];
    let (shown, told) = asked(&desk, &texts);
    let found: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(found["received_bytes"], 9_000_000);
    assert_eq!(found["facts"][0]["fact"], "host-volume");
    assert_eq!(found["score"], 110, "{found}");
    assert!(
        told.contains("1 of 1 windows of the baseline are not known to be complete"),
        "{told}"
    );
    // The other way round the quiet hour has nothing but a service that is new; a filter looks at some edges alone.
    let (shown, _) = asked(
        &desk,
        &["unusual", "0.edges.parquet", "--baseline", "1.edges.parquet"],
    );
    let lines = squeezed(&shown);
    assert!(
        lines[1].contains("10.0.0.2 offered no tcp/50000 in 1 window"),
        "{shown}"
    );
    let nothing = asked(&desk, &[&unusual[..], &["--filter", "cidr=10.0.0.2"]].concat()).0;
    assert_eq!(nothing, "");
    for (arguments, part) in [
        (&["unusual", "1.edges.parquet"][..], "--baseline"),
        (
            &["unusual", "1.edges.parquet", "--baseline", "1.log.gz"],
            "overlaps",
        ),
        (
            &["unusual", "1.edges.parquet", "--baseline-last", "3"],
            "DIGEST_STORAGE_BUCKET",
        ),
        (
            &["unusual", "1.edges.parquet", "--baseline-last", "0"],
            "--baseline-last",
        ),
        (
            &["unusual", "1.edges.parquet", "--baseline", "absent.parquet"],
            "absent.parquet",
        ),
    ] {
        let refused = desk.run(arguments);
        assert!(!refused.status.success(), "{arguments:?}");
        assert!(
            text(&refused.stderr).contains(part),
            "{arguments:?}: {}",
            text(&refused.stderr)
        );
    }
}

#[test]
fn tables_answer_what_texts_answer() {
    let desk = desk();
    for question in [
        &["top"][..],
        &["rejected"],
        &["edges", "--group-by", "/24"],
        &["edges", "--filter", "cidr=10.0.0.2 port=443"],
        &["graph"],
        &["graph", "--group-by", "eni", "--services"],
    ] {
        let json: &[&str] = match question {
            ["graph", ..] => &["--format", "json"],
            _ => &["--json"],
        };
        let by_text = asked(&desk, &[question, json, &["0.log.gz"]].concat()).0;
        let by_table = asked(&desk, &[question, json, &["0.edges.parquet"]].concat()).0;
        assert!(!by_text.is_empty(), "{question:?}");
        assert_eq!(by_text, by_table, "{question:?}");
    }
}

#[test]
fn what_cannot_be_asked_is_told() {
    let desk = desk();
    desk.write("broken.parquet", b"PAR1 and nothing else");
    for (arguments, code, part) in [
        (&["top"][..], 2, "--since"),
        (&["top", "absent.parquet"], 1, "absent.parquet"),
        (&["top", "broken.parquet"], 1, "no sound Parquet"),
        (&["top", "0.interfaces.parquet"], 2, "no edges"),
        (&["graph"], 2, "--since"),
        (&["graph", "0.interfaces.parquet"], 2, "no edges"),
        (
            &["top", "0.edges.parquet", "--filter", "port=22 x"],
            2,
            "at character 9",
        ),
        (&["host", "10.0.0.1", "--since", "27"], 2, "no duration"),
        (
            &["host", "10.0.0.1", "0.edges.parquet", "--since", "27h"],
            2,
            "cannot be used with",
        ),
        (
            &["host", "10.0.0.1", "--since", "27h"],
            2,
            "DIGEST_STORAGE_BUCKET",
        ),
    ] {
        let output = desk.run(arguments);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
        assert!(told.contains(part), "{arguments:?}: {told}");
    }
}
