//! A store that misbehaves on request, for tests: it counts every call, and a callback says which one fails, loses
//! its answer, breaks off, is slow or ignores its preconditions.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use digest_storage::faults::{Fault, Faults, Operation};
//! use digest_storage::{ErrorKind, Markers, Store};
//!
//! let faults = Faults::new(|call| match (call.operation, call.number) {
//!     (Operation::Put, 2) => Fault::Fail(ErrorKind::Throttled),
//!     _ => Fault::None,
//! });
//! let markers = Markers::new(faults.over(&Store::memory()));
//! # let id = "7869fe53-0b48-5a77-9358-32a82efe8858".parse().unwrap();
//! assert!(markers.write(id, chrono::Utc::now()).await.is_ok());
//! assert!(markers.write(id, chrono::Utc::now()).await.is_err());
//! assert_eq!(faults.count(Operation::Put), 2);
//! # }
//! ```

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use object_store::ObjectStore;

use crate::error::{ErrorKind, StoreError};
use crate::store::Store;

mod body;
mod faulty;
mod upload;

use faulty::Faulty;

/// What is asked of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// An object's bytes, or a range of them.
    Get,
    /// An object's size and version.
    Head,
    /// An object is written whole.
    Put,
    /// An object is removed.
    Delete,
    /// Every object below a prefix; one call however many pages.
    List,
    /// Objects and folders of one level.
    ListByDelimiter,
    /// An object is copied.
    Copy,
    /// An upload in parts begins.
    Upload,
    /// One of its parts.
    Part,
    /// Its end, which makes the object.
    Complete,
}

const OPERATIONS: usize = 10;

/// One call, as the callback sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call<'a> {
    /// What is asked.
    pub operation: Operation,
    /// The key, or the prefix of a listing; of a copy the target.
    pub key: &'a str,
    /// How many calls of this operation there were, with this one: the first is 1.
    pub number: u64,
    /// The range that a get asks for.
    pub range: Option<Range<u64>>,
}

/// What befalls a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It fails like this and never reaches the store.
    Fail(ErrorKind),
    /// It takes effect, and the caller is told that it failed like this: a timeout is an answer that was lost,
    /// a refusal what a client meets that tries again behind one's back.
    Misreport(ErrorKind),
    /// The answer's body breaks off after so many bytes.
    Break(u64),
    /// The answer's body ends after so many bytes as if that were all.
    End(u64),
    /// It reaches the store after this long.
    Slow(Duration),
    /// Its preconditions are ignored, as some lookalikes of S3 do.
    Unconditional,
}

/// The faults of a store and the count of its calls. Cheap to clone; all clones count together.
#[derive(Clone)]
pub struct Faults {
    inner: Arc<Inner>,
}

type Choose = dyn Fn(&Call<'_>) -> Fault + Send + Sync;

struct Inner {
    choose: Box<Choose>,
    counts: [AtomicU64; OPERATIONS],
}

impl Faults {
    /// Faults that this callback chooses.
    #[must_use]
    pub fn new(choose: impl Fn(&Call<'_>) -> Fault + Send + Sync + 'static) -> Self {
        Self {
            inner: Arc::new(Inner {
                choose: Box::new(choose),
                counts: Default::default(),
            }),
        }
    }

    /// No faults: only counts.
    #[must_use]
    pub fn none() -> Self {
        Self::new(|_| Fault::None)
    }

    /// This fault for one call of an operation, counted from 1.
    #[must_use]
    pub fn at(operation: Operation, number: u64, fault: Fault) -> Self {
        Self::new(move |call| {
            if call.operation == operation && call.number == number {
                fault.clone()
            } else {
                Fault::None
            }
        })
    }

    /// The same place with these faults.
    #[must_use]
    pub fn over(&self, store: &Store) -> Store {
        store.wrapped(|inner| -> Arc<dyn ObjectStore> { Arc::new(Faulty::new(inner, self.clone())) })
    }

    /// How many calls of an operation there were.
    #[must_use]
    pub fn count(&self, operation: Operation) -> u64 {
        self.counter(operation).load(Ordering::Relaxed)
    }

    fn counter(&self, operation: Operation) -> &AtomicU64 {
        let [
            get,
            head,
            put,
            delete,
            list,
            by_delimiter,
            copy,
            upload,
            part,
            complete,
        ] = &self.inner.counts;
        match operation {
            Operation::Get => get,
            Operation::Head => head,
            Operation::Put => put,
            Operation::Delete => delete,
            Operation::List => list,
            Operation::ListByDelimiter => by_delimiter,
            Operation::Copy => copy,
            Operation::Upload => upload,
            Operation::Part => part,
            Operation::Complete => complete,
        }
    }

    /// Counts a call and says what befalls it.
    fn choose(&self, operation: Operation, key: &str, range: Option<Range<u64>>) -> Fault {
        let number = self.counter(operation).fetch_add(1, Ordering::Relaxed) + 1;
        (self.inner.choose)(&Call {
            operation,
            key,
            number,
            range,
        })
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults")
            .field("counts", &self.inner.counts)
            .finish_non_exhaustive()
    }
}

/// What befell a call on its way to the store, and what is still to befall it on its way back.
enum Passage {
    Through,
    Unconditionally,
    Misreported(ErrorKind),
    Break(u64),
    End(u64),
}

impl Faults {
    /// Takes a call to the store, or fails it.
    async fn pass(
        &self,
        operation: Operation,
        key: &str,
        range: Option<Range<u64>>,
    ) -> object_store::Result<Passage> {
        match self.choose(operation, key, range) {
            Fault::None => Ok(Passage::Through),
            Fault::Fail(kind) => Err(failure(kind, key)),
            Fault::Misreport(kind) => Ok(Passage::Misreported(kind)),
            Fault::Break(after) => Ok(Passage::Break(after)),
            Fault::End(after) => Ok(Passage::End(after)),
            Fault::Slow(time) => {
                tokio::time::sleep(time).await;
                Ok(Passage::Through)
            }
            Fault::Unconditional => Ok(Passage::Unconditionally),
        }
    }
}

impl Passage {
    /// The answer as the caller sees it. Those of the store that were errors stay as they are.
    fn answer<T>(self, key: &str, answer: object_store::Result<T>) -> object_store::Result<T> {
        match self {
            Self::Misreported(kind) => answer.and_then(|_| Err(failure(kind, key))),
            Self::Through | Self::Unconditionally | Self::Break(_) | Self::End(_) => answer,
        }
    }
}

/// A failure that the rest of the crate takes for one of this kind.
fn failure(kind: ErrorKind, key: &str) -> object_store::Error {
    let source = "made by a test".into();
    let path = key.to_owned();
    match kind {
        ErrorKind::NotFound => object_store::Error::NotFound { path, source },
        ErrorKind::AlreadyExists => object_store::Error::AlreadyExists { path, source },
        ErrorKind::Precondition => object_store::Error::Precondition { path, source },
        _ => object_store::Error::Generic {
            store: "faults",
            source: Box::new(StoreError::new(kind, "faults", key, source)),
        },
    }
}
