//! What fuzzing of queries is started from and what it has found is tried with every run of the tests: `fuzz/corpus/query`.

use std::panic::catch_unwind;
use std::path::Path;

#[test]
fn every_kept_query_passes_its_check() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/query");
    let mut tried = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let passed = catch_unwind(|| digesterd_api::checks::query(&bytes));
        assert!(passed.is_ok(), "{}", path.display());
        tried += 1;
    }
    assert!(tried >= 10, "{tried} inputs");
}

/// Cheap to try without the fuzzer: each kept query cut anywhere, and with each byte replaced by some that mean something.
#[test]
fn every_kept_query_that_is_cut_or_changed_passes_its_check() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/query");
    for entry in std::fs::read_dir(corpus).unwrap() {
        let whole = std::fs::read(entry.unwrap().path()).unwrap();
        for at in 0..whole.len().min(300) {
            digesterd_api::checks::query(&whole[..at]);
            for byte in *b"&=%+,:-9\n" {
                let mut changed = whole.clone();
                changed[at] = byte;
                digesterd_api::checks::query(&changed);
            }
        }
    }
}
