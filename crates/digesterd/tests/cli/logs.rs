//! Flow log objects, made in the test, and what the oracle makes of them.

use std::fmt::Write as _;
use std::io::{Read, Write as _};

use chrono::{DateTime, TimeDelta, Utc};
use digest_core::Window;
use digest_core::oracle::{self, Question};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::program::Desk;

pub(crate) const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n";
pub(crate) const START: &str = "2018-10-17T00:00:00Z";
pub(crate) const STOP: &str = "2018-10-17T01:00:00Z";

pub(crate) fn hour() -> Window {
    Window::parse(START, STOP).unwrap()
}

/// Text of this many records, one a second from `from` on.
pub(crate) fn records(from: DateTime<Utc>, count: u32) -> String {
    let mut text = HEADER.to_owned();
    for number in 0..count {
        let start = from.timestamp() + i64::from(number);
        writeln!(
            text,
            "2 123456789010 eni-{} 10.0.{}.{} 10.0.1.9 {} 443 6 {} {} {start} {} ACCEPT OK",
            number % 7,
            number / 250,
            number % 250,
            40_000 + number % 11,
            number + 1,
            (number + 1) * 40,
            start + 30,
        )
        .unwrap();
    }
    text
}

pub(crate) fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Puts objects in AWS's layout below a folder of the desk, for the hour and a little past it on both sides.
pub(crate) fn lay_out(desk: &Desk, folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut objects = Vec::new();
    for (number, minutes) in [-5, 0, 20, 55].into_iter().enumerate() {
        let from = hour().start() + TimeDelta::minutes(minutes);
        let named = from + TimeDelta::minutes(5);
        let key = format!(
            "AWSLogs/123456789010/vpcflowlogs/us-east-1/{}/123456789010_vpcflowlogs_us-east-1_fl-1_{}_{number}.log.gz",
            named.format("%Y/%m/%d"),
            named.format("%Y%m%dT%H%MZ"),
        );
        let bytes = gzip(&records(from, 400));
        desk.write(&format!("{folder}/{key}"), &bytes);
        objects.push((key, bytes));
    }
    objects
}

/// The oracle's digest.
pub(crate) fn expected(window: Option<Window>, objects: &[(String, Vec<u8>)]) -> Vec<u8> {
    let question = Question {
        window,
        skip: false,
        max_row: 64 * 1024,
    };
    oracle::digest(&question, objects).unwrap().text
}

/// The text of gzip that must be one member and nothing else.
pub(crate) fn only_member(gzip: &[u8]) -> Vec<u8> {
    let mut decoder = GzDecoder::new(gzip);
    let mut text = Vec::new();
    decoder.read_to_end(&mut text).unwrap();
    assert!(decoder.into_inner().is_empty(), "more than one gzip member");
    text
}
