//! Logs to try: several formats, odd spellings, every kind of row, and, where asked for, faults.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::Union;

/// 2018-10-17T00:00:00Z, begin of the corpus's hour.
pub(crate) const BEGIN: i64 = 1_539_734_400;

const DEFAULT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end \
    action log-status";

/// Columns by name, and whether objects of this format say so.
#[derive(Debug, Clone)]
pub(crate) struct Format {
    pub(crate) columns: Vec<String>,
    headed: bool,
}

/// A log of one format: lines without their ends, split into tokens joined by some blanks.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    pub(crate) format: Format,
    pub(crate) lines: Vec<String>,
    line_end: &'static str,
    last_newline: bool,
}

impl Log {
    /// The text of some of its lines, as an object of its own.
    pub(crate) fn text_of(&self, lines: &[String]) -> Vec<u8> {
        let header = self.format.headed.then(|| self.format.columns.join(" "));
        let mut text = header
            .iter()
            .chain(lines)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(self.line_end);
        if self.last_newline {
            text.push_str(self.line_end);
        }
        text.into_bytes()
    }

    pub(crate) fn text(&self) -> Vec<u8> {
        self.text_of(&self.lines)
    }
}

/// A log whose rows are all understood.
pub(crate) fn sound_log() -> impl Strategy<Value = Log> {
    format().prop_flat_map(|format| log(format.clone(), line(format).boxed()))
}

/// A log that may hold anything: bad values, wrong widths, headers of other formats, noise.
pub(crate) fn any_log() -> impl Strategy<Value = Log> {
    format().prop_flat_map(|format| {
        let sound = line(format.clone());
        let any = prop_oneof![
            40 => sound.clone(),
            2 => (sound.clone(), any::<Index>(), bad_token()).prop_map(|(line, at, token)| {
                let mut tokens: Vec<&str> = line.split_ascii_whitespace().collect();
                let at = at.index(tokens.len().max(1));
                if let Some(place) = tokens.get_mut(at) {
                    *place = token;
                }
                tokens.join(" ")
            }),
            1 => (sound, any::<Index>()).prop_map(|(line, at)| {
                let mut tokens: Vec<&str> = line.split_ascii_whitespace().collect();
                tokens.truncate(at.index(tokens.len().max(1)));
                tokens.join("  ")
            }),
            1 => select(vec!["bogus line", "{\"a\": 1}", "srcaddr", "version account-id", "x y\u{1f}z é \u{b}", "\u{0}"])
                .prop_map(str::to_owned),
            1 => self::format().prop_map(|format| format.columns.join("\t")),
            1 => Just("tgw-id srcaddr dstaddr protocol packets bytes start".to_owned()),
            1 => line(Format { columns: names(DEFAULT), headed: false }),
        ];
        log(format, any.boxed())
    })
}

fn log(format: Format, line: BoxedStrategy<String>) -> impl Strategy<Value = Log> {
    (vec(line, 0..30), select(vec!["\n", "\r\n"]), any::<bool>()).prop_map(
        move |(lines, line_end, last_newline)| Log {
            format: format.clone(),
            lines,
            line_end,
            last_newline,
        },
    )
}

