//! What fuzzing of keys is started from and what it has found is tried with every run of the tests: `fuzz/corpus`.

use std::panic::catch_unwind;

use digest_storage::checks;

use crate::kept::kept;

#[test]
fn every_kept_key_passes_its_check() {
    for (path, bytes) in kept("keys", 10) {
        let passed = catch_unwind(|| checks::keys(&bytes));
        assert!(passed.is_ok(), "{}", path.display());
    }
}

/// Cheap to try without the fuzzer: each kept key cut anywhere, and with each byte replaced by some that mean something.
#[test]
fn every_kept_key_that_is_cut_or_changed_passes_its_check() {
    for (_, whole) in kept("keys", 10) {
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
