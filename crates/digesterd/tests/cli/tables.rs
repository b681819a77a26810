//! Tables put together and drawn: `merge` and `graph` over the tables of two hours.

use serde_json::Value;

use crate::hours::{asked, desk};
use crate::program::text;

const TABLES: [&str; 2] = ["1.edges.parquet", "0.edges.parquet"];

#[test]
fn merged_tables_are_the_tables_of_the_whole_and_unlike_ones_are_refused() {
    let desk = desk();
    let whole = desk.run(&[
        "digest",
        "--logs",
        "log.txt",
        "--start",
        "2018-10-17T00:00:00Z",
        "--stop",
        "2018-10-17T02:00:00Z",
        "-o",
        "whole.log.gz",
        "--manifest",
        "whole.manifest.json",
        "--edges",
        "whole.edges.parquet",
        "--interfaces",
        "whole.interfaces.parquet",
    ]);
    assert!(whole.status.success(), "{}", text(&whole.stderr));
    let read = |name: &str| std::fs::read(desk.path(name)).unwrap();
    for kind in ["edges", "interfaces"] {
        let [one, other] = [1, 0].map(|hour| format!("{hour}.{kind}.parquet"));
        let merged = format!("merged.{kind}.parquet");
        asked(&desk, &["merge", &one, &other, "-o", &merged]);
        assert!(read(&merged) == read(&format!("whole.{kind}.parquet")), "{kind}");
        std::fs::remove_file(desk.path(&merged)).unwrap();
    }
    for (names, code, part) in [
        (["0.edges.parquet", "whole.edges.parquet"], 1, "overlap"),
        (
            ["0.edges.parquet", "1.interfaces.parquet"],
            1,
            "no table of edges",
        ),
        (["0.edges.parquet", "1.log.gz"], 2, "some are tables"),
    ] {
        let output = desk.run(&[&["merge", "-o", "merged.parquet"][..], &names].concat());
        assert_eq!(
            output.status.code(),
            Some(code),
            "{names:?}: {}",
            text(&output.stderr)
        );
        assert!(
            text(&output.stderr).contains(part),
            "{names:?}: {}",
            text(&output.stderr)
        );
        assert!(!desk.path("merged.parquet").exists());
    }
    std::fs::remove_file(desk.path("1.manifest.json")).unwrap();
    let merge = [
        "merge",
        "-o",
        "merged.parquet",
        "0.edges.parquet",
        "1.edges.parquet",
    ];
    let refused = desk.run(&merge);
    assert!(
        text(&refused.stderr).contains("--allow-unknown"),
        "{}",
        text(&refused.stderr)
    );
    asked(&desk, &[&merge[..], &["--allow-unknown"]].concat());
    assert!(read("merged.parquet") == read("whole.edges.parquet"));
}

#[test]
fn a_graph_has_the_nodes_of_any_grouping_each_flow_once() {
    let desk = desk();
    for (grouping, node, other) in [
        ("address", "10.0.0.1", "10.0.0.2"),
        ("/24", "10.0.0.0/24", "203.0.113.0/24"),
        ("eni", "eni-a", "eni-b"),
        ("instance", "i-eni-a", "i-eni-b"),
        ("vpc", "vpc-1", "internet"),
        ("account", "123456789010", "internet"),
        ("internet", "10.0.0.1", "internet"),
    ] {
        let arguments = ["graph", "--format", "json", "--group-by", grouping];
        let (shown, told) = asked(&desk, &[&arguments[..], &TABLES].concat());
        assert_eq!(told, "", "{grouping}");
        let json: Value = serde_json::from_str(&shown).unwrap();
        let nodes: Vec<&str> = json["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["id"].as_str().unwrap())
            .collect();
        assert!(
            nodes.contains(&node) && nodes.contains(&other),
            "{grouping}: {nodes:?}"
        );
        let (top, _) = asked(
            &desk,
            &[&["top", "--json", "--group-by", grouping][..], &TABLES].concat(),
        );
        let top: u64 = top
            .lines()
            .map(|line| {
                serde_json::from_str::<Value>(line).unwrap()["bytes"]
                    .as_u64()
                    .unwrap()
            })
            .sum();
        let links = json["links"].as_array().unwrap().iter();
        assert_eq!(
            links.map(|link| link["bytes"].as_u64().unwrap()).sum::<u64>(),
            top,
            "{grouping}"
        );
    }
    std::fs::remove_file(desk.path("0.interfaces.parquet")).unwrap();
    let refused = desk.run(&["graph", "--group-by", "vpc", "0.edges.parquet"]);
    assert!(
        text(&refused.stderr).contains("no table of interfaces"),
        "{}",
        text(&refused.stderr)
    );
}
