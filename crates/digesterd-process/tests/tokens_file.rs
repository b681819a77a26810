//! What fuzzing of files of tokens is started from and what it has found is tried with every run of the tests: `fuzz/corpus`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use digesterd_process::checks;

/// What is kept for the check.
fn kept() -> Vec<(PathBuf, Vec<u8>)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/tokens_file");
    let paths = std::fs::read_dir(corpus)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let kept: Vec<_> = paths
        .map(|path| {
            let bytes = std::fs::read(&path).unwrap();
            (path, bytes)
        })
        .collect();
    assert!(kept.len() >= 10, "there are {} inputs", kept.len());
    kept
}

#[test]
fn every_kept_file_of_tokens_passes_its_check() {
    for (path, bytes) in kept() {
        let passed = catch_unwind(|| checks::tokens_file(&bytes));
        assert!(passed.is_ok(), "{}", path.display());
    }
}

/// Cheap to try without the fuzzer: each kept file cut anywhere, and with each byte replaced by some that mean something.
#[test]
fn every_kept_file_of_tokens_that_is_cut_or_changed_passes_its_check() {
    for (_, whole) in kept() {
        for at in 0..whole.len().min(400) {
            checks::tokens_file(&whole[..at]);
            for byte in *b" \n#,_a0\xff" {
                let mut changed = whole.clone();
                changed[at] = byte;
                checks::tokens_file(&changed);
            }
        }
    }
}
