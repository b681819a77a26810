//! What fuzzing of keys is started from and what it has found is tried with every run of the tests: `fuzz/corpus`.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use digest_storage::checks;

/// What is kept for the check.
fn kept() -> Vec<(PathBuf, Vec<u8>)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/keys");
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
fn every_kept_key_passes_its_check() {
    for (path, bytes) in kept() {
        let passed = catch_unwind(|| checks::keys(&bytes));
        assert!(passed.is_ok(), "{}", path.display());
    }
}

/// Cheap to try without the fuzzer: each kept key cut anywhere, and with each byte replaced by some that mean something.
#[test]
fn every_kept_key_that_is_cut_or_changed_passes_its_check() {
    for (_, whole) in kept() {
        for at in 0..whole.len().min(300) {
            checks::keys(&whole[..at]);
            checks::keys(&whole[at..]);
            for byte in *b"/._-+ 0Z\nA" {
                let mut changed = whole.clone();
                changed[at] = byte;
                checks::keys(&changed);
            }
        }
    }
}
