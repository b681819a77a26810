//! Digests in other formats, in pieces of any size.

use digest_insight::{Conversion, Format};
use proptest::prelude::*;
use serde_json::Value;

use crate::digests::{digest, records, text};

fn converted(text: &str, format: Format, piece: usize) -> String {
    let mut conversion = Conversion::to(format);
    let mut out = Vec::new();
    for piece in text.as_bytes().chunks(piece) {
        conversion.push(piece, &mut out).unwrap();
    }
    conversion.finish(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

const TEXT: &str = "2 123 eni-1 10.0.0.1 2001:db8::1 0 443 6 3 100 5 9 ACCEPT OK\n\
2 - eni-\"1,\\<&> 10.0.0.1 10.0.0.2 - - 1 2 80 5 9 REJECT OK\n";

#[test]
fn each_format_is_as_it_should_be() {
    let header = "version,account_id,interface_id,srcaddr,dstaddr,srcport,dstport,protocol,packets,bytes,start,end,action,log_status\r\n";
    assert_eq!(
        converted(TEXT, Format::Csv, 7),
        format!(
            "{header}2,123,eni-1,10.0.0.1,2001:db8::1,0,443,6,3,100,5,9,ACCEPT,OK\r\n\
             2,,\"eni-\"\"1,\\<&>\",10.0.0.1,10.0.0.2,,,1,2,80,5,9,REJECT,OK\r\n"
        )
    );
    assert_eq!(converted("", Format::Csv, 1), header);
    assert_eq!(converted("", Format::JsonLines, 1), "");
    assert_eq!(converted(TEXT, Format::Text, 3), TEXT);
    let dot = converted(TEXT, Format::Dot, 11);
    assert_eq!(
        dot,
        "digraph digest {\n  node [shape=box];\n\
         \x20 \"10.0.0.1\" -> \"2001:db8::1\" [label=\"tcp 443\", action=\"ACCEPT\", account=\"123\", interface=\"eni-1\", packets=3, bytes=100];\n\
         \x20 \"10.0.0.1\" -> \"10.0.0.2\" [label=\"icmp\", action=\"REJECT\", interface=\"eni-\\\"1,\\\\<&>\", packets=2, bytes=80, color=red, style=dashed];\n}\n"
    );
    let graphml = converted(TEXT, Format::GraphMl, 1000);
    for part in [
        "<node id=\"10.0.0.1\"/>",
        "<node id=\"2001:db8::1\"/>",
        "<edge source=\"10.0.0.1\" target=\"10.0.0.2\">",
        "<data key=\"interface_id\">eni-&quot;1,\\&lt;&amp;&gt;</data>",
    ] {
        assert_eq!(graphml.matches(part).count(), 1, "{part}: {graphml}");
    }
    assert!(graphml.ends_with("  </graph>\n</graphml>\n") && !graphml.contains("left_out\">1"));
}

#[test]
fn a_last_line_needs_no_newline_and_a_wrong_one_is_named() {
    let without = TEXT.trim_end();
    assert_eq!(
        converted(without, Format::Csv, 5),
        converted(TEXT, Format::Csv, 1000)
    );
    for format in [Format::Csv, Format::JsonLines, Format::Dot, Format::GraphMl] {
        let mut out = Vec::new();
        let error = Conversion::to(format)
            .push(format!("{TEXT}2 1 eni-1\n").as_bytes(), &mut out)
            .unwrap_err();
        assert_eq!(error.to_string(), "line 3: 3 fields where the digest has 14");
    }
    let mut conversion = Conversion::to(Format::Csv);
    let endless = vec![b'x'; 1 << 20];
    assert!(conversion.push(&endless, &mut Vec::new()).is_err());
}

#[test]
fn formats_are_known_by_their_names() {
    for format in Format::ALL {
        assert_eq!(format.name().parse(), Ok(format));
    }
    let refused = "parquet".parse::<Format>().unwrap_err().to_string();
    assert_eq!(
        refused,
        "there is no format \"parquet\"; there are gzip, text, csv, jsonl, dot, graphml"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn csv_and_json_hold_what_the_text_holds(records in records(), piece in 1usize..300) {
        let text = text(&digest(&records));
        let csv = converted(&text, Format::Csv, piece);
        let rows: Vec<String> = csv.split("\r\n").skip(1).filter(|row| !row.is_empty()).map(|row| {
            let fields: Vec<&str> = row.split(',').map(|field| if field.is_empty() { "-" } else { field }).collect();
            fields.join(" ") + "\n"
        }).collect();
        prop_assert_eq!(rows.concat(), text.clone());
        let lines: Vec<String> = converted(&text, Format::JsonLines, piece).lines().map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            let fields: Vec<String> = ["version", "account_id", "interface_id", "srcaddr", "dstaddr", "srcport", "dstport",
                "protocol", "packets", "bytes", "start", "end", "action", "log_status"].iter().map(|name| match &row[name] {
                Value::Null => "-".to_owned(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            }).collect();
            fields.join(" ") + "\n"
        }).collect();
        prop_assert_eq!(lines.concat(), text);
    }
}
