//! Random flow logs of every shape: layouts, spellings of addresses, lengths of numbers, blanks, line ends, places of
//! block borders, kinds of objects. The same seed gives the same logs.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::agreement::{Objects, all_ways};
use crate::fact;
use crate::oracle::{Counts, Question, Refusal};
use crate::window::Window;

/// Columns as AWS orders them; one of them is unknown.
const COLUMNS: [&str; 29] = [
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
    "vpc-id",
    "tcp-flags",
    "pkt-srcaddr",
    "pkt-dstaddr",
    "pkt-src-aws-service",
    "pkt-dst-aws-service",
    "flow-direction",
    "traffic-path",
    "reject-reason",
    "subnet-id",
    "instance-id",
    "interface-tag",
    "ecs-task-id",
    "region",
    "x-new",
];
/// What a layout may lack.
const OPTIONAL: [&str; 22] = [
    "version",
    "account-id",
    "interface-id",
    "srcport",
    "end",
    "action",
    "log-status",
    "vpc-id",
    "tcp-flags",
    "pkt-srcaddr",
    "pkt-dstaddr",
    "pkt-src-aws-service",
    "pkt-dst-aws-service",
    "flow-direction",
    "traffic-path",
    "reject-reason",
    "subnet-id",
    "instance-id",
    "interface-tag",
    "ecs-task-id",
    "region",
    "x-new",
];
/// What rows have that are no records.
const KEPT: [&str; 5] = ["start", "end", "log-status", "account-id", "interface-id"];
/// 2018-10-17T00:00:00Z.
const BEGIN: u64 = 1_539_734_400;

/// A generator of logs.
#[derive(Debug)]
pub struct Rows {
    seed: u64,
}

/// How a log is written.
#[derive(Debug, Clone, Copy)]
struct Style {
    /// One row in so many has an odd value; 0: none.
    odd: u64,
    /// One row in so many has odd blanks or a carriage return; 0: none.
    blanks: u64,
    /// Addresses of so many in 16 are IPv6.
    v6: u64,
    /// Most records of a burst.
    burst: u64,
}

impl Rows {
    /// A generator that begins with this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Makes a few objects with about so many rows in all, and compares every way to digest them with the oracle.
    ///
    /// # Errors
    /// The refusal on which kernel and oracle agreed.
    pub fn check(&mut self, rows: u64) -> Result<Counts, Refusal> {
        let objects: Objects = (0..3)
            .map(|at| (format!("object-{at}"), self.object(rows / 3)))
            .collect();
        let hour = Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").expect("an hour");
        let question = Question {
            window: (!self.one_in(4)).then_some(hour),
            skip: true,
            max_row: if self.one_in(3) {
                90 + self.below(80) as usize
            } else {
                4096
            },
        };
        let piece = match self.below(3) {
            0 => usize::MAX,
            1 => 1 + self.below(100) as usize,
            _ => 1000 + self.below(200_000) as usize,
        };
        let budget = self.below(400_000) as usize;
        all_ways(&question, &objects, piece, budget)
    }

    /// One object: plain, or gzip of one member or several.
    fn object(&mut self, rows: u64) -> Vec<u8> {
        let text = self.log(rows);
        match self.below(3) {
            0 => text,
            1 => gzip(&text),
            _ => {
                let cut = self.below(text.len() as u64 + 1) as usize;
                [gzip(&text[..cut]), gzip(&text[cut..])].concat()
            }
        }
    }

    fn log(&mut self, rows: u64) -> Vec<u8> {
        let style = Style {
            odd: [0, 2000, 100, 6][self.below(4) as usize],
            blanks: [0, 0, 1000, 7][self.below(4) as usize],
            v6: [0, 1, 1, 16][self.below(4) as usize],
            burst: [1, 5, 40, 300][self.below(4) as usize],
        };
        let mut text = Vec::with_capacity(rows as usize * 128);
        let mut columns = COLUMNS[..14].to_vec();
        if self.one_in(5) {
            // Rows without a header are of the default format. Lines of any length move all borders that follow.
            let blanks = self.below(70_000) as usize;
            text.resize(blanks, b' ');
            text.push(b'\n');
        } else {
            columns = self.header(&mut text);
        }
        let mut left = 0;
        let (mut account, mut interface, mut start) = (0, 0, BEGIN);
        for _ in 0..rows {
            if left == 0 {
                left = 1 + self.below(style.burst);
                (account, interface) = (self.below(3), self.below(30));
                start = BEGIN - 120 + self.below(3900);
            }
            left -= 1;
            if self.one_in(4000) {
                columns = self.header(&mut text);
            }
            self.row(&mut text, &columns, style, (account, interface, start));
        }
        if self.one_in(2) {
            text.pop();
        }
        text
    }

