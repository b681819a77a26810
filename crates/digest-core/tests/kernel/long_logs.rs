//! Logs of thousands of rows, of which nearly all are regular: whole chunks are read a column at a time, with rows of
//! every other kind among them, headers in the middle, columns in any order, bursts of an interface and none.

use std::fmt::Write as _;

use digest_core::oracle::{self, Question};

use crate::answer::{Objects, ends_of_ports, hour, kernel};
use crate::corpus::BEGIN;

const COLUMNS: [&str; 26] = [
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
    "tcp-flags",
    "vpc-id",
    "x-unknown",
    "tgw-attachment-id",
    "tgw-pair-attachment-id",
    "pkt-srcaddr",
    "pkt-dstaddr",
    "pkt-src-aws-service",
    "pkt-dst-aws-service",
    "flow-direction",
    "traffic-path",
    "reject-reason",
];

/// A small generator of numbers (splitmix64), so that a failure can be had again by its seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    pub(crate) fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    /// A number of any length up to so many digits.
    fn digits(&mut self, most: u32) -> u64 {
        let digits = 1 + self.below(most.into()) as u32;
        self.below(10u64.pow(digits))
    }

    fn address(&mut self) -> String {
        match self.below(12) {
            0 => format!("2001:db8::{:x}", self.below(50)),
            1 => format!("2001:0DB8:0:0::{:04X}", self.below(50)),
            2 => "255.255.255.255".to_owned(),
            _ => format!("10.{}.{}.{}", self.below(3), self.below(2), self.below(256)),
        }
    }

    /// Columns in any order, some of those left out that may be.
    fn layout(&mut self) -> Vec<&'static str> {
        let mut columns: Vec<&str> = COLUMNS.to_vec();
        for at in (1..columns.len()).rev() {
            columns.swap(at, self.below(at as u64 + 1) as usize);
        }
        let may_lack = [
            "version",
            "account-id",
            "interface-id",
            "srcport",
            "action",
            "log-status",
            "tcp-flags",
            "end",
            "tgw-pair-attachment-id",
        ];
        columns.retain(|column| !may_lack.contains(column) || !self.one_in(5));
        // A transit gateway's, with what tells its rows apart; or a VPC's.
        if self.one_in(4) {
            columns.retain(|column| *column != "interface-id");
            let lacks = self.below(4);
            columns.retain(|column| match *column {
                "tgw-attachment-id" => lacks != 1,
                "flow-direction" => lacks != 2,
                _ => true,
            });
        } else {
            columns.retain(|column| !column.starts_with("tgw-"));
            let has_further = self.one_in(2);
            let further = COLUMNS.get(19..).unwrap();
            columns.retain(|column| !further.contains(column) || has_further && !self.one_in(4));
        }
        if self.one_in(2) {
            // As AWS has them.
            columns.sort_by_key(|column| COLUMNS.iter().position(|known| known == column));
        }
        columns
    }
}

/// The values of a burst of records of one interface.
struct Burst {
    account: u64,
    interface: u64,
    start: i64,
    left: u64,
}

fn value(column: &str, dice: &mut Dice, burst: &Burst) -> String {
    match column {
        "version" => [2, 2, 2, 5, 17][dice.below(5) as usize].to_string(),
        "account-id" => format!("{:012}", burst.account),
        "interface-id" => format!("eni-{:017x}", burst.interface),
        "srcaddr" | "dstaddr" => dice.address(),
        "srcport" | "dstport" => match dice.below(4) {
            0 => dice.below(65_536).to_string(),
            1 => "443".to_owned(),
            2 => "0".to_owned(),
            _ => "49152".to_owned(),
        },
        "protocol" => [6, 17, 1, 255][dice.below(4) as usize].to_string(),
        "packets" | "bytes" => {
            let most = if dice.one_in(50) { 15 } else { 8 };
            dice.digits(most).to_string()
        }
        "start" => match dice.below(100) {
            0 => (burst.start * 1000).to_string(),
            1 => format!("0{}", burst.start),
            _ => burst.start.to_string(),
        },
        "end" => match dice.below(60) {
            0 => (burst.start - 5).to_string(),
            1 => (burst.start + 70_000).to_string(),
            _ => (burst.start + 60).to_string(),
        },
        "action" => ["ACCEPT", "ACCEPT", "REJECT", "SOMETHINGELSE"][dice.below(4) as usize].to_owned(),
        "log-status" => ["OK"; 60]
            .into_iter()
            .chain(["NODATA", "SKIPDATA", "ODD"])
            .nth(dice.below(63) as usize)
            .unwrap()
            .to_owned(),
        "tgw-attachment-id" | "tgw-pair-attachment-id" => {
            format!("tgw-attach-{}", (burst.interface + dice.below(3)) % 4)
        }
        "flow-direction" => ["ingress", "egress"][dice.below(2) as usize].to_owned(),
        "pkt-srcaddr" | "pkt-dstaddr" => match dice.below(4) {
            0 => dice.address(),
            1 => "-".to_owned(),
            _ => "10.0.0.1".to_owned(),
        },
        "pkt-src-aws-service" | "pkt-dst-aws-service" => {
            ["-", "-", "S3", "x"][dice.below(4) as usize].to_owned()
        }
        "traffic-path" => ["-", "1", "8", "01"][dice.below(4) as usize].to_owned(),
        "reject-reason" => ["-", "-", "BPA"][dice.below(3) as usize].to_owned(),
        "tcp-flags" => [0, 2, 18, 3, 4, 16][dice.below(6) as usize].to_string(),
        _ => "vpc-0123456789abcdef0".to_owned(),
    }
}

/// A log of so many rows.
pub(crate) fn log(dice: &mut Dice, rows: u64) -> Vec<u8> {
    let mut text = String::new();
    let mut columns = dice.layout();
    let _ = writeln!(text, "{}", columns.join(" "));
    let longest = 1 + dice.below(40);
    let mut burst = Burst {
        account: 1,
        interface: 0,
        start: BEGIN,
        left: 0,
    };
    for _ in 0..rows {
        if burst.left == 0 {
            burst = Burst {
                account: 1 + dice.below(3),
                interface: dice.below(20),
                start: BEGIN - 300 + dice.below(4200) as i64,
                left: 1 + dice.below(longest),
            };
        }
        burst.left -= 1;
        if dice.one_in(700) {
            columns = dice.layout();
            let _ = writeln!(text, "{}", columns.join(" "));
        }
        let mut values: Vec<String> = columns.iter().map(|column| value(column, dice, &burst)).collect();
        if dice.one_in(80) {
            let at = dice.below(values.len() as u64) as usize;
            values[at] = "-".to_owned();
        }
        let blank = if dice.one_in(900) { "  " } else { " " };
        let end = if dice.one_in(900) { "\r\n" } else { "\n" };
        text.push_str(&values.join(blank));
        text.push_str(end);
    }
    if dice.one_in(2) {
        text.pop();
    }
    text.into_bytes()
}

#[test]
fn the_kernel_says_what_the_oracle_says() {
    for seed in 0..24 {
        let mut dice = Dice(seed);
        let objects: Objects = (0..2)
            .map(|at| (format!("{seed}-{at}"), log(&mut dice, 1500)))
            .collect();
        for window in [Some(hour()), None] {
            let question = Question {
                window,
                skip: true,
                max_row: 400,
            };
            let expected = oracle::digest(&question, &objects).map(ends_of_ports);
            assert!(expected.as_ref().is_ok_and(|answer| answer.counts.records > 500));
            assert!(
                kernel(&question, &objects) == expected,
                "seed {seed}, window {window:?}"
            );
        }
    }
}
