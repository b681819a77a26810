//! What the probe of a process's start finds is what the server was declared to do.

use crate::declared::{bucket, capabilities, options};

#[tokio::test]
async fn the_probe_finds_what_is_declared() {
    let place = bucket(0).parse().unwrap();
    let store = digest_storage::open(&place, &options()).unwrap();
    let found = store.probe().await.unwrap();
    let (declared, _) = capabilities();
    assert_eq!(
        (found.atomic_create, found.compare_and_swap),
        (declared.atomic_create, declared.compare_and_swap)
    );
}
