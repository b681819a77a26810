//! The inputs that are kept for the checks of all crates: `fuzz/corpus`, a directory for each target.

use std::fs;
use std::path::{Path, PathBuf};

/// Where they are.
#[must_use]
pub fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

/// What is kept for a target, with where it stands: so many inputs at least, since a test of none would pass.
#[must_use]
pub fn kept(target: &str, least: usize) -> Vec<(PathBuf, Vec<u8>)> {
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
