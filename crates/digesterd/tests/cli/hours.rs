//! Two hours of digests to ask, of flows that are written down here.

use crate::program::{Desk, text};

const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id instance-id tcp-flags\n";
/// 2018-10-17T00:00:00Z.
const FIRST: i64 = 1_539_734_400;

/// Interface, source, destination, ports, packets, bytes, second of the two hours, action and flags.
type Flow = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    u32,
    u32,
    i64,
    &'static str,
    u8,
);

/// What eni-a and eni-b tell of one another is told by both.
const FLOWS: [Flow; 10] = [
    (
        "eni-a",
        "10.0.0.1",
        "10.0.0.2",
        "40000 443",
        10,
        1000,
        60,
        "ACCEPT",
        2,
    ),
    (
        "eni-b",
        "10.0.0.1",
        "10.0.0.2",
        "40000 443",
        10,
        1000,
        60,
        "ACCEPT",
        2,
    ),
    (
        "eni-a",
        "10.0.0.2",
        "10.0.0.1",
        "443 40000",
        20,
        5000,
        60,
        "ACCEPT",
        18,
    ),
    (
        "eni-b",
        "10.0.0.2",
        "10.0.0.1",
        "443 40000",
        20,
        5000,
        60,
        "ACCEPT",
        18,
    ),
    (
        "eni-a",
        "10.0.0.1",
        "198.51.100.7",
        "41000 443",
        3,
        300,
        120,
        "ACCEPT",
        2,
    ),
    // A service on a port above its client's.
    (
        "eni-b",
        "10.0.0.9",
        "10.0.0.2",
        "30000 50000",
        4,
        400,
        180,
        "ACCEPT",
        2,
    ),
    (
        "eni-b",
        "203.0.113.9",
        "10.0.0.2",
        "55555 22",
        2,
        80,
        240,
        "REJECT",
        2,
    ),
    // The second hour.
    (
        "eni-a",
        "10.0.0.1",
        "203.0.113.66",
        "42000 31338",
        900,
        9_000_000,
        3700,
        "ACCEPT",
        2,
    ),
    (
        "eni-a",
        "10.0.0.2",
        "10.0.0.1",
        "443 40000",
        1,
        500,
        3760,
        "ACCEPT",
        0,
    ),
    (
        "eni-b",
        "10.0.0.2",
        "10.0.0.1",
        "443 40000",
        1,
        500,
        3760,
        "ACCEPT",
        0,
    ),
];

/// Two hours of digests: `0` and `1`, each as text, tables and manifest.
pub(crate) fn desk() -> Desk {
    let desk = Desk::new();
    let mut log = HEADER.to_owned();
    for (eni, source, destination, ports, packets, bytes, second, action, flags) in FLOWS {
        let start = FIRST + second;
        log += &format!(
            "5 123456789010 {eni} {source} {destination} {ports} 6 {packets} {bytes} {start} {} {action} OK vpc-1 i-{eni} {flags}\n",
            start + 30
        );
    }
    desk.write("log.txt", log.as_bytes());
    for hour in 0..2 {
        let at = |hour: i32| format!("2018-10-17T0{hour}:00:00Z");
        let file = |suffix: &str| format!("{hour}.{suffix}");
        let output = desk.run(&[
            "digest",
            "--logs",
            "log.txt",
            "--start",
            &at(hour),
            "--stop",
            &at(hour + 1),
            "-o",
            &file("log.gz"),
            "--manifest",
            &file("manifest.json"),
            "--edges",
            &file("edges.parquet"),
            "--interfaces",
            &file("interfaces.parquet"),
        ]);
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    desk
}

/// What a command says on stdout, and on stderr.
pub(crate) fn asked(desk: &Desk, arguments: &[&str]) -> (String, String) {
    let output = desk.run(arguments);
    let told = text(&output.stderr).to_owned();
    assert!(output.status.success(), "{told}");
    (text(&output.stdout).to_owned(), told)
}

/// Lines with one blank where there are several.
pub(crate) fn squeezed(shown: &str) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    shown.lines().map(words).collect()
}
