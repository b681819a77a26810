//! Small digests made up, and what is simplest to say of them.

use std::collections::BTreeMap;

use digest_core::{Fold, FoldOptions};
use proptest::prelude::*;

/// A flow record of few values, so that many meet in one edge.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    account: u8,
    eni: u8,
    src: u8,
    dst: u8,
    ports: Option<(u16, u16)>,
    protocol: u8,
    packets: u32,
    start: u16,
    reject: bool,
}

pub(crate) fn records() -> impl Strategy<Value = Vec<Record>> {
    let port = prop_oneof![Just(0u16), Just(22), Just(443), Just(50_000)];
    let record = (
        (0..3u8, 0..3u8, 0..6u8, 0..6u8),
        proptest::option::weighted(0.9, (port.clone(), port)),
        prop_oneof![Just(6u8), Just(17)],
        0..1000u32,
        0..1000u16,
        any::<bool>(),
    );
    let record = record.prop_map(
        |((account, eni, src, dst), ports, protocol, packets, start, reject)| Record {
            account,
            eni,
            src,
            dst,
            ports,
            protocol,
            packets,
            start,
            reject,
        },
    );
    proptest::collection::vec(record, 0..60)
}

fn address(number: u8) -> String {
    match number {
        0..=2 => format!("10.0.0.{number}"),
        3 => "192.0.2.200".to_owned(),
        other => format!("2001:db8::{other}"),
    }
}

/// The digest of records, by the kernel.
pub(crate) fn digest(records: &[Record]) -> digest_core::Digest {
    let mut fold = Fold::new(&FoldOptions::default());
    for (with_ports, header) in [
        (
            true,
            "account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action",
        ),
        (
            false,
            "account-id interface-id srcaddr dstaddr protocol packets bytes start end action",
        ),
    ] {
        let mut log = format!("{header}\n");
        for record in records
            .iter()
            .filter(|record| record.ports.is_some() == with_ports)
        {
            let account = ["-", "111111111111", "222222222222"][usize::from(record.account)];
            let eni = ["-", "eni-1", "eni-20"][usize::from(record.eni)];
            let ports = record
                .ports
                .map_or(String::new(), |(src, dst)| format!("{src} {dst} "));
            let action = if record.reject { "REJECT" } else { "ACCEPT" };
            log.push_str(&format!(
                "{account} {eni} {} {} {ports}{} {} {} {} {} {action}\n",
                address(record.src),
                address(record.dst),
                record.protocol,
                record.packets,
                u64::from(record.packets) * 40,
                1_760_000_000 + u64::from(record.start),
                1_760_000_060 + u64::from(record.start),
            ));
        }
        fold.read_object("records", &mut log.as_bytes()).unwrap();
    }
    fold.finish().unwrap()
}

pub(crate) fn text(digest: &digest_core::Digest) -> String {
    let mut text = Vec::new();
    digest.write_text(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

pub(crate) fn gzip(digest: &digest_core::Digest) -> Vec<u8> {
    let mut gzip = Vec::new();
    digest.write_gzip(&mut gzip).unwrap();
    gzip
}

/// Packets and bytes by the columns that make an edge.
pub(crate) fn sums(text: &str) -> BTreeMap<Vec<&str>, (u128, u128)> {
    let line = |line| {
        let columns: Vec<&str> = str::split(line, ' ').collect();
        let key = [&columns[1..8], &columns[12..13]].concat();
        (key, (columns[8].parse().unwrap(), columns[9].parse().unwrap()))
    };
    text.lines().map(line).collect()
}
