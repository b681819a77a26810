//! Rows that follow one another: what stands between shared columns may be of any length, and may be wrong.

use digest_core::checks::kernel;

/// Every way of asking: with a window and without, strictly and leniently.
fn agree(text: &str) {
    for way in [0x00, 0x01, 0x02, 0x03, 0x10, 0x83] {
        kernel(&[&[way], text.as_bytes()].concat());
    }
}

const HEADER: &str = "version account-id interface-id srcaddr dstaddr x-new srcport dstport protocol packets bytes start \
                      end vpc-id action log-status";

fn row(interface: &str, new: &str, bytes: &str, vpc: &str) -> String {
    format!(
        "2 123456789012 {interface} 10.0.0.1 192.168.255.255 {new} 49152 443 6 7 {bytes} 1539734400 1539734460 {vpc} ACCEPT OK"
    )
}

#[test]
fn a_column_between_may_be_of_any_length() {
    // A view of a row ends at about two thousand bytes.
    for length in (1..140).chain(1900..2110).step_by(3).chain([4000, 5000]) {
        let long = "x".repeat(length);
        let rows = ["x", &long, "xy", &long].map(|new| row("eni-1", new, "1000", "vpc-1"));
        agree(&format!("{HEADER}\n{}\n", rows.join("\n")));
    }
}

#[test]
fn a_name_that_is_shared_may_be_of_any_length() {
    for length in (1..140).chain(1900..2110).step_by(3) {
        let name = "e".repeat(length);
        let other = format!("{}f", &name[1..]);
        let rows = [&name, &name, &other, &name].map(|name| row(name, "x", "1000", "vpc-1"));
        agree(&format!("{HEADER}\n{}\n", rows.join("\n")));
    }
}

#[test]
fn what_is_wrong_within_a_burst_is_wrong_by_itself() {
    for new in ["a\tb", "a\rb", "a  b", "", "\u{e9}", "-", "\u{7f}", "\u{0}"] {
        for bytes in [
            "99999999",
            "100000000",
            "4294967296",
            "12x4",
            "-",
            "18446744073709551616",
            "007",
        ] {
            let rows = [
                row("eni-1", "x", "1", "vpc-1"),
                row("eni-1", new, bytes, "vpc-1"),
                row("eni-1", "y", "2", "vpc-1"),
                row("eni-1", "y", bytes, "vpc-2"),
                row("eni-2", "y", "3", "vpc-2"),
            ];
            agree(&format!("{HEADER}\n{}\n", rows.join("\n")));
            agree(&format!("{HEADER}\n{}\r\n", rows.join("\r\n")));
        }
    }
}

#[test]
fn either_side_may_be_the_interfaces_own_ipv6_address() {
    let peers = [
        "2001:db8::1",
        "2001:db8::2",
        "10.0.0.9",
        "::ffff:10.0.0.9",
        "2001:DB8:0::2",
        "2001:db8::zz",
    ];
    let mut rows = vec![HEADER.to_owned()];
    for own in ["2001:db8::1", "fe80::1"] {
        for (at, peer) in peers.iter().cycle().take(30).enumerate() {
            let sides = if at % 3 == 0 { (own, *peer) } else { (*peer, own) };
            rows.push(format!(
                "2 123456789012 eni-1 {} {} x 1 2 6 7 100 1539734400 1539734460 vpc-1 ACCEPT OK",
                sides.0, sides.1
            ));
        }
    }
    agree(&(rows.join("\n") + "\n"));
}

#[test]
fn the_border_of_rows_that_are_read_together_may_stand_anywhere() {
    // 32 KiB are read together, 128 KiB inflated together; this is cut at every byte of a row.
    let row = |at: usize| {
        row(
            &format!("eni-{}", at / 20),
            "x",
            &(at * 7919).to_string(),
            "vpc-1",
        )
    };
    let rows: Vec<String> = (0..320).map(row).collect();
    for shift in 0..120 {
        let first = rows[0].replace(" x ", &format!(" {} ", "x".repeat(shift + 1)));
        let text = format!("{HEADER}\n{first}\n{}\n", rows[1..].join("\n"));
        assert!(text.len() > 32 << 10 && text.len() < 64 << 10, "{}", text.len());
        kernel(&[b"\x00".as_slice(), text.as_bytes()].concat());
    }
}

