//! `serve`: the whole service in one process, its end, and what survives it.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use digest_core::{Job, JobRecord, Scope, Window};
use serde_json::Value;

use crate::logs::{START, STOP, expected, hour, lay_out, only_member};
use crate::program::{Desk, PATIENCE, Running, text};

/// A service, and a client of it.
pub(crate) struct Service {
    running: Running,
    client: reqwest::Client,
    pub(crate) url: String,
}

pub(crate) fn command(desk: &Desk) -> Command {
    let mut command = desk.command(&[
        "serve",
        "--data",
        "data",
        "--listen-address",
        "127.0.0.1",
        "--port",
        "0",
    ]);
    command
        .env("DIGEST_SWEEP_INTERVAL", "200ms")
        .env("DIGEST_PROGRESS_TIMEOUT", "1000");
    command
}

impl Service {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut running = Running::of(command);
        let address = loop {
            let line = running.line().unwrap();
            let line: Value = serde_json::from_str(&line).unwrap();
            if line["message"] == "listening" {
                break line["address"].as_str().unwrap().to_owned();
            }
        };
        Self {
            running,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            url: format!("http://{address}"),
        }
    }

    async fn ask(&self, window: &Window) -> u16 {
        let url = self.digest(window);
        self.client.post(url).send().await.unwrap().status().as_u16()
    }

    /// The digest, once it is there.
    async fn fetch(&self, window: &Window) -> Vec<u8> {
        let begun = Instant::now();
        loop {
            let answer = self.client.get(self.digest(window)).send().await.unwrap();
            match answer.status().as_u16() {
                200 => return answer.bytes().await.unwrap().to_vec(),
                204 => assert!(begun.elapsed() < PATIENCE, "the digest is not made"),
                status => panic!("{status}: {}", answer.text().await.unwrap()),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn digest(&self, window: &Window) -> String {
        format!(
            "{}/?start={}&stop={}",
            self.url,
            window.start_rfc3339(),
            window.stop_rfc3339()
        )
    }
}

fn record(desk: &Desk, window: &Window) -> Option<JobRecord> {
    let id = Job::new(*window, Scope::default()).id();
    let bytes = fs::read(desk.path(&format!("data/progress/{id}.job.json"))).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[tokio::test]
async fn a_digest_is_asked_for_made_fetched_and_the_same_as_the_commands() {
    let desk = Desk::new();
    let objects = lay_out(&desk, "data/flow-logs");
    let service = Service::start(&mut command(&desk));
    assert_eq!(service.ask(&hour()).await, 202);
    let stored = service.fetch(&hour()).await;
    assert_eq!(only_member(&stored), expected(Some(hour()), &objects));
    assert_eq!(service.ask(&hour()).await, 409);
    let of_command = desk.run(&[
        "digest",
        "--logs",
        "data/flow-logs",
        "--start",
        START,
        "--stop",
        STOP,
        "-o",
        "d.log.gz",
    ]);
    assert_eq!(of_command.status.code(), Some(0), "{}", text(&of_command.stderr));
    assert!(
        fs::read(desk.path("d.log.gz")).unwrap() == stored,
        "the command's gzip differs"
    );
    let ready = service
        .client
        .get(format!("{}/readyz", service.url))
        .send()
        .await
        .unwrap();
    assert_eq!(ready.status().as_u16(), 200);
    let job = Job::new(hour(), Scope::default()).to_json();
    let delivered = service
        .client
        .post(format!("{}/topic/event", service.url))
        .body(job);
    assert_eq!(delivered.send().await.unwrap().status().as_u16(), 200);
    service.running.signal("TERM");
    assert_eq!(service.running.end(), Some(0));
}

#[tokio::test]
async fn jobs_that_were_built_or_waited_when_the_process_was_killed_are_finished_by_the_next() {
    let desk = Desk::new();
    let objects = lay_out(&desk, "data/flow-logs");
    let middle = "2018-10-17T00:30:00Z";
    let halves = [(START, middle), (middle, STOP)].map(|(start, stop)| Window::parse(start, stop).unwrap());
    // Byte by byte a build takes its time.
    let service = Service::start(command(&desk).env("VPC_MAX_BYTES_PREFETCH", "1"));
    for window in &halves {
        assert_eq!(service.ask(window).await, 202);
    }
    let begun = Instant::now();
    while !halves
        .iter()
        .any(|window| record(&desk, window).is_some_and(|record| record.begun_at().is_some()))
    {
        assert!(begun.elapsed() < PATIENCE, "no job was begun");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    service.running.signal("KILL");
    assert_eq!(service.running.end(), None);
    assert!(
        halves
            .iter()
            .all(|window| !record(&desk, window).unwrap().has_ended()),
        "killed too late"
    );

    let service = Service::start(&mut command(&desk));
    for window in halves {
        let stored = service.fetch(&window).await;
        assert_eq!(only_member(&stored), expected(Some(window), &objects));
    }
    service.running.signal("INT");
    assert_eq!(service.running.end(), Some(0));
}

#[test]
fn settings_that_are_missing_are_told_all_at_once() {
    let desk = Desk::new();
    let done = desk.run(&["serve"]);
    assert_eq!(done.status.code(), Some(2));
    let told = text(&done.stderr);
    for name in [
        "VPC_FLOW_LOGS_BUCKET",
        "DIGEST_STORAGE_BUCKET",
        "DIGEST_PROGRESS_BUCKET",
    ] {
        assert!(told.contains(name), "{told}");
    }
    assert!(!told.contains("PREFETCH") && !told.contains("STREAM"), "{told}");
}

#[test]
fn a_port_in_use_is_a_failure_that_names_it() {
    let desk = Desk::new();
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port().to_string();
    let done = desk.run(&[
        "serve",
        "--data",
        "data",
        "--listen-address",
        "127.0.0.1",
        "--port",
        &port,
    ]);
    assert_eq!(done.status.code(), Some(1));
    assert!(
        text(&done.stderr).contains(&format!("127.0.0.1:{port}")),
        "{}",
        text(&done.stderr)
    );
}
