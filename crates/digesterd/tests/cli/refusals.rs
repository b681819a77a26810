//! What `digest` refuses: by exit code and words, with nothing on stdout and nothing left behind.

use digest_core::parquet_copy;

use crate::logs::{HEADER, START, STOP, gzip, hour, lay_out, records};
use crate::program::{Desk, text};

/// Runs `digest` with an output file and checks that it was refused.
fn refused(desk: &Desk, arguments: &[&str], code: i32, words: &[&str]) {
    let before = desk.names(".");
    let done = desk.run(&[&["digest", "-o", "out.log.gz"], arguments].concat());
    let told = text(&done.stderr);
    assert_eq!(done.status.code(), Some(code), "{arguments:?}: {told}");
    assert_eq!(text(&done.stdout), "", "{arguments:?}");
    for word in words {
        assert!(told.contains(word), "{arguments:?} does not say {word:?}: {told}");
    }
    assert!(!told.contains("panicked"), "{told}");
    assert_eq!(desk.names("."), before, "{arguments:?} left something behind");
    let done = desk.run(&[&["digest"], arguments].concat());
    assert_eq!(
        (done.status.code(), text(&done.stdout)),
        (Some(code), ""),
        "{arguments:?}"
    );
}

#[test]
fn bad_contents_are_refused_by_object_line_and_reason() {
    let desk = Desk::new();
    let whole = gzip(&records(hour().start(), 5000));
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x10;
    let row = |row: &str| {
        format!("{HEADER}2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 1 1539734400 1539734460 ACCEPT OK\n{row}\n")
    };
    let good = "2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 1 1539734400 1539734460 ACCEPT OK";
    let cases: &[(&str, Vec<u8>, &[&str])] = &[
        (
            "cut.gz",
            whole[..whole.len() / 2].to_vec(),
            &["cut.gz", "corrupt or cut"],
        ),
        ("flipped.gz", flipped, &["flipped.gz"]),
        ("notgzip.gz", b"hello, world\n".to_vec(), &["notgzip.gz: line 1"]),
        (
            "short.log",
            row("2 1 eni-1 10.0.0.1").into(),
            &["short.log: line 3", "4 fields"],
        ),
        (
            "port.log",
            row(&good.replace(" 1 2 6", " 65543 2 6")).into(),
            &["port.log: line 3", "srcport"],
        ),
        (
            "protocol.log",
            row(&good.replace(" 2 6 ", " 2 8080 ")).into(),
            &["protocol.log: line 3", "protocol"],
        ),
        (
            "counter.log",
            row(&good.replace(" 6 1 1 ", " 6 1 9223372036854775808 ")).into(),
            &["counter.log: line 3", "bytes"],
        ),
        (
            "start.log",
            row(&good.replace("1539734400", "soon")).into(),
            &["start.log: line 3", "start"],
        ),
        (
            "header.log",
            b"version account-id interface-id\n".to_vec(),
            &["header.log: line 1", "lacks srcaddr"],
        ),
        (
            "flows.parquet",
            b"PAR1....PAR1".to_vec(),
            &["flows.parquet", "the Parquet file is corrupt or cut"],
        ),
    ];
    let parquet = |text: String| parquet_copy(&text, 1000).unwrap();
    let cases = &[
        cases,
        &[
            (
                "port.parquet",
                parquet(row(&good.replace(" 1 2 6", " 65543 2 6"))),
                &["port.parquet: row 2", "srcport is out of range"],
            ),
            (
                "columns.parquet",
                parquet("version srcaddr dstaddr packets bytes\n2 10.0.0.1 10.0.0.2 1 1\n".to_owned()),
                &["columns.parquet", "its Parquet schema lacks protocol, start, end"],
            ),
        ],
    ]
    .concat();
    for (name, bytes, words) in cases {
        let place = format!("{name}.d/{name}");
        desk.write(&place, bytes);
        refused(&desk, &["--logs", &place], 1, words);
        // Among sound files it fails as well.
        desk.write(
            &format!("{name}.d/sound.log"),
            records(hour().start(), 10).as_bytes(),
        );
        refused(&desk, &["--logs", &format!("{name}.d")], 1, words);
    }
}

#[test]
fn one_line_of_many_megabytes_is_refused_and_never_held() {
    let desk = Desk::new();
    let long = format!("{HEADER}{}\n", "x".repeat(8 << 20));
    desk.write("long.gz", &gzip(&long));
    refused(
        &desk,
        &["--logs", "long.gz"],
        1,
        &["long.gz: line 2", "DIGEST_MAX_ROW"],
    );
}

#[test]
fn places_that_are_not_there_are_refused_by_name() {
    let desk = Desk::new();
    refused(&desk, &["--logs", "no/such/folder"], 1, &["no/such/folder"]);
    refused(&desk, &["--logs", "no-such-bucket"], 1, &["s3://no-such-bucket"]);
    refused(
        &desk,
        &["--logs", "/dev/null"],
        1,
        &["neither a file nor a directory"],
    );
    refused(
        &desk,
        &["--logs", "gs://bucket/x"],
        2,
        &["gs:// is not supported"],
    );
    refused(&desk, &["--logs", "s3://bucket/x"], 2, &["REGION", "USE_IAM"]);
}

#[test]
fn windows_that_cannot_be_are_usage_errors() {
    let desk = Desk::new();
    desk.write("x.log", records(hour().start(), 1).as_bytes());
    lay_out(&desk, "bucket");
    let logs = ["--logs", "x.log"];
    let with = |more: &[&'static str]| [&logs[..], more].concat();
    refused(&desk, &with(&["--start", START]), 2, &["--stop"]);
    refused(&desk, &with(&["--stop", STOP]), 2, &["--start"]);
    refused(
        &desk,
        &with(&["--start", STOP, "--stop", START]),
        2,
        &["reversed"],
    );
    refused(&desk, &with(&["--start", START, "--stop", START]), 2, &["empty"]);
    refused(
        &desk,
        &with(&["--start", "now", "--stop", STOP]),
        2,
        &["RFC 3339"],
    );
    let future = [
        "--start",
        "2918-10-17T00:00:00Z",
        "--stop",
        "2918-10-17T01:00:00Z",
    ];
    refused(&desk, &with(&future), 2, &["future"]);
    refused(
        &desk,
        &with(&["--start", "2017-10-17T00:00:00Z", "--stop", STOP]),
        2,
        &["DIGEST_MAX_WINDOW"],
    );
    refused(&desk, &["--logs", "bucket"], 2, &["--start and --stop"]);
    refused(&desk, &with(&["--account", "1"]), 2, &["not in AWS's layout"]);
    refused(&desk, &with(&["--threads", "0"]), 2, &["--threads"]);
}

#[test]
fn an_output_that_cannot_be_written_is_told_before_the_work() {
    let desk = Desk::new();
    desk.write("x.log", records(hour().start(), 1).as_bytes());
    let done = desk.run(&["digest", "--logs", "x.log", "-o", "no/such/folder/out.log"]);
    assert_eq!(done.status.code(), Some(1));
    assert!(
        text(&done.stderr).contains("no/such/folder/out.log"),
        "{}",
        text(&done.stderr)
    );
}
