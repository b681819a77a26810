//! `digest`: what it makes of files, folders and windows, and where it puts it.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use digest_core::{Manifest, parquet_copy};
use sha2::{Digest as _, Sha256};

use crate::logs::{START, STOP, expected, gzip, hour, lay_out, only_member, records};
use crate::program::{Desk, argument, text};

/// A folder of two loose files, and the same as objects.
fn loose(desk: &Desk) -> Vec<(String, Vec<u8>)> {
    let files = [
        ("a log#1%20.log", records(hour().start(), 300).into_bytes()),
        ("b.gz", gzip(&records(hour().stop(), 200))),
    ];
    files
        .into_iter()
        .map(|(name, bytes)| {
            desk.write(&format!("loose/{name}"), &bytes);
            (name.to_owned(), bytes)
        })
        .collect()
}

#[test]
fn a_folder_of_loose_files_is_digested_whole_or_by_window() {
    let desk = Desk::new();
    let objects = loose(&desk);
    let whole = desk.run(&["digest", "--logs", "loose"]);
    assert_eq!(text(&whole.stdout), text(&expected(None, &objects)));
    assert_eq!(whole.status.code(), Some(0));
    let by_window = desk.run(&["digest", "--logs", "loose", "--start", START, "--stop", STOP]);
    assert_eq!(text(&by_window.stdout), text(&expected(Some(hour()), &objects)));
    let told = text(&by_window.stderr);
    assert!(told.contains("300 records in 2 objects"), "{told}");
    assert!(told.contains("left out: 200 outside the window"), "{told}");
}

#[test]
fn one_file_is_digested_whatever_its_name() {
    let desk = Desk::new();
    let objects = loose(&desk);
    for (name, bytes) in objects {
        let done = desk.run(&["digest", "--threads", "1", "--logs", &format!("loose/{name}")]);
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
        assert_eq!(done.stdout, expected(None, &[(name, bytes)]));
    }
}

#[test]
fn what_a_log_is_delivered_in_does_not_matter_and_its_format_may_be_told() {
    let desk = Desk::new();
    let row = "10.0.0.1 10.0.1.9 40000 443 6 1 40 1539734400 1539734420 vpc-1";
    let files = [
        ("export.txt", format!("2018-10-17T00:00:00.000Z {row}\n")),
        (
            "firehose",
            format!("{{\"message\": \"{row}\"}}{{\"message\": \"{row}\"}}"),
        ),
        (
            "subscription.json",
            format!("{{\"logEvents\": [{{\"message\": \"{row}\"}}]}}"),
        ),
    ];
    for (name, content) in &files {
        desk.write(&format!("logs/{name}"), content.as_bytes());
    }
    let zstd = zstd::encode_all(row.as_bytes(), 3).unwrap();
    desk.write("logs/rows.zst", &zstd);
    let mut command = desk.command(&["digest", "--logs", "logs"]);
    let columns = "srcaddr dstaddr srcport dstport protocol packets bytes start end vpc";
    command.env("VPC_FLOW_LOGS_FORMAT", columns);
    let done = command.output().unwrap();
    assert_eq!(
        text(&done.stdout),
        "2 - - 10.0.0.1 10.0.1.9 0 443 6 5 200 1539734400 1539734420 - OK\n",
        "{}",
        text(&done.stderr)
    );
    assert!(
        text(&done.stderr).contains("unknown columns, passed over: vpc"),
        "{}",
        text(&done.stderr)
    );
    // Never a guess: without it, rows have the default format's columns.
    let done = desk.run(&["digest", "--logs", "logs/rows.zst"]);
    assert_eq!(done.status.code(), Some(1));
    let told = text(&done.stderr);
    assert!(
        told.contains("rows.zst: line 1: 10 fields where the default format has 14"),
        "{told}"
    );
}

#[test]
fn a_parquet_file_is_digested_as_the_text_of_its_records() {
    let desk = Desk::new();
    let log = records(hour().start(), 3000);
    desk.write("flows.parquet", &parquet_copy(&log, 1000).unwrap());
    desk.write("mixed/one.log", &parquet_copy(&log, 4000).unwrap());
    desk.write("mixed/other.parquet", &gzip(&records(hour().stop(), 200)));
    let alone = desk.run(&["digest", "--logs", "flows.parquet"]);
    let objects = [("flows".to_owned(), log.into_bytes())];
    assert_eq!(
        text(&alone.stdout),
        text(&expected(None, &objects)),
        "{}",
        text(&alone.stderr)
    );
    let mixed = desk.run(&["digest", "--logs", "mixed", "--start", START, "--stop", STOP]);
    assert_eq!(text(&mixed.stdout), text(&expected(Some(hour()), &objects)));
    let told = text(&mixed.stderr);
    assert!(told.contains("3,000 records in 2 objects"), "{told}");
}

#[test]
fn a_folder_in_the_layout_is_digested_by_window_and_scope() {
    let desk = Desk::new();
    let objects = lay_out(&desk, "bucket");
    let window = ["--start", START, "--stop", STOP];
    for logs in ["bucket", "bucket/AWSLogs"] {
        let done = desk.run(&[&["digest", "--logs", logs], &window[..]].concat());
        assert_eq!(
            text(&done.stdout),
            text(&expected(Some(hour()), &objects)),
            "{logs}"
        );
        assert!(
            text(&done.stderr).contains("coverage: complete"),
            "{}",
            text(&done.stderr)
        );
    }
    let scoped = ["digest", "--logs", "bucket", "--account", "999999999999"];
    let done = desk.run(&[&scoped[..], &window[..]].concat());
    assert_eq!((done.status.code(), text(&done.stdout)), (Some(0), ""));
    assert!(
        text(&done.stderr).contains("coverage: no-data"),
        "{}",
        text(&done.stderr)
    );
}

