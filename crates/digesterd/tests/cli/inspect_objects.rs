//! `inspect`: what it says of objects of every kind, of their rows and of the settings that they would be digested by.

use digest_core::parquet_copy;
use serde_json::{Value, json};

use crate::logs::{HEADER, START, STOP, gzip, hour, lay_out, records};
use crate::program::{Desk, text};

/// Columns of version 5 without one for the version, and one that no field has.
const NEWER: &str = "account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action \
                     log-status region flow-direction x-new";

fn inspected(desk: &Desk, arguments: &[&str]) -> Value {
    inspected_with(desk, &[], arguments)
}

fn inspected_with(desk: &Desk, variables: &[(&str, &str)], arguments: &[&str]) -> Value {
    let mut command = desk.command(&[&["inspect", "--json"], arguments].concat());
    let done = command.envs(variables.iter().copied()).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

fn told(desk: &Desk, variables: &[(&str, &str)], arguments: &[&str]) -> String {
    let mut command = desk.command(&[&["inspect"], arguments].concat());
    let done = command.envs(variables.iter().copied()).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    text(&done.stdout).to_owned()
}

/// A record of [`NEWER`] columns.
fn newer(account: &str, region: &str, start: i64, status: &str) -> String {
    let end = start + 59;
    match status {
        "OK" => format!(
            "{account} eni-{account} 10.0.0.1 10.0.0.2 40000 443 6 3 120 {start} {end} ACCEPT OK {region} ingress x"
        ),
        _ => format!("{account} eni-{account} - - - - - - - {start} {end} - {status} {region} - x"),
    }
}

fn newer_log(rows: &[String]) -> String {
    format!("{NEWER}\n{}\n", rows.join("\n"))
}

#[test]
fn columns_versions_and_containers_are_told_of_every_kind_of_object() {
    let desk = Desk::new();
    let log = newer_log(&[newer("1", "eu-west-1", 1_539_734_400, "OK")]);
    let export: String = log
        .lines()
        .map(|row| format!("2018-10-17T00:00:00.000Z {row}\n"))
        .collect();
    let document: String = log
        .lines()
        .map(|row| json!({"message": row}).to_string())
        .collect();
    let zstd = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
    let skippable = [b"\x50\x2a\x4d\x18\x02\0\0\0ab".as_slice(), &zstd(&log)].concat();
    let old = records(hour().start(), 9);
    for (name, bytes, container, header, version) in [
        (
            "a",
            parquet_copy(&log, 10).unwrap(),
            "parquet",
            NEWER.replace('-', "_"),
            5,
        ),
        ("b", zstd(&log), "zstd", NEWER.to_owned(), 5),
        ("c", skippable, "zstd", NEWER.to_owned(), 5),
        (
            "d",
            export.clone().into_bytes(),
            "CloudWatch Logs export in text",
            NEWER.to_owned(),
            5,
        ),
        (
            "e",
            gzip(&export),
            "CloudWatch Logs export in gzip",
            NEWER.to_owned(),
            5,
        ),
        ("f", gzip(&document), "JSON in gzip", NEWER.to_owned(), 5),
        (
            "g",
            parquet_copy(&old, 10).unwrap(),
            "parquet",
            HEADER.trim().replace('-', "_"),
            2,
        ),
    ] {
        desk.write(name, &bytes);
        let sample = &inspected(&desk, &[name])["sample"];
        assert_eq!(sample["containers"], json!({container: 1}), "{name}");
        let columns = header.split(' ').count();
        let layout = json!({"text": header, "columns": columns, "version": version, "objects": 1});
        assert_eq!(sample["headers"], json!([layout]), "{name}");
        // Only values of a column tell versions of records.
        let versions = if version == 2 { json!([2]) } else { json!([]) };
        assert_eq!(sample["versions"], versions, "{name}");
        let unknown = if version == 2 {
            json!({})
        } else {
            json!({"x-new": 1})
        };
        assert_eq!(sample["unknown_columns"], unknown, "{name}");
        let told = told(&desk, &[], &[name]);
        let line = format!("1 object with {columns} columns of version {version}: {header}");
        assert!(
            told.contains(&line) && told.contains(&format!("1 {container})")),
            "{line}: {told}"
        );
        assert_eq!(
            told.contains("unknown columns, passed over: x-new"),
            version == 5,
            "{told}"
        );
    }
}

#[test]
fn rows_tell_accounts_regions_and_times_where_names_do_not() {
    let desk = Desk::new();
    let start = hour().start().timestamp();
    desk.write(
        "loose/a.log",
        newer_log(&[
            newer("1", "eu-west-1", start + 120, "OK"),
            newer("2", "-", start + 60, "OK"),
        ])
        .as_bytes(),
    );
    let rows = [
        newer("3", "us-east-1", start + 180, "SKIPDATA"),
        newer("3", "us-east-1", start + 240, "NODATA"),
        newer("3", "us-east-1", start + 200, "LOST"),
        newer("1", "eu-west-1", start + 300, "OK"),
    ];
    desk.write("loose/b.parquet", &parquet_copy(&newer_log(&rows), 10).unwrap());
    let found = inspected(&desk, &["loose"]);
    let files = &found["digest"]["flow_logs"][0];
    assert_eq!((&files["first"], &files["last"]), (&Value::Null, &Value::Null));
    let sample = &found["sample"];
    assert_eq!(sample["accounts"], json!(["1", "2", "3"]));
    assert_eq!(sample["regions"], json!(["eu-west-1", "us-east-1"]));
    let span = json!({"start": "2018-10-17T00:01:00Z", "end": "2018-10-17T00:05:59Z"});
    assert_eq!(sample["span"], span);
    let records = &sample["records"];
    assert_eq!(
        ["rows", "ok", "nodata", "skipdata", "other_status", "bad"]
            .map(|fate| records[fate].as_u64().unwrap()),
        [6, 3, 1, 1, 1, 0]
    );
    let shown = told(&desk, &[], &["loose"]);
    for line in [
        "files whose names tell no account, region or time: 2 objects",
        "records of the sample from 2018-10-17T00:01:00Z to 2018-10-17T00:05:59Z",
        "rows of account 1, 2, 3\n",
        "rows of region eu-west-1, us-east-1\n",
        "6 rows: 3 OK, 1 NODATA, 1 SKIPDATA, 1 of another log-status",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }

    let odd = rows[3].replace(" 40000 ", " - ");
    desk.write("odd.parquet", &parquet_copy(&newer_log(&[odd]), 10).unwrap());
    let shown = told(&desk, &[], &["odd.parquet"]);
    assert!(shown.contains("odd.parquet: row 1: srcport is"), "{shown}");

    // Names that carry them, and rows that do not.
    let name = "7_vpcflowlogs_eu-west-1_fl-9_20181017T0005Z_h.log";
    let row = "10.0.0.1 10.0.0.2 6 1 40 1539734400 1539734460\n";
    let bare = format!("srcaddr dstaddr protocol packets bytes start end\n{row}");
    desk.write(&format!("named/{name}"), bare.as_bytes());
    let shown = told(&desk, &[], &["named"]);
    for line in [
        "fl-9 of 7 eu-west-1: 1 object, ",
        ", named 2018-10-17T00:05Z to 2018-10-17T00:05Z, layout loose",
        "rows name no account\n",
        "rows name no region\n",
        "columns of version 2: srcaddr",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

#[test]
fn of_a_window_only_its_records_have_a_span() {
    let desk = Desk::new();
    lay_out(&desk, "bucket");
    let asked = ["bucket", "--start", START, "--stop", STOP];
    let span = json!({"start": START, "end": "2018-10-17T01:00:29Z"});
    assert_eq!(inspected(&desk, &asked)["sample"]["span"], span);
    let shown = told(&desk, &[], &asked);
    let line = "records of the sample in the window from 2018-10-17T00:00:00Z to 2018-10-17T01:00:29Z";
    assert!(shown.contains(line), "{shown}");
    assert!(
        shown.contains("named 2018-10-17T00:00Z to 2018-10-17T01:00Z, layout default"),
        "{shown}"
    );
}

#[test]
fn settings_of_a_digest_are_those_of_its_inspection() {
    let desk = Desk::new();
    let log = newer_log(&[newer("1", "eu-west-1", 1_539_734_400, "OK")]);
    desk.write("a.log", log.as_bytes());
    let zeros = gzip(&" ".repeat(20 << 20));
    desk.write("b.gz", &zeros);
    for (file, variable, reason) in [
        ("a.log", ("DIGEST_MAX_COLUMNS", "15"), "more than 15 columns"),
        ("b.gz", ("DIGEST_MAX_RATIO", "2"), "more than 2 times its size"),
    ] {
        assert_eq!(
            inspected(&desk, &[file])["sample"]["objects_refused"],
            0,
            "{file}"
        );
        let found = inspected_with(&desk, &[variable], &[file]);
        assert_eq!(found["sample"]["objects_refused"], 1, "{file}");
        let shown = told(&desk, &[variable], &[file]);
        for line in [
            "1 object cannot be read",
            reason,
            "DIGEST_BAD_ROWS=fail: a digest of these fails",
        ] {
            assert!(shown.contains(line), "{line}: {shown}");
        }
        let digested = desk
            .command(&["digest", "--logs", file])
            .env(variable.0, variable.1)
            .output();
        let why = digested.unwrap().stderr;
        assert!(text(&why).contains(reason), "{}", text(&why));
        let skipping = [variable, ("DIGEST_BAD_ROWS", "skip")];
        assert!(
            told(&desk, &skipping, &[file]).contains("the digest is partial"),
            "{file}"
        );
    }
    let settings = &inspected_with(&desk, &[("DIGEST_OVERLAP", "prefer-newest")], &["a.log"])["settings"];
    assert_eq!(
        (
            &settings["overlap"],
            &settings["bad_rows"],
            &settings["max_columns"],
            &settings["format"]
        ),
        (
            &"prefer-newest".into(),
            &"fail".into(),
            &512.into(),
            &"default".into()
        )
    );

    // A window that no digest may have, and of rows that several flow logs deliver which count.
    lay_out(&desk, "bucket");
    let hive = "bucket/AWSLogs/aws-account-id=2/aws-service=vpcflowlogs/aws-region=us-east-1/year=2018/month=10/day=17";
    let name = "2_vpcflowlogs_us-east-1_fl-2_20181017T0005Z_h.log.gz";
    desk.write(&format!("{hive}/{name}"), &gzip(&records(hour().start(), 10)));
    let asked = ["bucket", "--start", START, "--stop", STOP];
    let variables = [("DIGEST_MAX_WINDOW", "30m"), ("DIGEST_OVERLAP", "prefer-newest")];
    let shown = told(&desk, &variables, &asked);
    assert!(shown.contains("refused as it stands: "), "{shown}");
    assert!(
        shown.contains("in more than one flow log: the newest one's records count"),
        "{shown}"
    );
    let shown = told(&desk, &[], &asked);
    assert!(!shown.contains("refused as it stands"), "{shown}");
    assert!(
        shown.contains("in more than one flow log: their traffic counts more than once"),
        "{shown}"
    );
    let headless = "1 eni-1 10.0.0.1 10.0.0.2 6 1 40 1539734400 1539734460\n";
    desk.write("headless.log", headless.as_bytes());
    let format =
        "${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${protocol} ${packets} ${bytes} ${start} ${end}";
    let shown = told(&desk, &[("VPC_FLOW_LOGS_FORMAT", format)], &["headless.log"]);
    let line = "1 object without a header, read by VPC_FLOW_LOGS_FORMAT: columns of version 2";
    assert!(shown.contains(line) && shown.contains("1 row: 1 OK"), "{shown}");
}

#[test]
fn of_a_large_table_the_requests_of_its_needed_columns_are_counted() {
    let desk = Desk::new();
    // Values that no digest needs, that nothing can squeeze, and that no two rows share.
    let mut seed = 1_u64;
    let mut rows = Vec::new();
    for at in 0..2000 {
        let mut tag = String::new();
        while tag.len() < 24_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            tag.push_str(&format!("{:016x}", seed ^ seed >> 31));
        }
        rows.push(format!(
            "10.0.0.{} 10.0.0.2 6 1 40 1539734400 1539734460 {tag}",
            at % 200
        ));
    }
    let log = format!(
        "srcaddr dstaddr protocol packets bytes start end x-tag\n{}\n",
        rows.join("\n")
    );
    let table = parquet_copy(&log, 500).unwrap();
    let size = table.len() as u64;
    // Below this it would come whole.
    assert!(size > 16 << 20, "{size}");
    desk.write("large.parquet", &table);
    let variables = [("VPC_MAX_BYTES_PREFETCH", "8MiB")];
    let estimate = &inspected_with(&desk, &variables, &["large.parquet"])["estimate"];
    // The first piece, the footer's two ranges, and seven columns of four row groups.
    assert_eq!(estimate["get_requests"], 1 + 2 + 7 * 4);
    let bytes = estimate["get_bytes"].as_u64().unwrap();
    assert!(bytes > 256 << 10 && bytes < 1 << 20, "{bytes}");
    let whole = &inspected(&desk, &["large.parquet"])["estimate"];
    assert_eq!(
        (&whole["get_requests"], &whole["get_bytes"]),
        (&1.into(), &size.into())
    );
    assert_eq!(
        (&estimate["get_is_estimate"], &whole["get_is_estimate"]),
        (&true.into(), &false.into())
    );
    let shown = told(&desk, &variables, &["large.parquet"]);
    assert!(shown.contains("and about 31 GET requests for "), "{shown}");
}
