//! `create`, `get`, `status`, `list` against a running service, and `index` over its digests.

use std::fs;
use std::net::TcpListener;
use std::process::Output;

use digest_core::{Job, Scope};
use serde_json::Value;

use crate::logs::{START, STOP, expected, hour, lay_out, only_member};
use crate::program::{Desk, text};
use crate::serve::{Service, command};

const WINDOW: [&str; 4] = ["--start", START, "--stop", STOP];

/// Runs a command of the client's.
fn client(desk: &Desk, url: &str, arguments: &[&str]) -> Output {
    desk.command(arguments)
        .env("DIGESTERD_API", url)
        .output()
        .unwrap()
}

/// The same where it has to succeed; what it wrote to stdout.
fn done(desk: &Desk, url: &str, arguments: &[&str]) -> String {
    let output = client(desk, url, arguments);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{arguments:?}: {}",
        text(&output.stderr)
    );
    text(&output.stdout).to_owned()
}

#[test]
fn a_digest_is_created_waited_for_looked_at_listed_and_fetched() {
    let desk = Desk::new();
    let objects = lay_out(&desk, "data/flow-logs");
    let service = Service::start(&mut command(&desk));
    let url = service.url.clone();
    let id = Job::new(hour(), Scope::default()).id().to_string();

    let unknown = client(&desk, &url, &["status", &id]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        text(&unknown.stderr).contains("digesterd create"),
        "{}",
        text(&unknown.stderr)
    );

    let created = client(&desk, &url, &[&["create", "--wait"][..], &WINDOW].concat());
    assert_eq!(
        (created.status.code(), text(&created.stdout)),
        (Some(0), format!("{id}\n").as_str())
    );
    let told = text(&created.stderr);
    assert!(
        told.contains("will be made") && told.contains("stored: complete"),
        "{told}"
    );
    // Asked for again, it is there.
    let again = client(&desk, &url, &[&["create", "--wait"][..], &WINDOW].concat());
    assert_eq!(again.status.code(), Some(0));
    assert!(
        text(&again.stderr).contains("--refresh"),
        "{}",
        text(&again.stderr)
    );
    done(
        &desk,
        &url,
        &[&["create", "--wait", "--refresh"][..], &WINDOW].concat(),
    );

    let shown = done(&desk, &url, &["status", &id]);
    assert!(
        shown.contains("state      stored") && shown.contains("coverage   complete"),
        "{shown}"
    );
    let json: Value =
        serde_json::from_str(&done(&desk, &url, &[&["status", "--json"][..], &WINDOW].concat())).unwrap();
    assert_eq!(
        (&json["id"], &json["state"]),
        (&Value::from(id.clone()), &Value::from("stored"))
    );

    let wanted = expected(Some(hour()), &objects);
    assert_eq!(done(&desk, &url, &["get", &id]).into_bytes(), wanted);
    done(
        &desk,
        &url,
        &[&["get", "-o", "fetched.log.gz"][..], &WINDOW].concat(),
    );
    let stored = fs::read(desk.path(&format!("data/digests/{id}.log.gz"))).unwrap();
    let fetched = fs::read(desk.path("fetched.log.gz")).unwrap();
    assert!(fetched == stored && only_member(&fetched) == wanted);

    let listed = done(&desk, &url, &[&["list"][..], &WINDOW].concat());
    assert!(
        listed.starts_with(&format!("{START} {STOP} {id} complete")),
        "{listed}"
    );
    assert_eq!(listed.lines().count(), 1);
    let json: Value =
        serde_json::from_str(&done(&desk, &url, &[&["list", "--json"][..], &WINDOW].concat())).unwrap();
    assert_eq!(
        (&json["id"], &json["coverage"]),
        (&Value::from(id.clone()), &Value::from("complete"))
    );
    assert_eq!(
        done(&desk, &url, &[&["list", "--account", "1"][..], &WINDOW].concat()),
        ""
    );

    // Digests of a time before there was a list are added, those that are gone struck out.
    let storage = format!("file://{}", desk.path("data/digests").display());
    let index = || {
        let output = desk
            .command(&["index"])
            .env("DIGEST_STORAGE_BUCKET", &storage)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stderr).to_owned()
    };
    fs::remove_dir_all(desk.path("data/digests/index")).unwrap();
    assert_eq!(done(&desk, &url, &[&["list"][..], &WINDOW].concat()), "");
    assert!(index().contains("1 digest with a manifest; 1 added to the list, 0 struck out"));
    assert_eq!(done(&desk, &url, &[&["list"][..], &WINDOW].concat()), listed);
    assert!(index().contains("0 added to the list, 0 struck out"));
    fs::remove_file(desk.path(&format!("data/digests/{id}.log.gz"))).unwrap();
    assert!(index().contains("0 added to the list, 1 struck out"));
    assert_eq!(desk.names("data/digests/index"), Vec::<String>::new());
}

#[test]
fn a_digest_that_cannot_be_made_is_told_with_its_reason() {
    let desk = Desk::new();
    let keys = lay_out(&desk, "data/flow-logs");
    desk.write(&format!("data/flow-logs/{}", keys[0].0), b"2 short\n");
    let service = Service::start(&mut command(&desk));
    for arguments in [&["create", "--wait"][..], &["create"], &["get"]] {
        let output = client(&desk, &service.url, &[arguments, &WINDOW].concat());
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {told}");
        assert!(told.contains(&keys[0].0), "{arguments:?}: {told}");
    }
    let shown = done(&desk, &service.url, &[&["status"][..], &WINDOW].concat());
    assert!(
        shown.contains("state      failed") && shown.contains(&keys[0].0),
        "{shown}"
    );
}

#[test]
fn what_cannot_be_asked_is_told_and_no_api_is_needed_for_that() {
    let desk = Desk::new();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{closed}");
    let reversed = ["create", "--start", STOP, "--stop", START];
    for (arguments, code, told) in [
        (&reversed[..], 2, "stop"),
        (&["get"][..], 2, "--start"),
        (&["status", "no-id"][..], 2, "no-id"),
        (&["list", "--start", START][..], 2, "--stop"),
        (&[&["create"][..], &WINDOW].concat()[..], 1, "does not answer"),
        (
            &[&["list", "--api", "ftp://x"][..], &WINDOW].concat()[..],
            1,
            "ftp://x",
        ),
    ] {
        let output = client(&desk, &url, arguments);
        let shown = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {shown}");
        assert!(shown.contains(told), "{arguments:?}: {shown}");
    }
    let wrong = client(&desk, "nowhere", &[&["list"][..], &WINDOW].concat());
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        text(&wrong.stderr).contains("DIGESTERD_API"),
        "{}",
        text(&wrong.stderr)
    );
}
