//! `inspect`: what it finds in folders and files, and what it says of a digest that was not made.

use serde_json::Value;

use crate::logs::{HEADER, START, STOP, gzip, hour, lay_out, records};
use crate::program::{Desk, text};

fn json(desk: &Desk, arguments: &[&str]) -> Value {
    let done = desk.run(&[&["inspect", "--json"], arguments].concat());
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

#[test]
fn a_place_in_the_layout_is_told_by_account_flow_log_and_day() {
    let desk = Desk::new();
    let objects = lay_out(&desk, "bucket");
    let hive = "aws-account-id=222222222222/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2018/month=10/day=16/hour=23";
    let name = "222222222222_vpcflowlogs_eu-west-1_fl-2_20181016T2355Z_h.log.gz";
    desk.write(
        &format!("bucket/AWSLogs/{hive}/{name}"),
        &gzip(&records(hour().start(), 10)),
    );
    desk.write(
        "bucket/AWSLogs/123456789010/vpcflowlogs/us-east-1/2018/10/17/notes.txt",
        b"x",
    );

    let found = json(&desk, &["bucket", "--start", START, "--stop", STOP]);
    assert_eq!(found["source"], "layout");
    let accounts: Vec<_> = found["found"].as_array().unwrap().iter().collect();
    assert_eq!(accounts.len(), 2);
    assert_eq!(
        (&accounts[0]["account"], &accounts[0]["hive"]),
        (&"123456789010".into(), &false.into())
    );
    assert_eq!(
        (&accounts[0]["first_day"], &accounts[0]["last_day"]),
        (&"2018-10-17".into(), &"2018-10-17".into())
    );
    assert_eq!(
        (&accounts[1]["region"], &accounts[1]["hive"]),
        (&"eu-west-1".into(), &true.into())
    );
    let digest = &found["digest"];
    let bytes: usize = objects.iter().map(|(_, bytes)| bytes.len()).sum();
    assert_eq!(digest["objects"], objects.len() + 1);
    assert!(digest["bytes"].as_u64().unwrap() > bytes as u64);
    assert_eq!(
        (&digest["foreign"], &digest["suffixes"][".log.gz"]),
        (&1.into(), &(objects.len() + 1).into())
    );
    let flow_logs: Vec<_> = digest["flow_logs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["id"].as_str().unwrap(), one["layout"].as_str().unwrap()))
        .collect();
    assert_eq!(flow_logs, [("fl-1", "default"), ("fl-2", "hive-hours")]);
    let sample = &found["sample"];
    assert_eq!(
        (&sample["objects"], &sample["versions"]),
        (&(objects.len() + 1).into(), &serde_json::json!([2]))
    );
    assert_eq!(sample["headers"][0]["text"], HEADER.trim());
    assert_eq!(sample["records"]["bad"], 0);
    assert!(sample["records"]["ok"].as_u64().unwrap() > 0);
    // Both flow logs of the sample report on the same interfaces.
    assert_eq!(sample["interfaces_of_several_flow_logs"], 7);
    let estimate = &found["estimate"];
    assert_eq!(estimate["get_requests"], objects.len() + 1);
    assert!(estimate["list_requests"].as_u64().unwrap() >= 4 && estimate["seconds"].as_f64().unwrap() > 0.0);
    assert!(estimate["prices"].as_str().unwrap().contains("list price"));

    // By itself it takes the last day.
    let last = json(&desk, &["bucket", "--account", "222222222222"]);
    assert_eq!(last["window"]["start"], "2018-10-16T00:00:00Z");
    assert_eq!(last["found"].as_array().unwrap().len(), 1);
    let told = desk.run(&[
        "inspect",
        "bucket",
        "--samples",
        "1",
        "--start",
        START,
        "--stop",
        STOP,
    ]);
    let told = text(&told.stdout);
    for line in [
        "found      2 pairs of account and region in AWS's layout",
        "digest     of 2018-10-17T00:00Z to 2018-10-17T01:00Z",
        "fl-1 of 123456789010 us-east-1: 4 objects",
        "sampled    1 object of",
        "1 foreign key, such as AWSLogs/",
        "$0.00",
        "on this machine",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let told = desk.run(&["inspect", "bucket", "--samples", "0"]);
    let told = text(&told.stdout);
    assert!(
        told.contains("sampled    nothing: what is in the objects is not known\nwould take"),
        "{told}"
    );
}

#[test]
fn flow_logs_below_a_prefix_of_several_levels_are_found() {
    let desk = Desk::new();
    lay_out(&desk, "bucket/team/network/a");
    lay_out(&desk, "bucket/team/b");
    desk.write("bucket/else/where/file.txt", b"x");
    let found = json(&desk, &["bucket"]);
    let places = found["places"].as_array().unwrap();
    assert_eq!(places.len(), 2, "{places:?}");
    assert!(places[0].as_str().unwrap().ends_with("bucket/team/b"));
    assert!(places[1].as_str().unwrap().ends_with("bucket/team/network/a"));
    assert_eq!(found["found"].as_array().unwrap().len(), 2);
}

#[test]
fn loose_files_are_told_with_what_is_amiss() {
    let desk = Desk::new();
    desk.write("loose/a.log", records(hour().start(), 30).as_bytes());
    desk.write(
        "loose/b.gz",
        &gzip(&format!(
            "{HEADER}2 1 eni-1 - - - - - - - 1539734400 1539734460 - NODATA\nno row\n"
        )),
    );
    desk.write("loose/c.gz", b"\x1f\x8bnothing");
    desk.write(
        "loose/d.log",
        b"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 1 1539734400 1539734460 ACCEPT OK\n",
    );
    let found = json(&desk, &["loose"]);
    assert_eq!(
        (&found["source"], &found["window"]),
        (&"loose".into(), &Value::Null)
    );
    let sample = &found["sample"];
    assert_eq!(sample["containers"], serde_json::json!({"gzip": 2, "text": 2}));
    let records = &sample["records"];
    assert_eq!(
        (&records["ok"], &records["nodata"], &records["bad"]),
        (&31.into(), &1.into(), &1.into())
    );
    assert_eq!(sample["objects_refused"], 1);
    let faults = sample["faults"].as_array().unwrap();
    assert!(
        faults
            .iter()
            .any(|fault| fault.as_str().unwrap().contains("b.gz: line 3")),
        "{faults:?}"
    );
    let one = json(&desk, &["loose/a.log"]);
    assert_eq!(
        (&one["source"], &one["digest"]["objects"]),
        (&"one".into(), &1.into())
    );
}

#[test]
fn what_cannot_be_inspected_is_refused() {
    let desk = Desk::new();
    desk.write("loose/a.log", b"x");
    let refused = |arguments: &[&str]| {
        let done = desk.run(&[&["inspect"], arguments].concat());
        (done.status.code().unwrap(), text(&done.stderr).to_owned())
    };
    let (code, told) = refused(&["loose", "--account", "1"]);
    assert!(code == 2 && told.contains("is not in AWS's layout"), "{told}");
    let (code, told) = refused(&["nowhere"]);
    assert!(code == 1 && told.contains("nowhere"), "{told}");
    let (code, told) = refused(&["loose", "--start", START]);
    assert!(code == 2 && told.contains("--stop"), "{told}");
}
