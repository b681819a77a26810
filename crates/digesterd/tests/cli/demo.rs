//! `demo`: what the README's first command shows, and that what it tells to try next works.

use std::fs;
use std::process::Command;

use crate::program::{Desk, Running, text};

#[test]
fn it_shows_a_digest_and_the_commands_it_names_work() {
    let desk = Desk::new();
    let mut command = desk.command(&["demo"]);
    // No setting of the environment is read.
    command
        .env("PORT", "x")
        .env("DIGEST_STORAGE_BUCKET", "y")
        .env("HTTP_PROXY", "http://127.0.0.1:1");
    let done = command.output().unwrap();
    let (shown, told) = (text(&done.stdout), text(&done.stderr));
    assert_eq!(done.status.code(), Some(0), "{told}");
    for word in [
        "edges ",
        "packets ",
        "bytes ",
        "rejected ",
        "coverage  complete",
        "Busiest edges",
        "curl -s ",
    ] {
        assert!(shown.contains(word), "{word:?} is missing:\n{shown}");
    }
    assert!(
        told.contains("202") && told.contains("Digest-Coverage: complete"),
        "{told}"
    );
    assert!(
        !told.contains('\r') && !told.contains('\u{1b}'),
        "a bar without a terminal: {told:?}"
    );

    // One directory is left, and it is the one that is named.
    let [left] = &desk.names("tmp")[..] else {
        panic!("{:?}", desk.names("tmp"))
    };
    let directory = desk.path("tmp").join(left);
    assert!(
        shown.contains(&format!("Everything is in {}", directory.display())),
        "{shown}"
    );
    let named = shown
        .lines()
        .find(|line| line.contains(" digest --logs "))
        .unwrap();
    let tried = Command::new("sh")
        .args(["-c", named])
        .current_dir(desk.path("."))
        .output()
        .unwrap();
    assert_eq!(
        text(&tried.stdout).lines().count(),
        3,
        "{named}: {}",
        text(&tried.stderr)
    );
    assert!(fs::read_dir(directory.join("digests")).unwrap().count() >= 2);
}

#[tokio::test]
async fn it_keeps_running_on_request_and_its_calls_work_as_printed() {
    let desk = Desk::new();
    let mut demo = Running::of(&mut desk.command(&["demo", "--keep-running", "--dir", "here"]));
    let mut calls = Vec::new();
    while let Some(line) = demo.line() {
        if line.trim_start().starts_with("curl ") {
            calls.push(line.trim().to_owned());
        }
        if line.ends_with("/readyz'") {
            break;
        }
    }
    assert_eq!(calls.len(), 5, "{calls:?}");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for call in &calls {
        let url = call.split('\'').find(|part| part.starts_with("http://")).unwrap();
        let status = loop {
            let asked = match () {
                () if call.contains("-X POST") => client.post(url),
                () if call.contains("-sI") => client.head(url),
                () => client.get(url),
            };
            let status = asked.send().await.unwrap().status().as_u16();
            if status != 204 {
                break status;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        };
        assert_eq!(status, if call.contains("-X POST") { 202 } else { 200 }, "{call}");
    }
    drop(client);
    demo.signal("INT");
    assert_eq!(demo.end(), Some(0));
    assert_eq!(desk.names("here"), ["digests", "flow-logs", "progress"]);
    assert_eq!(desk.names("tmp"), Vec::<String>::new());
}

#[test]
fn a_directory_of_an_earlier_demonstration_may_be_used_again() {
    let desk = Desk::new();
    for round in 0..2 {
        let done = desk.run(&["demo", "--dir", "here"]);
        assert_eq!(
            done.status.code(),
            Some(0),
            "round {round}: {}",
            text(&done.stderr)
        );
    }
}

#[test]
fn a_directory_that_cannot_be_used_is_a_failure_with_its_name() {
    let desk = Desk::new();
    desk.write("file", b"");
    let done = desk.run(&["demo", "--dir", "file/below"]);
    assert_eq!(done.status.code(), Some(1));
    assert!(
        text(&done.stderr).contains("file/below"),
        "{}",
        text(&done.stderr)
    );
}
