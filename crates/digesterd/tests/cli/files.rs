//! Each kind of file that other tools keep as a sample: it is read, or refused with a message that says exactly why, and,
//! where that can be asked for, read without what is wrong in it.

use digest_core::parquet_copy;

use crate::logs::HEADER;
use crate::program::{Desk, text};

/// The fields of version 5 in the order of the alphabet, as the console chooses them all.
const ALPHABETICAL: &str = "account-id action az-id bytes dstaddr dstport end flow-direction instance-id interface-id \
    log-status packets pkt-dst-aws-service pkt-dstaddr pkt-src-aws-service pkt-srcaddr protocol region srcaddr srcport \
    start sublocation-id sublocation-type subnet-id tcp-flags traffic-path type version vpc-id\n\
    1 ACCEPT euw1-az2 4895 10.0.0.5 50318 1539734460 ingress i-1 eni-1 OK 15 - 10.0.0.5 S3 198.51.100.6 6 eu-west-1 \
    198.51.100.7 443 1539734400 - - subnet-1 19 - IPv4 5 vpc-1\n";
const VERSION_3: &str = "account-id bytes dstaddr dstport end instance-id packets pkt-dstaddr pkt-srcaddr protocol srcaddr \
    srcport start subnet-id tcp-flags type version vpc-id\n\
    1 6392 10.0.0.9 47460 1539734460 i-1 10 10.0.0.9 192.168.0.1 6 10.0.0.5 443 1539734400 subnet-1 19 IPv4 3 vpc-1\n";
const OF_GATEWAY: &str = "version account-id tgw-id tgw-attachment-id tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id \
    tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr srcport \
    dstport protocol packets bytes packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded \
    packets-lost-ttl-expired start end log-status type tcp-flags flow-direction region\n\
    6 1 tgw-1 tgw-attach-1 vpc-1 vpc-2 subnet-1 subnet-2 eni-1 eni-2 az1 az2 tgw-attach-2 10.0.0.1 10.0.1.1 12345 443 6 10 \
    1000 1 2 3 4 1539734400 1539734460 OK IPv4 2 ingress eu-west-1\n";
const OF_GATEWAY_ALONE: &str = "resource-type tgw-id tgw-attachment-id tgw-src-eni tgw-pair-attachment-id \
    packets-lost-no-route\nTransitGateway 0 1 2 3 4\n";
const SILENT: &str = "2 11 eni-3 - - - - - - - 1539734400 1539734460 - NODATA\n";
const LOST: &str = "2 11 eni-3 - - - - - - - 1539734400 1539734460 - SKIPDATA\n";
const ROW: &str = "2 1 eni-1 10.0.0.1 10.0.0.2 20641 80 6 20 1000 1539734400 1539734460 ACCEPT OK\n";

/// What becomes of a file.
enum Outcome {
    /// So many lines, and words of what is said of it.
    Read(usize, &'static [&'static str]),
    /// What is said; and how many lines there are with `--bad-rows skip`, if any.
    Refused(&'static str, Option<usize>),
}
use Outcome::{Read, Refused};

fn cases() -> Vec<(&'static str, Vec<u8>, Outcome)> {
    let subscription = |row: &str| {
        let message = serde_json::json!({"id": "1", "timestamp": 1_539_734_400_000_u64, "message": row});
        serde_json::json!({"messageType": "DATA_MESSAGE", "owner": "1", "logEvents": [message]}).to_string()
    };
    let table = format!("{HEADER}{ROW}{SILENT}");
    vec![
        (
            "rows.dat",
            ROW.repeat(3).into(),
            Read(1, &["1 edge from 3 records", "complete"]),
        ),
        (
            "statuses.dat",
            [ROW, SILENT, LOST].concat().into(),
            Read(1, &["1 NODATA, 1 SKIPDATA", "complete"]),
        ),
        (
            "header.log",
            format!("{HEADER}{ROW}{SILENT}").into(),
            Read(1, &["1 NODATA"]),
        ),
        (
            "silent.log",
            format!("{HEADER}{SILENT}").into(),
            Read(0, &["0 edges", "1 NODATA"]),
        ),
        (
            "word-for-port.log",
            format!("{ROW}{}", ROW.replace(" 20641 ", " NaN ")).into(),
            Refused(
                "word-for-port.log: line 2: srcport is not a number: \"NaN\"",
                Some(1),
            ),
        ),
        (
            "port.log",
            format!("{ROW}{}", ROW.replace(" 20641 ", " 65543 ")).into(),
            Refused(
                "port.log: line 2: srcport is out of range (at most 65535): \"65543\"",
                Some(1),
            ),
        ),
        ("v3.log", VERSION_3.into(), Read(1, &["complete"])),
        ("v5.log", ALPHABETICAL.into(), Read(1, &["complete"])),
        (
            "bogus-line.log",
            format!("{ALPHABETICAL}bogus line\n").into(),
            Refused(
                "bogus-line.log: line 3: 2 fields where the header has 29",
                Some(1),
            ),
        ),
        ("gateway.log", OF_GATEWAY.into(), Read(1, &["complete"])),
        (
            "gateway-alone.log",
            OF_GATEWAY_ALONE.into(),
            Refused(
                "gateway-alone.log: line 1: no flow log that can be digested: its header lacks srcaddr, dstaddr, \
                 protocol, packets, bytes, start, end",
                None,
            ),
        ),
        (
            "other-format.json",
            subscription("2 eni-1 10.0.0.1 10.0.0.2").into(),
            Refused(
                "other-format.json: line 1: 4 fields where the default format has 14",
                Some(0),
            ),
        ),
        (
            "subscription.json",
            subscription(ROW.trim()).into(),
            Read(1, &["complete"]),
        ),
        (
            "flows.parquet",
            parquet_copy(&table, 1).unwrap(),
            Read(1, &["1 NODATA", "complete"]),
        ),
    ]
}

#[test]
fn each_kind_of_file_is_read_or_refused_with_its_reason() {
    let desk = Desk::new();
    for (name, bytes, outcome) in cases() {
        desk.write(name, &bytes);
        let done = desk.run(&["digest", "--logs", name]);
        let (lines, told) = (text(&done.stdout).lines().count(), text(&done.stderr));
        assert!(!told.contains("panicked"), "{name}: {told}");
        match outcome {
            Read(expected, words) => {
                assert_eq!((done.status.code(), lines), (Some(0), expected), "{name}: {told}");
                for word in words {
                    assert!(told.contains(word), "{name} does not say {word:?}: {told}");
                }
            }
            Refused(why, without) => {
                assert_eq!((done.status.code(), lines), (Some(1), 0), "{name}: {told}");
                assert!(told.trim_end().ends_with(why), "{name}: {told}");
                let done = desk.run(&["digest", "--logs", name, "--bad-rows", "skip"]);
                let (lines, told) = (text(&done.stdout).lines().count(), text(&done.stderr));
                let expected = without.map_or((Some(1), 0), |lines| (Some(0), lines));
                assert_eq!((done.status.code(), lines), expected, "{name}: {told}");
            }
        }
    }
}