#[test]
fn a_gz_file_is_one_member_and_the_manifest_describes_it() {
    let desk = Desk::new();
    let objects = lay_out(&desk, "bucket");
    let sealed = |bytes: &[u8]| {
        let hex: Vec<String> = Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        (bytes.len() as u64, hex.concat())
    };
    // Whether the digest itself is written as gzip or not.
    let mut stored = Vec::new();
    for output in ["d.log.gz", "d.log"] {
        let window = ["--start", START, "--stop", STOP];
        let files = ["-o", output, "--manifest", "m.json"];
        let done = desk.run(&[&["digest", "--logs", "bucket"], &window[..], &files[..]].concat());
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
        assert_eq!(text(&done.stdout), "");
        let written = fs::read(desk.path(output)).unwrap();
        if stored.is_empty() {
            stored.clone_from(&written);
            assert_eq!(only_member(&stored), expected(Some(hour()), &objects));
        } else {
            assert_eq!(written, expected(Some(hour()), &objects));
        }
        let manifest: Manifest = serde_json::from_slice(&fs::read(desk.path("m.json")).unwrap()).unwrap();
        assert_eq!((manifest.gzip.bytes, manifest.gzip.sha256), sealed(&stored));
        assert_eq!(
            (manifest.text.bytes, manifest.text.sha256),
            sealed(&only_member(&stored))
        );
        assert_eq!(manifest.object_list.unwrap().len(), 4);
    }
    assert_eq!(desk.names("."), ["bucket", "d.log", "d.log.gz", "m.json", "tmp"]);
}

#[test]
fn a_file_of_another_name_is_text_and_readable_like_any_other() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let objects = loose(&desk);
    desk.run(&["digest", "--logs", "loose", "--output", "digest.log"]);
    assert_eq!(
        fs::read(desk.path("digest.log")).unwrap(),
        expected(None, &objects)
    );
    fs::write(desk.path("plain"), "").unwrap();
    let mode = |name: &str| fs::metadata(desk.path(name)).unwrap().permissions().mode();
    assert_eq!(mode("digest.log"), mode("plain"));
}

#[test]
fn rows_that_cannot_be_read_are_left_out_on_request() {
    let desk = Desk::new();
    let good = records(hour().start(), 10);
    desk.write("x.log", format!("{good}bogus line\n").as_bytes());
    let done = desk.run(&["digest", "--logs", "x.log", "--bad-rows", "skip"]);
    assert_eq!(
        done.stdout,
        expected(None, &[("x.log".to_owned(), good.into_bytes())])
    );
    let told = text(&done.stderr);
    assert!(told.contains("coverage: partial"), "{told}");
    assert!(
        told.contains("x.log: line 12: 2 fields where the header has 14"),
        "{told}"
    );
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let desk = Desk::new();
    let rows = records(hour().start(), 20_000);
    desk.write("x.log", rows.as_bytes());
    let mut child = desk
        .command(&["digest", "--logs", "x.log"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 10]).unwrap();
    drop(stdout);
    let done = child.wait_with_output().unwrap();
    assert_eq!((done.status.code(), text(&done.stderr)), (Some(0), ""));
}

#[test]
fn settings_of_rows_come_from_the_environment_and_flags_go_first() {
    let desk = Desk::new();
    desk.write("x.log", b"bogus line\n");
    let with = |flags: &[&str]| {
        let mut command = desk.command(&[&["digest", "--logs", "x.log"], flags].concat());
        command
            .env("DIGEST_BAD_ROWS", "skip")
            .output()
            .unwrap()
            .status
            .code()
    };
    assert_eq!(with(&[]), Some(0));
    assert_eq!(with(&["--bad-rows", "fail"]), Some(1));
    let path = desk.path("x.log");
    let mut command = desk.command(&["digest", "--logs", argument(&path)]);
    let done = command.env("VPC_MAX_BYTES_PREFETCH", "much").output().unwrap();
    assert_eq!(done.status.code(), Some(2));
    assert!(
        text(&done.stderr).contains("VPC_MAX_BYTES_PREFETCH"),
        "{}",
        text(&done.stderr)
    );
}

#[test]
fn several_places_are_one_digest_and_a_scope_narrows_all_of_them() {
    let desk = Desk::new();
    let objects = lay_out(&desk, "one");
    let other = gzip(&records(hour().start(), 40));
    let key = "AWSLogs/222222222222/vpcflowlogs/eu-west-1/2018/10/17/222222222222_vpcflowlogs_eu-west-1_fl-2_20181017T0005Z_h.log.gz";
    desk.write(&format!("two/{key}"), &other);
    let url = |name: &str| format!("file://{}", desk.path(name).canonicalize().unwrap().display());
    let places = format!("{},{}/AWSLogs", url("one"), url("two"));
    let digest = |more: &[&str]| {
        let all = [
            &["digest", "--logs", &places, "--start", START, "--stop", STOP],
            more,
        ]
        .concat();
        let done = desk.run(&all);
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
        text(&done.stdout).to_owned()
    };
    let theirs = (key.to_owned(), other);
    let both = [&objects[..], std::slice::from_ref(&theirs)].concat();
    assert_eq!(digest(&[]), text(&expected(Some(hour()), &both)));
    assert_eq!(
        digest(&["--region", "eu-west-1"]),
        text(&expected(Some(hour()), &[theirs]))
    );
    assert_eq!(
        digest(&["--account", "123456789010"]),
        text(&expected(Some(hour()), &objects))
    );
}
