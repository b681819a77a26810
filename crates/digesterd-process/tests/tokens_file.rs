//! What fuzzing of files of tokens is started from and what it has found is tried with every run of the tests: `fuzz/corpus`.

use std::panic::catch_unwind;

use digesterd_process::checks;

#[path = "../../../fuzz/kept.rs"]
mod kept;

use kept::kept;

#[test]
fn every_kept_file_of_tokens_passes_its_check() {
    for (path, bytes) in kept("tokens_file", 10) {
        let passed = catch_unwind(|| checks::tokens_file(&bytes));
        assert!(passed.is_ok(), "{}", path.display());
    }
}

/// Cheap to try without the fuzzer: each kept file cut anywhere, and with each byte replaced by some that mean something.
#[test]
fn every_kept_file_of_tokens_that_is_cut_or_changed_passes_its_check() {
    for (_, whole) in kept("tokens_file", 10) {
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
