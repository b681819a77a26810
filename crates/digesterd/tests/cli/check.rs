//! `check`: what is missing, all at once; what works and what does not, one line each.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Output;

use crate::program::{Desk, text};

/// Runs `check` with these variables.
fn check(desk: &Desk, role: &[&str], variables: &[(&str, &str)]) -> Output {
    let arguments = [&["check"], role].concat();
    desk.command(&arguments)
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// Directories of the desk in place of buckets.
fn places(desk: &Desk) -> [(&'static str, String); 3] {
    [
        ("VPC_FLOW_LOGS_BUCKET", "logs"),
        ("DIGEST_STORAGE_BUCKET", "digests"),
        ("DIGEST_PROGRESS_BUCKET", "progress"),
    ]
    .map(|(name, folder)| (name, format!("file://{}", desk.path(folder).display())))
}

#[test]
fn missing_variables_are_listed_all_at_once_by_role() {
    let desk = Desk::new();
    let shared = ["DIGEST_STORAGE_BUCKET", "DIGEST_PROGRESS_BUCKET"];
    let (api, worker) = (
        ["STREAM_APPLIANCE_ENDPOINT"],
        [
            "VPC_FLOW_LOGS_BUCKET",
            "VPC_MAX_BYTES_PREFETCH",
            "VPC_MAX_CONCURRENT_PREFETCH",
        ],
    );
    for (role, named, unnamed) in [
        (&["api"][..], &api[..], &worker[..]),
        (&["worker"][..], &worker[..], &api[..]),
        (&[][..], &[api[0], worker[0], worker[1], worker[2]][..], &[][..]),
    ] {
        let done = check(&desk, role, &[]);
        let told = text(&done.stderr);
        assert_eq!(
            (done.status.code(), text(&done.stdout)),
            (Some(2), ""),
            "{role:?}"
        );
        assert!(
            shared.iter().chain(named).all(|name| told.contains(name)),
            "{role:?}: {told}"
        );
        assert!(
            !unnamed.iter().any(|name| told.contains(name)),
            "{role:?}: {told}"
        );
    }
}

#[test]
fn directories_and_a_queue_that_listens_pass_and_nothing_is_left() {
    let desk = Desk::new();
    let queue = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://user:password@{}/queue", queue.local_addr().unwrap());
    let places = places(&desk);
    let mut variables: Vec<_> = places
        .iter()
        .map(|(name, place)| (*name, place.as_str()))
        .collect();
    variables.push(("STREAM_APPLIANCE_ENDPOINT", &endpoint));
    let done = check(&desk, &[], &variables);
    let shown = text(&done.stdout);
    assert_eq!(done.status.code(), Some(0), "{shown}{}", text(&done.stderr));
    for line in [
        "ok       storage ",
        "ok       progress ",
        "ok       queue ",
        "ok       temp dir ",
        "warning  flow logs ",
    ] {
        assert!(shown.contains(line), "{line:?} is missing:\n{shown}");
    }
    assert!(!shown.contains("password"), "{shown}");
    assert_eq!(
        (desk.names("digests"), desk.names("progress")),
        (vec![".locks".to_owned()], vec![".locks".to_owned()])
    );
    let api = check(&desk, &["api"], &variables);
    assert!(!text(&api.stdout).contains("flow logs"), "{}", text(&api.stdout));
}

#[test]
fn what_fails_is_named_with_what_to_do_and_the_rest_is_still_tried() {
    let desk = Desk::new();
    desk.write("file", b"");
    let below = format!("file://{}", desk.path("file/below").display());
    let progress = format!("file://{}", desk.path("progress").display());
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let done = check(
        &desk,
        &["api"],
        &[
            ("DIGEST_STORAGE_BUCKET", &below),
            ("DIGEST_PROGRESS_BUCKET", &progress),
            ("STREAM_APPLIANCE_ENDPOINT", &closed),
        ],
    );
    let shown = text(&done.stdout);
    assert_eq!(done.status.code(), Some(1), "{shown}");
    assert!(
        shown.contains("FAILED   storage ") && shown.contains("DIGEST_STORAGE_BUCKET"),
        "{shown}"
    );
    assert!(
        shown.contains("FAILED   queue ") && shown.contains("STREAM_APPLIANCE_ENDPOINT"),
        "{shown}"
    );
    assert!(shown.contains("ok       progress "), "{shown}");
}

/// A store that gives the same answer to everything.
fn store_that_answers(status: &'static str, code: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = BufReader::new(stream.try_clone().unwrap()).lines();
            while head
                .next()
                .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
            {}
            let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>");
            let length = body.len();
            let answer =
                format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}")
}

#[test]
fn what_s3_refuses_is_told_with_what_to_do() {
    for (status, code, advice) in [
        (
            "301 Moved Permanently",
            "PermanentRedirect",
            "set DIGEST_STORAGE_BUCKET_REGION or REGION",
        ),
        (
            "400 Bad Request",
            "AuthorizationHeaderMalformed",
            "set DIGEST_STORAGE_BUCKET_REGION or REGION",
        ),
        (
            "403 Forbidden",
            "AccessDenied",
            "without s3:ListBucket S3 denies even what does not exist",
        ),
        (
            "404 Not Found",
            "NoSuchBucket",
            "make the bucket, or correct DIGEST_STORAGE_BUCKET",
        ),
    ] {
        let desk = Desk::new();
        let endpoint = store_that_answers(status, code);
        let done = check(
            &desk,
            &["api"],
            &[
                ("DIGEST_STORAGE_BUCKET", "digests"),
                ("DIGEST_PROGRESS_BUCKET", "digests"),
                ("STREAM_APPLIANCE_ENDPOINT", &endpoint),
                ("REGION", "us-east-1"),
                ("AWS_ACCESS_KEY_ID", "key"),
                ("AWS_SECRET_ACCESS_KEY", "very secret"),
                ("AWS_ENDPOINT_URL", &endpoint),
            ],
        );
        let shown = text(&done.stdout);
        assert_eq!(done.status.code(), Some(1), "{shown}");
        let line = shown
            .lines()
            .find(|line| line.starts_with("FAILED   storage "))
            .unwrap();
        assert!(line.contains(advice), "{code}: {line}");
        assert!(!shown.contains("very secret"), "{shown}");
    }
}
