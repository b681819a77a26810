//! What a store was asked for so far, counted by operation and by what came of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::ErrorKind;

/// What a request to a store does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Reads an object or a part of it.
    Get,
    /// Asks what is known of an object.
    Head,
    /// Writes an object; an upload in parts counts once.
    Put,
    /// Deletes an object.
    Delete,
    /// Copies an object inside the store.
    Copy,
    /// Lists keys; a listing of several pages counts once when it begins, and once more where it fails.
    List,
}

/// One line of the count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestCount {
    /// What was asked for.
    pub operation: Operation,
    /// What came of it: `None` where it was done.
    pub failure: Option<ErrorKind>,
    /// How often.
    pub requests: u64,
}

/// The counts of one store.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    counts: Mutex<BTreeMap<(Operation, Option<ErrorKind>), u64>>,
    attempts: FailedAttempts,
}

/// Attempts that failed in a way that the client tries again for, whatever came of the request in the end.
#[derive(Debug, Default, Clone)]
pub(crate) struct FailedAttempts(Arc<Mutex<BTreeMap<Operation, u64>>>);

impl FailedAttempts {
    /// An attempt had no answer, or one that says that the store could not.
    pub(crate) fn note(&self, operation: Operation) {
        *self.lock().entry(operation).or_default() += 1;
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Operation, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Operation {
    /// Its name in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Head => "head",
            Self::Put => "put",
            Self::Delete => "delete",
            Self::Copy => "copy",
            Self::List => "list",
        }
    }
}

impl Requests {
    /// Counts that a client goes on with.
    pub(crate) fn of_attempts(attempts: FailedAttempts) -> Self {
        Self {
            attempts,
            ..Self::default()
        }
    }

    /// All failed attempts so far.
    pub(crate) fn failed_attempts(&self) -> Vec<(Operation, u64)> {
        let counts = self.attempts.lock();
        counts
            .iter()
            .map(|(operation, attempts)| (*operation, *attempts))
            .collect()
    }

    /// A request has been answered.
    pub(crate) fn note(&self, operation: Operation, failure: Option<ErrorKind>) {
        *self.lock().entry((operation, failure)).or_default() += 1;
    }

    /// All counts so far.
    pub(crate) fn counts(&self) -> Vec<RequestCount> {
        let lines = self.lock();
        let line = |(&(operation, failure), &requests)| RequestCount {
            operation,
            failure,
            requests,
        };
        lines.iter().map(line).collect()
    }

    /// Nothing panics while it holds the lock; a poisoned one is still right.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<(Operation, Option<ErrorKind>), u64>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;
    use object_store::path::Path;
    use object_store::{Attributes, PutMode};

    use super::*;
    use crate::store::Store;

    #[tokio::test]
    async fn every_request_is_counted_by_what_came_of_it() {
        let store = Store::memory();
        let (key, other) = (Path::from("a"), Path::from("b"));
        let create = || store.put(&key, "x", PutMode::Create, Attributes::new());
        create().await.unwrap();
        create().await.unwrap_err();
        store.bytes(&key).await.unwrap();
        assert!(store.bytes(&other).await.unwrap().is_none());
        assert!(store.head(&key).await.unwrap().is_some());
        store
            .copy(&key, &other, object_store::CopyMode::Overwrite)
            .await
            .unwrap();
        assert_eq!(store.list(None, None).count().await, 2);
        store.delete(&key).await.unwrap();
        let count = |operation, failure| RequestCount {
            operation,
            failure,
            requests: 1,
        };
        let expected = [
            count(Operation::Get, None),
            count(Operation::Get, Some(ErrorKind::NotFound)),
            count(Operation::Head, None),
            count(Operation::Put, None),
            count(Operation::Put, Some(ErrorKind::AlreadyExists)),
            count(Operation::Delete, None),
            count(Operation::Copy, None),
            count(Operation::List, None),
        ];
        assert_eq!(store.requests(), expected);
        // A clone is the same store.
        assert_eq!(store.clone().requests(), expected);
    }
}
