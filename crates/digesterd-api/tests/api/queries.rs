//! What fuzzing of queries and of conditions is started from and what it has found is tried with every run of the tests: `fuzz/corpus`.

use std::panic::catch_unwind;

use digesterd_api::checks;

use crate::kept::kept;

/// A check of any bytes.
type Check = fn(&[u8]);

/// The checks, by the names of their corpora.
const CHECKS: [(&str, Check); 3] = [
    ("conditions", checks::conditions),
    ("query", checks::query),
    ("questions", checks::questions),
];

#[test]
fn every_kept_query_passes_its_check() {
    for (name, check) in CHECKS {
        for (path, bytes) in kept(name, 10) {
            let passed = catch_unwind(|| check(&bytes));
            assert!(passed.is_ok(), "{}", path.display());
        }
    }
}

/// Cheap to try without the fuzzer: each kept query cut anywhere, and with each byte replaced by some that mean something.
#[test]
fn every_kept_query_that_is_cut_or_changed_passes_its_check() {
    for (name, check) in CHECKS {
        for (_, whole) in kept(name, 10) {
            for at in 0..whole.len().min(300) {
                check(&whole[..at]);
                for byte in *b"&=%+,:-9\n" {
                    let mut changed = whole.clone();
                    changed[at] = byte;
                    check(&changed);
                }
            }
        }
    }
}