/// Default (with and without header), shuffled, custom with columns left out or added, transit gateway.
fn format() -> impl Strategy<Value = Format> {
    let optional = "version account-id interface-id srcport dstport start action log-status tcp-flags \
        pkt-srcaddr vpc-id new-field flow-direction pkt-dstaddr traffic-path reject-reason pkt-src-aws-service \
        pkt-dst-aws-service instance-id interface-tag region";
    let needed = "srcaddr dstaddr protocol packets bytes end";
    let custom = proptest::sample::subsequence(names(optional), 0..=21)
        .prop_map(move |mut columns| {
            columns.extend(names(needed));
            columns
        })
        .prop_shuffle();
    let gateway = |others: &'static str, columns: &'static str| {
        (0..=names(others).len(), Just(names(others)).prop_shuffle()).prop_map(move |(count, mut others)| {
            others.truncate(count);
            others.extend(names(columns));
            others
        })
    };
    let attached = "version resource-type account-id tgw-id tgw-attachment-id srcaddr dstaddr srcport dstport protocol \
        packets bytes start end log-status type tcp-flags";
    let directed =
        "tgw-dst-eni flow-direction account-id srcaddr dstaddr protocol packets bytes start end log-status";
    let only_start = "srcaddr dstaddr srcport dstport protocol packets bytes start";
    let headed = |columns| Format {
        columns,
        headed: true,
    };
    prop_oneof![
        3 => any::<bool>().prop_map(|headed| Format { columns: names(DEFAULT), headed }),
        2 => Just(names(DEFAULT)).prop_shuffle().prop_map(headed),
        3 => custom.prop_map(headed),
        1 => gateway("tgw-pair-attachment-id flow-direction", attached).prop_map(headed),
        1 => gateway("tgw-pair-attachment-id region", directed).prop_map(headed),
        1 => Just(names(only_start)).prop_map(headed),
    ]
}

/// A line that says nothing wrong: mostly counted records, and now and then another kind.
fn line(format: Format) -> impl Strategy<Value = String> + Clone {
    let repeated = format.columns.join(" ");
    let columns: Vec<_> = format.columns.iter().map(|name| value(name)).collect();
    let shape = select(vec![
        "OK", "OK", "OK", "OK", "OK", "OK", "OK", "NODATA", "SKIPDATA", "ok", "-", "dash",
    ]);
    let blanks = vec(
        select(vec![" ", " ", " ", "  ", "\t", " \t "]),
        format.columns.len(),
    );
    let row = (columns, shape, blanks, any::<Index>()).prop_map(move |(mut values, shape, blanks, at)| {
        for (name, value) in format.columns.iter().zip(&mut values) {
            match (name.as_str(), shape) {
                ("log-status", "dash") => *value = "OK".to_owned(),
                ("log-status", status) => *value = status.to_owned(),
                ("version" | "account-id" | "interface-id" | "start" | "end", _) => {}
                ("instance-id" | "region", "SKIPDATA") => {}
                (_, "NODATA" | "SKIPDATA") => *value = "-".to_owned(),
                _ => {}
            }
        }
        if shape == "dash" {
            let at = at.index(values.len());
            values[at] = "-".to_owned();
        }
        values
            .into_iter()
            .zip(blanks)
            .map(|(value, blank)| value + blank)
            .collect::<String>()
    });
    prop_oneof![
        30 => row,
        1 => select(vec!["", " ", "\t", "\r"]).prop_map(str::to_owned),
        1 => Just(repeated),
    ]
    .boxed()
}

/// Few values of each kind, so that records meet on edges.
fn value(name: &str) -> BoxedStrategy<String> {
    let of = |list: &'static [&'static str]| select(list).prop_map(str::to_owned).boxed();
    match name {
        "version" => of(&["2", "2", "5", "-"]),
        "account-id" => of(&["123456789010", "000000000000", "unknown", "-", "!"]),
        "interface-id" => of(&["eni-1", "eni-10", "eni-2", "-", "eni-\u{44f}"]),
        "traffic-path" => of(&["-", "1", "8", "008", "x", "-1", "4294967296"]),
        "pkt-srcaddr" | "pkt-dstaddr" => of(&[
            "-",
            "10.0.0.1",
            "10.0.0.2",
            "2001:db8::1",
            "2001:DB8::1",
            "::",
            "1.2.3",
            "x",
        ]),
        "srcaddr" | "dstaddr" => of(&[
            "10.0.0.1",
            "10.0.0.2",
            "9.255.0.1",
            "10.0.0.1",
            "255.255.255.255",
            "0.0.0.0",
            "2001:db8::1",
            "2001:DB8:0:0:0:0:0:1",
            "2001:0db8:0000::0001",
            "::ffff:10.0.0.1",
            "::",
            "1::",
        ]),
        "srcport" | "dstport" => of(&["0", "80", "443", "443", "20641", "65535", "00080"]),
        "protocol" => of(&["6", "6", "17", "1", "58", "0", "255"]),
        "packets" | "bytes" => Union::new([(0u64..2000).boxed(), (0u64..1 << 40).boxed()])
            .prop_map(|count| count.to_string())
            .boxed(),
        "start" => time(-120, 3720),
        "end" => time(-200, 4300),
        "action" => of(&["ACCEPT", "REJECT", "-", "!"]),
        "tcp-flags" => of(&["0", "2", "3", "4", "18", "19", "-"]),
        "log-status" => of(&["OK"]),
        "tgw-attachment-id" | "tgw-pair-attachment-id" => {
            of(&["tgw-attach-1", "tgw-attach-2", "tgw-attach-1", "-"])
        }
        "flow-direction" => of(&["ingress", "egress", "-"]),
        _ => of(&["-", "x-1", "7", "srcaddr"]),
    }
}

