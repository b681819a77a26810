//! Flow log objects as the worker meets them: AWS's keys, gzip, default format.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};

use chrono::{DateTime, Utc};
use digest_core::oracle::{Question, digest};
use digest_core::{Window, parquet_copy};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

pub(crate) const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n";

/// The hour that most tests digest.
pub(crate) fn hour() -> Window {
    Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").unwrap()
}

/// A key as AWS names an object of this time (a multiple of five minutes).
pub(crate) fn key(named: DateTime<Utc>, suffix: &str) -> String {
    format!(
        "AWSLogs/123456789010/vpcflowlogs/us-east-1/{}/123456789010_vpcflowlogs_us-east-1_fl-1_{}_{suffix}.log.gz",
        named.format("%Y/%m/%d"),
        named.format("%Y%m%dT%H%MZ"),
    )
}

/// A gzip object of this many records, one a second from `from` on, over a handful of edges.
pub(crate) fn object(from: DateTime<Utc>, records: u32) -> Vec<u8> {
    let mut text = HEADER.to_owned();
    for number in 0..records {
        let start = from.timestamp() + i64::from(number);
        let (host, port) = (number % 7, 40_000 + number % 11);
        writeln!(
            text,
            "2 123456789010 eni-{host} 10.0.0.{host} 10.0.1.9 {port} 443 6 {} {} {start} {} ACCEPT OK",
            number + 1,
            (number + 1) * 40,
            start + 30,
        )
        .unwrap();
    }
    gzip(text.as_bytes())
}

/// One gzip member.
pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// The Parquet copy of a gzip object.
pub(crate) fn parquet(object: &[u8]) -> Vec<u8> {
    let mut text = String::new();
    GzDecoder::new(object).read_to_string(&mut text).unwrap();
    parquet_copy(&text, 500).unwrap()
}

/// What the oracle makes of these objects.
pub(crate) fn expected(window: Window, objects: &[(String, Vec<u8>)]) -> Vec<u8> {
    let question = Question {
        window: Some(window),
        skip: false,
        max_row: 64 * 1024,
    };
    digest(&question, objects).unwrap().text
}
