//! Which call meets which fault: all stores and the queue of a job count their calls together.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use digest_queue::QueueErrorKind;
use digest_queue::faults as queue;
use digest_storage::ErrorKind;
use digest_storage::faults::{Call, Fault, Faults, Operation};

/// A call, whatever it was addressed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Store(Operation),
    Queue(queue::Operation),
}

/// A way to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Before its effect, as a store that answers 503.
    Fails,
    /// Behind its effect: the answer is lost.
    LosesItsAnswer,
    /// Access is denied, which no retry mends.
    IsDenied,
    /// For longer than a lease.
    IsSlow,
    /// The body breaks off.
    BreaksOff,
    /// The body ends too early, as if that were all.
    EndsEarly,
    /// What is there is said not to be.
    SaysThereIsNone,
    /// It takes effect, and a precondition is said to have failed: a client that tries again behind one's back.
    SaysItWasRefused,
    /// Its preconditions are ignored.
    IgnoresPreconditions,
}

impl Kind {
    pub(crate) const ALL: [Self; 9] = [
        Self::Fails,
        Self::LosesItsAnswer,
        Self::IsDenied,
        Self::IsSlow,
        Self::BreaksOff,
        Self::EndsEarly,
        Self::SaysThereIsNone,
        Self::SaysItWasRefused,
        Self::IgnoresPreconditions,
    ];

    /// The fault, for calls that can meet it.
    pub(crate) fn fault_of(self, asked: Asked) -> Option<Befallen> {
        match asked {
            Asked::Store(operation) => self.of_store(operation).map(Befallen::Store),
            Asked::Queue(_) => self.of_queue().map(Befallen::Queue),
        }
    }

    fn of_store(self, operation: Operation) -> Option<Fault> {
        use Operation::{Copy, Get, Head, Put};
        let is_read = matches!(operation, Get | Head);
        let is_written = matches!(operation, Put | Copy);
        Some(match self {
            Self::Fails => Fault::Fail(ErrorKind::Unavailable),
            Self::LosesItsAnswer => Fault::Misreport(ErrorKind::Timeout),
            Self::IsDenied => Fault::Fail(ErrorKind::AccessDenied),
            Self::IsSlow => Fault::Slow(super::scene::LEASE * 2),
            Self::BreaksOff if operation == Get => Fault::Break(9),
            Self::EndsEarly if operation == Get => Fault::End(9),
            Self::SaysThereIsNone if is_read => Fault::Fail(ErrorKind::NotFound),
            Self::SaysItWasRefused if operation == Put => Fault::Misreport(ErrorKind::Precondition),
            Self::IgnoresPreconditions if is_written => Fault::Unconditional,
            _ => return None,
        })
    }

    fn of_queue(self) -> Option<queue::Fault> {
        Some(match self {
            Self::Fails => queue::Fault::Fail(QueueErrorKind::Busy),
            Self::LosesItsAnswer => queue::Fault::Misreport,
            Self::IsDenied => queue::Fault::Fail(QueueErrorKind::Refused),
            Self::IsSlow => queue::Fault::Slow(super::scene::LEASE * 2),
            _ => return None,
        })
    }
}

/// What befalls a call.
#[derive(Debug, Clone)]
pub(crate) enum Befallen {
    Store(Fault),
    Queue(queue::Fault),
}

/// When calls fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Never: the calls are counted.
    Never,
    /// The call of this number, from 1, and no other.
    At(u64),
    /// From the call of this number on, for so long.
    From(u64, Duration),
}

type Watch = dyn Fn(&str) + Send + Sync;

/// The script of one run.
#[derive(Clone)]
pub(crate) struct Script {
    inner: Arc<Inner>,
}

struct Inner {
    when: When,
    kind: Kind,
    count: AtomicU64,
    calls: Mutex<Vec<(Asked, String)>>,
    met: Mutex<Option<(String, Instant)>>,
    /// Looks at what stands in the buckets, before each call.
    watch: Box<Watch>,
}

impl Script {
    pub(crate) fn new(when: When, kind: Kind, watch: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self {
            inner: Arc::new(Inner {
                when,
                kind,
                count: AtomicU64::new(0),
                calls: Mutex::default(),
                met: Mutex::default(),
                watch: Box::new(watch),
            }),
        }
    }

    /// The calls of the run so far.
    pub(crate) fn calls(&self) -> Vec<(Asked, String)> {
        self.inner.calls.lock().unwrap().clone()
    }

    /// The first call that met a fault.
    pub(crate) fn met(&self) -> Option<String> {
        self.inner
            .met
            .lock()
            .unwrap()
            .as_ref()
            .map(|(call, _)| call.clone())
    }

    /// Whether calls fail at this moment that come next.
    pub(crate) fn goes_on(&self) -> bool {
        match (self.inner.when, self.inner.met.lock().unwrap().as_ref()) {
            (When::From(_, time), Some((_, since))) => since.elapsed() < time,
            _ => false,
        }
    }

    /// The faults of a store of this name.
    pub(crate) fn store(&self, name: &'static str) -> Faults {
        let script = self.clone();
        Faults::new(move |call: &Call<'_>| {
            let said = format!("{:?} {name}/{}", call.operation, call.key);
            match script.call(Asked::Store(call.operation), said) {
                Some(Befallen::Store(fault)) => fault,
                _ => Fault::None,
            }
        })
    }

    /// The queue.
    pub(crate) fn queue(&self) -> queue::FaultyQueue {
        let script = self.clone();
        queue::FaultyQueue::new(move |operation| {
            match script.call(Asked::Queue(operation), format!("{operation:?} of the queue")) {
                Some(Befallen::Queue(fault)) => fault,
                _ => queue::Fault::None,
            }
        })
    }

    fn call(&self, asked: Asked, said: String) -> Option<Befallen> {
        let inner = &*self.inner;
        (inner.watch)(&said);
        let number = inner.count.fetch_add(1, Ordering::Relaxed) + 1;
        inner.calls.lock().unwrap().push((asked, said.clone()));
        let mut met = inner.met.lock().unwrap();
        let is_due = match inner.when {
            When::Never => false,
            When::At(nth) => number == nth,
            When::From(nth, time) => {
                number >= nth && met.as_ref().is_none_or(|(_, since)| since.elapsed() < time)
            }
        };
        let fault = inner.kind.fault_of(asked).filter(|_| is_due);
        if fault.is_some() {
            met.get_or_insert_with(|| (format!("call {number}, {said}"), Instant::now()));
        }
        fault
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} {:?}, met {:?}",
            self.inner.kind,
            self.inner.when,
            self.met()
        )
    }
}
