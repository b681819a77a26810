//! The memory store.

use std::sync::Arc;

use digest_storage::contract::Subject;
use digest_storage::{Capabilities, Place, Store, contract_tests};
use object_store::memory::InMemory;
use object_store::prefix::PrefixStore;

pub(crate) async fn open() -> Subject {
    let memory = Arc::new(InMemory::new());
    let inside = PrefixStore::new(Arc::clone(&memory), "a/place");
    let store = |inner| Store::new(inner, Place::Memory, Capabilities::ALL);
    Subject::new(store(Arc::new(inside)), store(memory), "a/place", ())
}

contract_tests!(open);
