//! What fuzzing of tables is started from and what it has found is tried with every run of the tests: `fuzz/corpus`.

use std::panic::catch_unwind;

use digest_tables::checks;

use crate::kept::kept;

#[test]
fn every_kept_table_passes_its_check() {
    for (path, bytes) in kept("tables", 10) {
        let passed = catch_unwind(|| checks::tables(&bytes));
        assert!(passed.is_ok(), "{}", path.display());
    }
}

/// Cheap to try without the fuzzer: each kept table cut here and there, and with some of its bytes changed.
#[test]
fn every_kept_table_that_is_cut_or_changed_passes_its_check() {
    for (path, whole) in kept("tables", 10) {
        let step = whole.len().div_ceil(40).max(1);
        for at in (0..whole.len()).step_by(step) {
            let passed = catch_unwind(|| {
                checks::tables(&whole[..at]);
                for difference in [1, 0x80, 0xff] {
                    let mut changed = whole.clone();
                    changed[at] ^= difference;
                    checks::tables(&changed);
                }
            });
            assert!(passed.is_ok(), "{} at {at}", path.display());
        }
    }
}

/// The check is about tables that are read, too.
#[test]
fn what_is_changed_was_sound() {
    for which in 0..4 {
        checks::tables(&[which]);
        checks::tables(checks::sound_table(which));
        assert!(checks::sound_table(which).len() < 64 * 1024);
    }
    let open = |which| std::sync::Arc::new(bytes::Bytes::from_static(checks::sound_table(which)));
    for edges in [0, 2] {
        let table = digest_tables::EdgesTable::open(open(edges)).unwrap();
        let rows = table.read(0, digest_tables::Wanted::ALL, &[]).unwrap().unwrap();
        assert!(rows.len() > 10, "{} rows", rows.len());
    }
    for interfaces in [1, 3] {
        let table = digest_tables::InterfacesTable::open(open(interfaces)).unwrap();
        assert_eq!(table.read(0).unwrap().len(), 2);
    }
}
