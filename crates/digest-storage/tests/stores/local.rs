//! Local directories.

use digest_storage::contract::Subject;
use digest_storage::{Place, Store, StoreOptions, contract_tests};

async fn open() -> Subject {
    let directory = tempfile::tempdir().unwrap();
    let opened = |path: &str| -> Store {
        let place = Place::Local {
            directory: directory.path().join(path),
        };
        digest_storage::open(&place, &StoreOptions::default()).unwrap()
    };
    Subject::new(opened("around/a/place"), opened("around"), "a/place", directory)
}

contract_tests!(open);