#[test]
fn what_a_view_does_not_reach_is_never_taken_for_what_it_shows() {
    // The end of the row, or columns behind a shared one, lie about where the view ends.
    let between = "version account-id interface-id srcaddr dstaddr x-new vpc-id srcport dstport protocol packets bytes start \
                   end action log-status";
    let vpc = "vpc-0123456789abcdef";
    let begin = "2 123456789012 eni-1 10.0.0.1 192.168.255.255";
    for length in 1830..2090 {
        let long = "x".repeat(length);
        let rows = [
            ("x", "ACCEPT"),
            (long.as_str(), "ACCEPT"),
            (&long, "REJECT"),
            (&long, "ACCEPT"),
        ];
        let one = rows.map(|(new, action)| row("eni-1", new, "1000", vpc).replace("ACCEPT", action));
        let other = rows.map(|(new, action)| {
            format!("{begin} {new} {vpc} 49152 443 6 7 1000 1539734400 1539734460 {action} OK")
        });
        for (header, rows) in [(HEADER, one), (between, other)] {
            kernel(&[b"\x00", format!("{header}\n{}\n", rows.join("\n")).as_bytes()].concat());
        }
    }
}

#[test]
fn rejected_rows_amid_accepted_ones_are_of_their_burst_and_whatever_else_differs_is_not() {
    let headers = [
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status",
        "version account-id interface-id action start srcaddr dstaddr srcport dstport protocol packets bytes end log-status",
        "action srcaddr dstaddr srcport dstport protocol packets bytes version account-id interface-id start end log-status",
        "srcaddr dstaddr srcport dstport protocol packets bytes version account-id interface-id start end log-status action",
        "action interface-id srcaddr dstaddr srcport dstport tcp-flags protocol packets bytes start end",
        "version account-id interface-id pkt-srcaddr srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status",
    ];
    let [accept, reject] = ["ACCEPT", "REJECT"];
    // Each beside the rows before it: what differs, and how.
    let changes = [
        vec![],
        vec![("action", reject)],
        vec![("action", "REJECTS")],
        vec![("action", "reject")],
        vec![("action", "-")],
        vec![("action", reject), ("log-status", "NODATA")],
        vec![("action", reject), ("log-status", "KO")],
        vec![("action", reject), ("start", "1539734461")],
        vec![("action", reject), ("end", "1539734401")],
        vec![("action", reject), ("version", "3")],
        vec![("action", reject), ("interface-id", "eni-2")],
        vec![("action", reject), ("bytes", "-")],
        vec![("action", reject), ("bytes", "1234567890")],
        vec![("action", reject), ("srcaddr", "2001:db8::7")],
        vec![("action", reject), ("dstaddr", "10.0.0.x")],
    ];
    for header in headers {
        let row = |at: usize, action: &str, changes: &[(&str, &str)]| {
            let value = |column: &str| match changes.iter().find(|(changed, _)| *changed == column) {
                Some((_, value)) => (*value).to_owned(),
                None => match column {
                    "version" => "2".to_owned(),
                    "account-id" => "123456789012".to_owned(),
                    "interface-id" => "eni-1".to_owned(),
                    "start" => "1539734400".to_owned(),
                    "end" => "1539734460".to_owned(),
                    "action" => action.to_owned(),
                    "log-status" => "OK".to_owned(),
                    "protocol" => "6".to_owned(),
                    address if address.ends_with("addr") => format!("10.0.0.{}", at % 5),
                    _ => (at * 31 % 1000).to_string(),
                },
            };
            let columns: Vec<String> = header.split(' ').map(value).collect();
            columns.join(" ")
        };
        for first in [accept, reject] {
            for change in &changes {
                let mut text = format!("{header}\n");
                for at in 0..40 {
                    let changes: &[_] = if at % 4 == 2 { change } else { &[] };
                    // Some bursts begin with the other action.
                    let action = if at / 9 % 2 == 0 { first } else { accept };
                    text += &row(at, action, changes);
                    text.push('\n');
                }
                agree(&text);
            }
        }
    }
}