/// Around the hour, sometimes in milliseconds, seldom far away.
fn time(from: i64, to: i64) -> BoxedStrategy<String> {
    prop_oneof![
        20 => (from..to).prop_map(|offset| (BEGIN + offset).to_string()),
        2 => (from * 1000..to * 1000).prop_map(|offset| (BEGIN * 1000 + offset).to_string()),
        1 => select(vec!["0", "99999999999", "100000000000", "9223372036854775807", "1539734399", "1539738000"])
            .prop_map(str::to_owned),
    ]
    .boxed()
}

fn bad_token() -> impl Strategy<Value = &'static str> {
    select(vec![
        "-",
        "NaN",
        "65543",
        "8080",
        "-1",
        "+5",
        "256",
        "32",
        "9223372036854775808",
        "99999999999999999999999",
        "1.2.3",
        "01.2.3.4",
        "1.2.3.4",
        "::1%eth0",
        "ACCEPT",
        "0x10",
        "1e3",
        "é",
    ])
}

fn names(list: &str) -> Vec<String> {
    list.split_ascii_whitespace().map(str::to_owned).collect()
}

/// What the rows of a log are delivered in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Delivery {
    Bare,
    /// Behind a byte order mark.
    Marked,
    Export,
    /// A document for each row, with something before each.
    Documents(&'static str),
    Subscription,
}

pub(crate) fn delivery() -> impl Strategy<Value = Delivery> {
    select(vec![
        Delivery::Bare,
        Delivery::Bare,
        Delivery::Marked,
        Delivery::Export,
        Delivery::Documents(""),
        Delivery::Documents("\n"),
        Delivery::Documents(" \r\n\t"),
        Delivery::Subscription,
    ])
}

impl Delivery {
    /// A text so delivered.
    pub(crate) fn of(self, text: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Bare => return text,
            Self::Marked => return [b"\xef\xbb\xbf", &*text].concat(),
            _ => {}
        }
        let text = String::from_utf8(text).unwrap();
        let rows = text.split('\n');
        let delivered = match self {
            Self::Bare | Self::Marked => return text.into_bytes(),
            Self::Export => rows
                .zip(0..)
                .map(|(row, at)| match at % 3 {
                    0 => format!("2018-10-17T00:00:00.{at:03}Z {row}"),
                    1 => format!("2018-10-17T00:00:00Z\t{row}"),
                    _ => format!("2018-10-17T00:00:00.000Z  {row}"),
                })
                .collect::<Vec<_>>()
                .join("\n"),
            Self::Documents(between) => rows
                .map(|row| {
                    let document = serde_json::json!({"host": {"a": ["}", "\\"]}, "message": row});
                    format!("{between}{document}")
                })
                .collect::<String>(),
            Self::Subscription => {
                let events: Vec<_> = rows
                    .map(|row| serde_json::json!({"id": "1", "message": row}))
                    .collect();
                let control =
                    r#"{"messageType": "CONTROL_MESSAGE", "logEvents": [{"message": "are you there?"}]}"#;
                let data = serde_json::json!({"messageType": "DATA_MESSAGE", "logEvents": events});
                format!("{control}{data}")
            }
        };
        delivered.into_bytes()
    }
}
