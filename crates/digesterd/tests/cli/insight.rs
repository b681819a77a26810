//! `diff`, `graph`, `merge`, `top`, `edges`, `rejected` over files, and `digest --format`.

use std::fs;
use std::process::Output;

use serde_json::Value;

use crate::logs::{START, STOP, lay_out};
use crate::program::{Desk, text};

const BEFORE: &str = "\
2 1 eni-1 10.0.0.1 10.0.0.2 0 443 6 10 1000 5 9 ACCEPT OK
2 1 eni-1 10.0.0.1 198.51.100.7 0 443 6 1 100 5 9 ACCEPT OK
2 2 eni-2 10.0.0.1 10.0.0.2 0 443 6 10 1000 5 9 ACCEPT OK
2 2 eni-2 203.0.113.9 10.0.0.2 0 22 6 2 80 5 9 REJECT OK
";
const AFTER: &str = "\
2 1 eni-1 10.0.0.1 10.0.0.2 0 443 6 10 1000 15 19 ACCEPT OK
2 1 eni-1 10.0.0.1 198.51.100.7 0 443 6 1 100 15 19 REJECT OK
2 2 eni-2 10.0.0.1 10.0.0.2 0 443 6 90 9000 15 19 ACCEPT OK
2 2 eni-2 203.0.113.9 10.0.0.2 0 22 6 2 80 15 19 REJECT OK
";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("a.log", BEFORE.as_bytes());
    desk.write("b.log", AFTER.as_bytes());
    desk.write("broken.log", b"2 1 eni-1\n");
    desk
}

