//! Graphs of stored digests, in each format.

use reqwest::Method;
use serde_json::Value;

use crate::app::{HOUR, HOUR_ID, TestApp, hour, job};
use crate::questions::stored;

/// The bytes that both hours' edges sum up to, each flow once.
const ALL: u64 = 300 + 5000 + 9000 + 60 + 80;

async fn drawn(app: &TestApp, target: &str) -> (u16, String, String) {
    let answer = app.call(Method::GET, target).send().await.unwrap();
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    (answer.status().as_u16(), kind, answer.text().await.unwrap())
}

fn of_hour(query: &str) -> String {
    format!("/v1/digests/{HOUR_ID}/graph?{query}")
}

#[tokio::test]
async fn a_graph_comes_in_each_format_and_json_says_what_was_asked() {
    let app = TestApp::start();
    stored(&app, &hour()).await;
    for (format, kind, part) in [
        (
            "dot",
            "text/vnd.graphviz; charset=utf-8",
            "\"10.0.0.1\" -> \"203.0.113.66\"",
        ),
        (
            "graphml",
            "application/graphml+xml",
            "<edge source=\"10.0.0.1\" target=\"203.0.113.66\">",
        ),
        ("json", "application/json", "\"target\":\"203.0.113.66\""),
        (
            "svg",
            "image/svg+xml",
            "10.0.0.1 → 203.0.113.66 ACCEPT: 9.0 kB in 9 packets, 1 edge",
        ),
    ] {
        let (status, found, text) = drawn(&app, &of_hour(&format!("format={format}"))).await;
        assert_eq!((status, found.as_str()), (200, kind), "{text}");
        assert!(text.contains(part), "{format}: {text}");
    }
    let (_, _, json) = drawn(&app, &of_hour("")).await;
    let json: Value = serde_json::from_str(&json).unwrap();
    let links = json["links"].as_array().unwrap();
    assert_eq!(links.len(), 5);
    let sum = |items: &[Value]| {
        items
            .iter()
            .map(|item| item["bytes"].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(sum(links), ALL, "what two interfaces tell of counts once");
    assert_eq!(json["graph"]["digests"][0]["coverage"], "complete");
    assert_eq!(json["graph"]["notes"], Value::Array(Vec::new()));
    let services: Vec<&str> = links
        .iter()
        .map(|link| link["service"].as_str().unwrap())
        .collect();
    assert_eq!(services, [""; 5]);
    // Groups, services and limits.
    let (_, _, json) = drawn(&app, &of_hour("group_by=internet&services=true&nodes=2&limit=1")).await;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["links"][0]["target"], "internet");
    assert_eq!(json["links"][0]["service"], "tcp/31338");
    assert_eq!(
        (&json["graph"]["more_links"], &json["graph"]["more_nodes"]),
        (&4.into(), &1.into())
    );
    assert_eq!(json["graph"]["more_bytes"], ALL - 9000);
    // By what `Accept` prefers.
    let image = app
        .call(Method::GET, &of_hour(""))
        .header("accept", "image/svg+xml, */*;q=0.5");
    let image = image.send().await.unwrap();
    assert_eq!(image.headers()["content-type"], "image/svg+xml");
    let image = image.text().await.unwrap();
    assert!(
        image.starts_with("<svg ") && image.ends_with("</svg>\n"),
        "{image}"
    );
}

#[tokio::test]
async fn a_time_is_drawn_with_what_is_not_stored_of_it() {
    let app = TestApp::start();
    let next = job(&[
        ("start", "2018-10-17T01:00:00Z"),
        ("stop", "2018-10-17T02:00:00Z"),
    ]);
    stored(&app, &hour()).await;
    stored(&app, &next).await;
    let time = "start=2018-10-17T00:00:00Z&stop=2018-10-17T03:00:00Z";
    let (status, _, json) = drawn(&app, &format!("/v1/graph?{time}&group_by=eni")).await;
    assert_eq!(status, 200, "{json}");
    let json: Value = serde_json::from_str(&json).unwrap();
    let links = json["links"].as_array().unwrap();
    let bytes: u64 = links.iter().map(|link| link["bytes"].as_u64().unwrap()).sum();
    assert_eq!(bytes, 2 * ALL);
    assert_eq!(json["graph"]["gaps"][0]["start"], "2018-10-17T02:00:00Z");
    let note = "nothing is stored of 2018-10-17 02:00 to 2018-10-17 03:00";
    for format in ["dot", "graphml", "json", "svg"] {
        let (_, _, text) = drawn(&app, &format!("/v1/graph?{time}&format={format}")).await;
        assert!(text.contains(note), "{format}: {text}");
    }
}

#[tokio::test]
async fn what_cannot_be_drawn_is_told() {
    let app = TestApp::start();
    stored(&app, &hour()).await;
    for (target, status, part) in [
        (of_hour("format=png"), 406, "dot, graphml, json, svg"),
        (of_hour("format="), 406, "dot, graphml, json, svg"),
        (of_hour("group_by=colour"), 400, "group_by"),
        (of_hour("sort=bytes"), 400, "format, nodes, services"),
        (of_hour("nodes=-1"), 400, "nodes"),
        (of_hour("services=perhaps"), 400, "true or false"),
        (of_hour("filter=port=22%20x"), 400, "at character 9"),
        (format!("/v1/digests/{HOUR_ID}/top?format=svg"), 400, "format"),
        ("/v1/graph?since=3h&format=svg".to_owned(), 404, "no digest"),
        (format!("/v1/graph?{HOUR}&account=1"), 404, "no digest"),
    ] {
        let (found, kind, told) = drawn(&app, &target).await;
        assert_eq!(found, status, "{target}: {told}");
        assert!(kind.starts_with("application/problem+json"), "{target}: {kind}");
        assert!(told.contains(part), "{target}: {told}");
    }
    let refused = app.call(Method::GET, &of_hour("")).header("accept", "text/html");
    assert_eq!(refused.send().await.unwrap().status(), 406);
}
