//! The inputs that are kept for a check, for the tests of every crate that has one: a part of each by its path.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::fs;
use std::path::{Path, PathBuf};

/// Where they are, a directory for each target.
pub(crate) fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

/// What is kept for a target, with where it stands: so many inputs at least, since a test of none would pass.
pub(crate) fn kept(target: &str, least: usize) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(corpora().join(target)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let kept: Vec<_> = paths
        .map(|path| {
            let bytes = fs::read(&path).unwrap();
            (path, bytes)
        })
        .collect();
    assert!(kept.len() >= least, "{target} has {} inputs", kept.len());
    kept
}