fn code(output: &Output, expected: i32) -> &str {
    assert_eq!(output.status.code(), Some(expected), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn a_difference_is_told_to_people_programs_and_scripts() {
    let desk = desk();
    let told = desk.run(&["diff", "a.log", "b.log"]);
    let told = code(&told, 0);
    for part in [
        "new: 1",
        "gone: 1",
        "changed: 1",
        "newly rejected: 1",
        "REJECT (was accepted)",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains('\x1b'), "colours outside a terminal: {told}");
    let json = desk.run(&["diff", "a.log", "b.log", "--format", "json"]);
    let json: Value = serde_json::from_str(code(&json, 0)).unwrap();
    assert_eq!(json["changed"]["items"][0]["after"]["bytes"], 9000);
    let dot = desk.run(&["diff", "a.log", "b.log", "--format", "dot"]);
    assert!(code(&dot, 0).contains("color=orange"));
    for (arguments, expected) in [
        (&["a.log", "b.log"][..], 1),
        (&["a.log", "a.log"], 0),
        (&["a.log", "broken.log"], 3),
        (&["a.log", "absent.log"], 3),
        (&["a.log", "b.log", "--ignore", "port=443"], 0),
        (&["a.log", "b.log", "--filter", "what=1"], 2),
    ] {
        let output = desk.run(&[&["diff", "--exit-code"][..], arguments].concat());
        code(&output, expected);
    }
    code(&desk.run(&["diff", "a.log", "broken.log"]), 1);
    let wrong = desk.run(&["diff", "a.log", "b.log", "--filter", "port=22 x"]);
    code(&wrong, 2);
    assert!(
        text(&wrong.stderr).contains("at character 9"),
        "{}",
        text(&wrong.stderr)
    );
}

#[test]
fn a_graph_counts_a_flow_once_and_says_what_it_leaves_out() {
    let desk = desk();
    let dot = desk.run(&["graph", "a.log"]);
    let dot = code(&dot, 0);
    assert!(
        dot.contains(
            "\"10.0.0.1\" -> \"10.0.0.2\" [label=\"ACCEPT\", packets=10, bytes=1000, edges=1, penwidth=6.0]"
        ),
        "{dot}"
    );
    let part = desk.run(&["graph", "a.log", "--limit", "1", "--format", "json"]);
    let told = text(&part.stderr).to_owned();
    let json: Value = serde_json::from_str(code(&part, 0)).unwrap();
    assert_eq!(json["graph"]["more_links"], 2);
    assert!(
        told.contains("and 2 more links of 180 B, with 2 more nodes"),
        "{told}"
    );
    let outside = [
        "graph",
        "a.log",
        "--group-by",
        "internet",
        "--internal",
        "10.0.0.0/31",
    ];
    assert!(code(&desk.run(&outside), 0).contains("\"10.0.0.1\" -> \"internet\""));
    let by_variable = desk
        .command(&["graph", "a.log", "--group-by", "internet"])
        .env("INTERNAL_CIDRS", "10.0.0.1")
        .output()
        .unwrap();
    assert!(code(&by_variable, 0).contains("\"internet\" -> \"internet\""));
    code(
        &desk.run(&["graph", "a.log", "--format", "svg", "-o", "a.svg"]),
        0,
    );
    let svg = fs::read_to_string(desk.path("a.svg")).unwrap();
    assert!(svg.starts_with("<svg ") && svg.contains("203.0.113.9"), "{svg}");
    // Of several digests, and as one; what the destination's interface tells of the same flow does not count again.
    let both = desk.run(&["graph", "a.log", "b.log", "--format", "json", "--nodes", "2"]);
    let json: Value = serde_json::from_str(code(&both, 0)).unwrap();
    assert_eq!(
        (&json["links"][0]["bytes"], &json["graph"]["more_nodes"]),
        (&2000.into(), &2.into())
    );
    let unknown = desk.run(&["graph", "a.log", "--format", "png"]);
    code(&unknown, 2);
    assert!(text(&unknown.stderr).contains("dot, graphml, json, svg"));
    let absent = desk.run(&["graph", "absent.log", "-o", "absent.svg"]);
    code(&absent, 1);
    assert!(!desk.path("absent.svg").exists());
}

#[test]
fn questions_are_answered_in_columns_and_in_json() {
    let desk = desk();
    let top = desk.run(&["top", "a.log"]);
    assert!(
        code(&top, 0).starts_with("  10.0.0.1     10.0.0.2        ACCEPT  1.0 kB"),
        "{}",
        text(&top.stdout)
    );
    assert!(
        text(&top.stderr).contains("1 edges told a second time"),
        "{}",
        text(&top.stderr)
    );
    let edges = desk.run(&["edges", "b.log", "--json", "--limit", "1"]);
    let edge: Value = serde_json::from_str(code(&edges, 0)).unwrap();
    assert_eq!(
        (&edge["bytes"], &edge["interface_id"]),
        (&Value::from(9000), &Value::from("eni-2"))
    );
    assert!(text(&edges.stderr).contains("and 3 more"));
    let rejected = desk.run(&["rejected", "a.log", "--group-by", "/24"]);
    let shown = code(&rejected, 0);
    assert!(
        shown.contains("203.0.113.0/24") && shown.contains("tcp/22") && shown.lines().count() == 1,
        "{shown}"
    );
}

#[test]
fn merged_parts_are_the_digest_of_the_whole_and_unlike_ones_are_refused() {
    let desk = Desk::new();
    lay_out(&desk, "logs");
    let half = "2018-10-17T00:30:00Z";
    let digest = |start: &str, stop: &str, name: &str| {
        let (file, manifest) = (format!("{name}.log.gz"), format!("{name}.manifest.json"));
        let arguments = ["digest", "--logs", "logs", "--start", start, "--stop", stop];
        let output = desk.run(&[&arguments[..], &["-o", &file, "--manifest", &manifest]].concat());
        code(&output, 0);
    };
    digest(START, STOP, "whole");
    digest(START, half, "one");
    digest(half, STOP, "two");
    let merge = |digests: &[&str]| desk.run(&[&["merge", "-o", "merged.log.gz"][..], digests].concat());
    code(&merge(&["two.log.gz", "one.log.gz"]), 0);
    let read = |name: &str| fs::read(desk.path(name)).unwrap();
    assert!(read("merged.log.gz") == read("whole.log.gz"));
    fs::remove_file(desk.path("merged.log.gz")).unwrap();
    let refused = |digests: &[&str], told: &str| {
        let output = merge(digests);
        code(&output, 1);
        assert!(text(&output.stderr).contains(told), "{}", text(&output.stderr));
        assert!(!desk.path("merged.log.gz").exists());
    };
    refused(&["one.log.gz", "whole.log.gz"], "overlap");
    let settings =
        text(&read("two.manifest.json")).replacen("\"settings\": {", "\"settings\": { \"X\": \"1\",", 1);
    desk.write("other.log.gz", &read("two.log.gz"));
    desk.write("other.manifest.json", settings.as_bytes());
    refused(&["one.log.gz", "other.log.gz"], "different settings: X");
    fs::remove_file(desk.path("two.manifest.json")).unwrap();
    refused(&["one.log.gz", "two.log.gz"], "--allow-unknown");
    code(&merge(&["--allow-unknown", "one.log.gz", "two.log.gz"]), 0);
    assert!(read("merged.log.gz") == read("whole.log.gz"));
}

#[test]
fn a_digest_is_written_in_the_format_that_is_asked_for() {
    let desk = Desk::new();
    lay_out(&desk, "logs");
    let digest = |more: &[&str]| {
        let arguments = ["digest", "--logs", "logs", "--start", START, "--stop", STOP];
        desk.run(&[&arguments[..], more].concat())
    };
    let plain = digest(&[]);
    let lines = code(&plain, 0).lines().count();
    let csv = digest(&["--format", "csv"]);
    assert_eq!(code(&csv, 0).lines().count(), lines + 1);
    code(&digest(&["--format", "jsonl", "-o", "digest.jsonl"]), 0);
    let json = fs::read_to_string(desk.path("digest.jsonl")).unwrap();
    assert_eq!(json.lines().count(), lines);
    let unknown = digest(&["--format", "parquet"]);
    code(&unknown, 2);
    let told = text(&unknown.stderr);
    assert!(told.contains("gzip, text, csv, jsonl, dot, graphml"), "{told}");
}
