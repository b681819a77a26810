//! What fuzzing is started from and what it has found is tried with every run of the tests: `fuzz/corpus`.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use digest_core::checks::rows::Rows;

use crate::kept::{corpora, kept};
use digest_core::checks::CHECKS;

fn names_in(directory: &Path) -> BTreeSet<String> {
    fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            path.file_stem().unwrap().to_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn every_check_has_a_target_and_a_corpus() {
    let mut checks: BTreeSet<String> = CHECKS.iter().map(|(name, _)| (*name).to_owned()).collect();
    // Not the kernel's: the tests of tables, of stores, of the process and of the API try them.
    checks.extend(
        [
            "tables",
            "keys",
            "tokens_file",
            "conditions",
            "query",
            "questions",
        ]
        .map(str::to_owned),
    );
    assert_eq!(names_in(&corpora().with_file_name("fuzz_targets")), checks);
    assert_eq!(names_in(&corpora()), checks);
}

#[test]
fn every_kept_input_passes_its_check() {
    for (name, check) in CHECKS {
        for (path, bytes) in kept(name, 3) {
            assert!(catch_unwind(|| check(&bytes)).is_ok(), "{}", path.display());
        }
    }
}

#[test]
fn random_rows_give_the_same_digest_in_every_way() {
    let mut sum = (0, 0, 0);
    for seed in 1000..1006 {
        let counts = Rows::new(seed).check(1500).unwrap();
        sum = (
            sum.0 + counts.records,
            sum.1 + counts.bad_rows,
            sum.2 + counts.outside_window,
        );
    }
    // Rows that all were bad would prove nothing.
    assert!(sum.0 > 3000 && sum.1 > 50 && sum.2 > 50, "{sum:?}");
}
