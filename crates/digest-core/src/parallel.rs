//! Many objects on many threads: each thread reads objects of its own, and all fold into the same tables.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::contents::{Contents, Ranges};
use crate::digest::Digest;
use crate::error::FoldError;
use crate::fold::FoldOptions;
use crate::folder::{Folder, Gathered};
use crate::memory::{Compact, Memory};
use crate::others::Others;
use crate::spill::Budget;
use crate::tables::{Tables, lock};
use crate::tally::ObjectTally;

/// An object to read: its key, for messages, and its bytes.
pub type Source = (String, Box<dyn Contents + Send>);

/// Folds objects on up to `threads` threads into one digest, whose contents depend on neither their number nor their
/// order.
///
/// Within a budget, groups that no longer fit memory are spilled and merged when the digest is written.
///
/// `next` is asked by all threads for one object after another until it has none left (it may block). To call the
/// work off, let it hand out a source that fails: if it merely ended early, the digest would lack what was left.
/// `on_object` hears of each object that has been read.
///
/// # Errors
/// The first [`FoldError`] of any thread. It stops the others at their next read; what they have folded is dropped.
pub fn fold_parallel(
    options: &FoldOptions,
    budget: Option<Budget>,
    threads: usize,
    next: impl Fn() -> Option<Source> + Sync,
    on_object: impl Fn(&str, &ObjectTally) + Sync,
) -> Result<Digest, FoldError> {
    if options.edges {
        fold_on_threads::<Compact>(options, budget, threads.max(1), &next, &on_object)
    } else {
        fold_on_threads::<()>(options, budget, threads.max(1), &next, &on_object)
    }
}

fn fold_on_threads<M: Memory>(
    options: &FoldOptions,
    budget: Option<Budget>,
    threads: usize,
    next: &(impl Fn() -> Option<Source> + Sync),
    on_object: &(impl Fn(&str, &ObjectTally) + Sync),
) -> Result<Digest, FoldError> {
    let tables = Arc::new(Tables::<M>::new(budget));
    let shared = Shared::new(options);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let folder = Folder::new(options, &tables);
                match fold_some(folder, &shared, next, on_object) {
                    Ok(gathered) => lock(&shared.gathered).merge(&gathered),
                    Err(error) => shared.fail(error),
                }
            });
        }
    });
    let Shared { gathered, error, .. } = shared;
    match error.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => {
            let gathered = gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
            Digest::new(&tables, gathered, threads)
        }
    }
}

/// What the threads share beside the tables.
struct Shared {
    stop: AtomicBool,
    gathered: Mutex<Gathered>,
    error: Mutex<Option<FoldError>>,
}

impl Shared {
    fn new(options: &FoldOptions) -> Self {
        Self {
            stop: AtomicBool::new(false),
            gathered: Mutex::new(Gathered {
                tally: ObjectTally::none_of(options.window.as_ref()),
                span: None,
            }),
            error: Mutex::new(None),
        }
    }

    /// Keeps the first error, and stops all threads.
    fn fail(&self, error: FoldError) {
        lock(&self.error).get_or_insert(error);
        self.stop.store(true, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// One thread's work.
fn fold_some<M: Memory>(
    mut folder: Folder<M>,
    shared: &Shared,
    next: impl Fn() -> Option<Source>,
    on_object: impl Fn(&str, &ObjectTally),
) -> Result<Gathered, FoldError> {
    while !shared.is_stopped() {
        let Some((key, mut source)) = next() else {
            break;
        };
        let size = source.ranges().map_or(0, |ranges| ranges.size());
        let mut source = Stoppable { source, size, shared };
        let tally = folder.read_object(&key, &mut source)?;
        // Who waits for the source to be let go finds the object told of.
        on_object(&key, &tally);
        drop(source);
    }
    folder.finish().map(|(_, gathered)| gathered)
}

/// A source that ends in an error once another thread has failed.
struct Stoppable<'a> {
    source: Box<dyn Contents + Send>,
    /// Bytes of all ranges, where there are any.
    size: u64,
    shared: &'a Shared,
}

impl Stoppable<'_> {
    fn refuse_if_stopped(&self) -> io::Result<()> {
        if self.shared.is_stopped() {
            return Err(io::Error::other("stopped, as another object could not be read"));
        }
        Ok(())
    }
}

impl Read for Stoppable<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.refuse_if_stopped()?;
        self.source.read(out)
    }
}

impl Contents for Stoppable<'_> {
    fn ranges(&mut self) -> Option<&mut dyn Ranges> {
        match self.source.ranges() {
            Some(_) => Some(self),
            None => None,
        }
    }

    fn others(&self) -> Option<Arc<dyn Others>> {
        self.source.others()
    }
}

impl Ranges for Stoppable<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&mut self, at: u64, out: &mut [u8]) -> io::Result<()> {
        self.refuse_if_stopped()?;
        match self.source.ranges() {
            Some(ranges) => ranges.read_at(at, out),
            None => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn end(&mut self) {
        if let Some(ranges) = self.source.ranges() {
            ranges.end();
        }
    }
}