#[test]
fn every_row_of_an_interface_may_have_times_of_its_own() {
    let headers = [
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status",
        "start version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes action end log-status",
        "end start srcaddr dstaddr srcport dstport protocol packets bytes action log-status account-id interface-id vpc-id",
        "account-id interface-id start srcaddr dstaddr srcport dstport protocol packets bytes",
        "version interface-id srcaddr dstaddr flow-direction srcport dstport protocol packets bytes end action start",
    ];
    // Each row's start and end in turn: inside the window and outside, too long, too late for 32 bits, no numbers.
    let times = [
        ("1539734400", "1539734460"),
        ("1539734401", "1539734460"),
        ("1539734400", "1539734459"),
        ("1539734403", "1539734403"),
        ("1439734403", "1539734403"),
        ("1539734460", "1539734400"),
        ("1539734400", "1539799935"),
        ("1539734400", "1539799936"),
        ("1539738000", "1539738060"),
        ("153973440x", "1539734460"),
        ("1539734400", "15397 4460"),
        ("9999999999", "9999999999"),
        ("999999999", "999999999"),
        ("0000000001", "0000000002"),
    ];
    for header in headers {
        for (step, length) in [(1, 14), (3, 4), (5, 14), (0, 1), (1, 2), (9, 14)] {
            let mut text = format!("{header}\n");
            for at in 0..60usize {
                let (start, end) = times[at * step % length];
                let value = |column: &str| match column {
                    "version" => "5".to_owned(),
                    "account-id" => "123456789012".to_owned(),
                    "interface-id" => format!("eni-{}", at / 25),
                    "vpc-id" => format!("vpc-{}", at / 31),
                    "start" => start.to_owned(),
                    "end" => end.to_owned(),
                    "action" => ["ACCEPT", "REJECT"][at / 3 % 2].to_owned(),
                    "log-status" => "OK".to_owned(),
                    "protocol" => "6".to_owned(),
                    "flow-direction" => "ingress".to_owned(),
                    "srcaddr" if at % 7 == 3 => format!("2001:db8::{}", at % 2),
                    "dstaddr" if at % 7 == 3 => "2001:db8::f".to_owned(),
                    "bytes" if at % 17 == 16 => "-".to_owned(),
                    address if address.ends_with("addr") => format!("10.0.0.{}", at % 5),
                    _ => (at * 31 % 1000).to_string(),
                };
                let columns: Vec<String> = header.split(' ').map(value).collect();
                text += &columns.join(" ");
                text.push('\n');
            }
            agree(&text);
        }
    }
}

#[test]
fn a_row_whose_last_columns_begin_where_a_view_ends_is_read_all_the_same() {
    let header = "version account-id interface-id start end action log-status srcaddr dstaddr srcport dstport protocol \
                  packets bytes";
    for length in 1840..2060 {
        let name = "e".repeat(length);
        let row = |own: &str| format!("2 123456789012 {name} 1539734400 1539734460 ACCEPT OK {own}");
        let rows = [
            "1.1.1.1 1.1.1.1 1 2 6 1 40",
            "1.1.1.1 2.2.2.2 1 2 6 1 40",
            "- 1.1.1.1 1 2 6 1 40",
        ]
        .map(row);
        kernel(&[b"\x00", format!("{header}\n{}\n", rows.join("\n")).as_bytes()].concat());
    }
}

#[test]
fn a_row_that_is_not_counted_says_nothing_of_those_behind_it() {
    let header = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";
    let row = |version: &str, start: &str, action: &str| {
        format!("{version} 123456789012 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 {start} 1539734460 {action} OK")
    };
    for version in ["2", "15", "16", "31", "32", "255", "256", "258", "65538"] {
        for outside in ["1439734400", "1539738000", "1539734461"] {
            let rows = [
                row(version, outside, "ACCEPT"),
                row(version, "1539734401", "REJECT"),
                row(version, "1539734400", "ACCEPT"),
                row("2", "1539734400", "ACCEPT"),
            ];
            for from in 0..3 {
                agree(&format!("{header}\n{}\n", rows[from..].join("\n")));
            }
        }
    }
}
