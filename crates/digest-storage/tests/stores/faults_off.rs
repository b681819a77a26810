//! The fault-injecting wrapper without faults is the store that it wraps.

use digest_storage::contract::Subject;
use digest_storage::contract_tests;
use digest_storage::faults::Faults;

async fn open() -> Subject {
    let subject = crate::memory::open().await;
    subject.wrapped(|store| Faults::none().over(store))
}

contract_tests!(open);
