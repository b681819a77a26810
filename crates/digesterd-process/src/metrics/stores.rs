//! Requests to stores, as the stores count them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use digest_storage::{ErrorKind, Store};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;

use super::names;

/// The stores of a process, under the names of their parts. One metric tells of all of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Requests {
    stores: Arc<Mutex<Vec<(&'static str, Store)>>>,
}

impl Requests {
    pub(super) fn watch(&self, name: &'static str, store: &Store) {
        self.lock().push((name, store.clone()));
    }

    /// Nothing panics while it holds the lock; a poisoned one is still right.
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(&'static str, Store)>> {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Collector for Requests {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut counter = ConstCounter::new(0u64);
        let mut family = names::STORE_REQUESTS.describe(&mut encoder, counter.metric_type())?;
        for (name, store) in self.lock().iter() {
            for count in store.requests() {
                let labels = [
                    ("store", *name),
                    ("operation", count.operation.as_str()),
                    ("outcome", count.failure.map_or("ok", ErrorKind::as_str)),
                ];
                counter = ConstCounter::new(count.requests);
                counter.encode(family.encode_family(&labels)?)?;
            }
        }
        let mut family = names::STORE_FAILED_ATTEMPTS.describe(&mut encoder, counter.metric_type())?;
        for (name, store) in self.lock().iter() {
            for (operation, attempts) in store.failed_attempts() {
                counter = ConstCounter::new(attempts);
                let labels = [("store", *name), ("operation", operation.as_str())];
                counter.encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
