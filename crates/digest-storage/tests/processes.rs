//! A local directory that several processes write to at once: creates have one winner, and no swap is lost.
//!
//! Without the usual test harness: this program starts itself again as the writers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests may fail loudly"
)]

use std::path::Path as Directory;
use std::process::{Command, Stdio};
use std::time::Duration;

use digest_storage::{Place, Store, StoreOptions};
use futures::future::join_all;
use object_store::path::Path;
use object_store::{Error, ObjectStoreExt, PutMode, UpdateVersion};

/// First argument of a writer.
const WRITER: &str = "as-a-writer";
const PROCESSES: u32 = 4;
const TASKS: u32 = 2;
/// Swaps that each task has to bring through.
const EACH: u32 = 40;
/// Keys that every process tries to create.
const CREATES: u32 = 50;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|role| role == WRITER) {
        write(&open(Directory::new(&arguments[2]))).await;
    } else {
        lead().await;
    }
}

fn open(directory: &Directory) -> Store {
    let place = Place::Local {
        directory: directory.to_owned(),
    };
    digest_storage::open(&place, &StoreOptions::default()).unwrap()
}

/// Starts the writers and looks at what they leave.
async fn lead() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let counter = Path::from("counter");
    store.object_store().put(&counter, "00000".into()).await.unwrap();
    let writers: Vec<_> = (0..PROCESSES)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .arg(WRITER)
                .arg(directory.path())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut created = 0;
    for writer in writers {
        let ended = writer.wait_with_output().unwrap();
        assert!(ended.status.success(), "a writer failed");
        created += String::from_utf8(ended.stdout)
            .unwrap()
            .trim()
            .parse::<u32>()
            .unwrap();
    }
    let found = store
        .object_store()
        .get(&counter)
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let expected = PROCESSES * TASKS * EACH;
    assert_eq!(
        String::from_utf8_lossy(&found),
        format!("{expected:05}"),
        "swaps were lost"
    );
    assert_eq!(created, CREATES, "each key has one creator");
    println!("{expected} swaps and {CREATES} creates by {PROCESSES} processes: none lost, none twice");
}

/// Creates and counts; says how many creates succeeded.
async fn write(store: &Store) {
    let store = store.object_store();
    let mut created = 0;
    for number in 0..CREATES {
        let key = Path::from(format!("create/{number}"));
        match store.put_opts(&key, "body".into(), PutMode::Create.into()).await {
            Ok(_) => created += 1,
            Err(Error::AlreadyExists { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    join_all((0..TASKS).map(|_| async {
        let mut counted = 0;
        while counted < EACH {
            let found = store.get(&Path::from("counter")).await.unwrap();
            let version = UpdateVersion {
                e_tag: found.meta.e_tag.clone(),
                version: None,
            };
            let bytes = found.bytes().await.unwrap();
            let next = std::str::from_utf8(&bytes).unwrap().parse::<u32>().unwrap() + 1;
            // Others get in between: a version that comes back would be taken for the one that was read.
            tokio::time::sleep(Duration::from_micros(fastrand::u64(0..3_000))).await;
            let body = format!("{next:05}").into();
            match store
                .put_opts(&Path::from("counter"), body, PutMode::Update(version).into())
                .await
            {
                Ok(_) => counted += 1,
                Err(Error::Precondition { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }))
    .await;
    println!("{created}");
}
