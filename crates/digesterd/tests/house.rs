//! The house rules, kept by tests: who may depend on whom, what every source file looks like, and that the tests which
//! the documents name are there.
//!
//! Each rule is first shown to fail on a planted breach, then held against the workspace as it is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

#[path = "house/layering.rs"]
mod layering;
#[path = "house/proofs.rs"]
mod proofs;
#[path = "house/tidy.rs"]
mod tidy;

use std::fs;
use std::path::{Path, PathBuf};

/// The workspace's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Every Rust source under `crates/`, with its path from the root and its text, sorted.
fn sources() -> Vec<(String, String)> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.join("crates")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(
        found.len() > 10,
        "only {} sources found: the rules would hold for nothing",
        found.len()
    );
    found
}