    /// A layout: AWS's order or any, without some of the columns that a layout may lack.
    fn header(&mut self, text: &mut Vec<u8>) -> Vec<&'static str> {
        let mut columns = COLUMNS.to_vec();
        let lacking = [0, 2, 4][self.below(3) as usize];
        columns.retain(|column| lacking == 0 || !OPTIONAL.contains(column) || !self.one_in(lacking));
        if self.one_in(2) {
            for at in (1..columns.len()).rev() {
                columns.swap(at, self.below(at as u64 + 1) as usize);
            }
        }
        text.extend_from_slice(columns.join(" ").as_bytes());
        text.push(b'\n');
        columns
    }

    fn row(&mut self, text: &mut Vec<u8>, columns: &[&str], style: Style, burst: (u64, u64, u64)) {
        let odd =
            (style.odd > 0 && self.one_in(style.odd)).then(|| self.below(columns.len() as u64) as usize);
        let blanks = style.blanks > 0 && self.one_in(style.blanks);
        let status = match self.below(if style.odd == 0 { 1 } else { 100 }) {
            98 => "NODATA",
            99 => "SKIPDATA",
            _ => "OK",
        };
        let mut addresses: [Option<Vec<u8>>; 2] = [None, None];
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                let blank: &[u8] = if blanks {
                    [b" ".as_slice(), b"  ", b"\t", b" \t "][self.below(4) as usize]
                } else {
                    b" "
                };
                text.extend_from_slice(blank);
            }
            if odd == Some(at) {
                self.odd(text);
            } else if status != "OK"
                && !KEPT.contains(column)
                && (fact::number(column).is_none() || self.one_in(2))
            {
                text.push(b'-');
            } else if column.starts_with("pkt-") && column.ends_with("addr") && !self.one_in(4) {
                // Mostly the record's own, where that stands before it.
                let own = addresses[usize::from(*column == "pkt-dstaddr")].clone();
                let other = self.address(style.v6);
                text.extend_from_slice(&own.unwrap_or_else(|| other.into_bytes()));
            } else {
                let from = text.len();
                self.value(text, column, style, burst, status);
                if let Some(side) = ["srcaddr", "dstaddr"].iter().position(|own| own == column) {
                    addresses[side] = Some(text[from..].to_vec());
                }
            }
        }
        if blanks {
            text.extend_from_slice(
                [b"".as_slice(), b" ", b"\r", b"\r\n", b" \r\n\t"][self.below(5) as usize],
            );
        }
        text.push(b'\n');
    }

    fn value(
        &mut self,
        text: &mut Vec<u8>,
        column: &str,
        style: Style,
        (account, interface, start): (u64, u64, u64),
        status: &str,
    ) {
        let value = match column {
            "version" => (2 + self.below(2) * 3).to_string(),
            "account-id" => format!("{account:012}"),
            "interface-id" => format!("eni-{interface:017x}"),
            "srcaddr" | "dstaddr" | "pkt-srcaddr" | "pkt-dstaddr" => self.address(style.v6),
            "flow-direction" => ["ingress", "egress"][self.below(2) as usize].to_owned(),
            "traffic-path" => ["-", "1", "2", "08", "x"][self.below(5) as usize].to_owned(),
            "reject-reason" => ["-", "-", "-", "BPA"][self.below(4) as usize].to_owned(),
            "pkt-src-aws-service" | "pkt-dst-aws-service" => {
                ["-", "-", "S3", "EC2"][self.below(4) as usize].to_owned()
            }
            "srcport" | "dstport" => match self.below(3) {
                0 => self.below(65_536),
                1 => 443,
                _ => 49_152 + self.below(4),
            }
            .to_string(),
            "protocol" => [6, 17, 1, 58][self.below(4) as usize].to_string(),
            "packets" | "bytes" => {
                let most = if self.one_in(200) { 15 } else { 8 };
                let digits = 1 + self.below(most) as u32;
                self.below(10u64.pow(digits)).to_string()
            }
            "start" => start.to_string(),
            "end" => (start + 60).to_string(),
            "action" => if interface % 5 == 0 { "REJECT" } else { "ACCEPT" }.to_owned(),
            "log-status" => status.to_owned(),
            "tcp-flags" => self.below(32).to_string(),
            "subnet-id" => format!("subnet-{}", interface % 7),
            "instance-id" => match self.below(400) {
                0 => "-".to_owned(),
                replaced => format!("i-{interface:x}{}", u64::from(replaced == 1)),
            },
            "interface-tag" => ["-", "a%20b", "web"][(interface % 3) as usize].to_owned(),
            // Tasks of one interface in turn, each with records of its own.
            "ecs-task-id" if interface % 4 == 0 => self.below(40).to_string(),
            "ecs-task-id" => (interface * 1000 + start / 600).to_string(),
            "region" => ["us-east-1", "eu-west-1"][(account % 2) as usize].to_owned(),
            _ => "vpc-0123456789abcdef0".to_owned(),
        };
        text.extend_from_slice(value.as_bytes());
    }

    /// An address in one of its spellings.
    fn address(&mut self, v6: u64) -> String {
        if self.below(16) >= v6 {
            return match self.below(8) {
                0 => std::net::Ipv4Addr::from_bits(self.roll() as u32).to_string(),
                _ => format!("10.{}.{}.{}", self.below(2), self.below(3), self.below(256)),
            };
        }
        let low = self.below(60);
        match self.below(6) {
            0 => format!("2001:db8::{low:x}"),
            1 => format!("2001:0DB8:0:0:0:0:0:{low:04X}"),
            2 => format!("2001:db8:0:0::{low:x}"),
            3 => format!("::ffff:10.0.0.{low}"),
            4 => format!("::{low}.0.0.1"),
            _ => std::net::Ipv6Addr::from_bits(u128::from(self.roll()) << self.below(65)).to_string(),
        }
    }

    /// A value that a row rarely has: mostly wrong, sometimes only written otherwise than usual.
    fn odd(&mut self, text: &mut Vec<u8>) {
        let digits = |text: &mut Vec<u8>, digit: u8, count: u64| text.extend((0..count).map(|_| digit));
        match self.below(9) {
            0 => text.push(b'-'),
            1 | 2 => {
                // Digits of every length after every byte that ends no token.
                let before =
                    [self.below(94) as u8 + b'!', self.below(129) as u8 + 0x7f][self.below(2) as usize];
                text.push(before);
                let digit = b'0' + self.below(10) as u8;
                let count = self.below(22);
                digits(text, digit, count);
            }
            3 => {
                let digit = b'0' + self.below(10) as u8;
                let count = 1 + self.below(22);
                digits(text, digit, count);
            }
            4 => {
                let zeros = self.below(20);
                digits(text, b'0', zeros);
                text.extend_from_slice(self.below(70_000).to_string().as_bytes());
            }
            5 => {
                let milliseconds = (BEGIN + self.below(3600)) * 1000 + self.below(1000);
                text.extend_from_slice(milliseconds.to_string().as_bytes());
            }
            6 => text.extend_from_slice(
                ["SKIPDATA", "OTHER", "OK", "srcaddr", "ACCEPT"][self.below(5) as usize].as_bytes(),
            ),
            7 => {
                let octets: Vec<String> = (0..3 + self.below(3))
                    .map(|_| format!("{:01$}", self.below(300), self.below(4) as usize))
                    .collect();
                text.extend_from_slice(octets.join(".").as_bytes());
            }
            _ => {
                // Any bytes, blanks and control characters too: the row has one token more, or none at all.
                let count = 1 + self.below(20);
                for _ in 0..count {
                    let byte = self.below(256) as u8;
                    text.push(if byte == b'\n' { b'x' } else { byte });
                }
            }
        }
    }

    /// A number (splitmix64).
    fn roll(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.seed ^ self.seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).expect("writing to memory cannot fail");
    encoder.finish().expect("writing to memory cannot fail")
}
