//! When groups leave memory: what is charged, and how all threads pause while their tables are written as one run.
//!
//! A thread holds its logs' lock while it takes rows, never while it waits for bytes. Whoever finds the budget passed
//! takes the locks of all threads' logs, folds them, writes every table as a run, and starts anew with nothing: no
//! table, no name, no number. A thread that waits for its bytes is not waited for.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};

use crate::digest::sections_in_order;
use crate::error::FoldError;
use crate::logs::Logs;
use crate::memory::Memory;
use crate::readers::{Allowance, Readers};
use crate::run;
use crate::spill::{Budget, SpilledRun};
use crate::standing_runs;
use crate::tables::{Tables, lock};

/// What the threads of a digest know about memory.
#[derive(Debug)]
pub(crate) struct Spilling<M: Memory> {
    budget: Option<Budget>,
    charged: AtomicUsize,
    members: Mutex<Vec<Weak<Mutex<Logs<M>>>>>,
    runs: Mutex<Vec<Arc<dyn SpilledRun>>>,
    /// What is known of interfaces, likewise.
    standing_runs: Mutex<Vec<Arc<dyn SpilledRun>>>,
    /// What is held beside the tables.
    pub(crate) readers: Readers,
    /// Held by the thread that spills.
    turn: Mutex<()>,
}

impl<M: Memory> Spilling<M> {
    pub(crate) fn new(budget: Option<Budget>) -> Self {
        Self {
            readers: Readers::new(budget.as_ref().map(|budget| budget.bytes)),
            budget,
            charged: AtomicUsize::new(0),
            members: Mutex::new(Vec::new()),
            runs: Mutex::new(Vec::new()),
            standing_runs: Mutex::new(Vec::new()),
            turn: Mutex::new(()),
        }
    }

    /// Bytes that may be held.
    pub(crate) fn limit(&self) -> Option<usize> {
        self.budget.as_ref().map(|budget| budget.bytes)
    }

    /// The budget, for tables beside these.
    pub(crate) fn budget(&self) -> Option<Budget> {
        self.budget.clone()
    }

    /// So many more bytes are held.
    #[inline]
    pub(crate) fn charge(&self, bytes: usize) {
        if bytes > 0 {
            self.charged.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// What a file may hold that one of the threads opens.
    pub(crate) fn open_file(&self) -> Allowance<'_> {
        let members = lock(&self.members);
        let threads = members.iter().filter(|member| member.strong_count() > 0);
        self.readers.open(threads.count())
    }

    /// Takes over the runs of other tables.
    pub(crate) fn adopt<N: Memory>(&self, other: &Spilling<N>) {
        lock(&self.runs).append(&mut lock(&other.runs));
        lock(&self.standing_runs).append(&mut lock(&other.standing_runs));
    }

    /// The runs written so far.
    pub(crate) fn runs(&self) -> Vec<Arc<dyn SpilledRun>> {
        lock(&self.runs).clone()
    }

    /// Of these, those of interfaces.
    pub(crate) fn standing_runs(&self) -> Vec<Arc<dyn SpilledRun>> {
        lock(&self.standing_runs).clone()
    }
}

impl<M: Memory> Tables<M> {
    /// Logs that fold into these tables, and take part when they are spilled.
    pub(crate) fn member(self: &Arc<Self>) -> Arc<Mutex<Logs<M>>> {
        let logs = Arc::new(Mutex::new(Logs::new(Arc::clone(self))));
        lock(&self.spilling.members).push(Arc::downgrade(&logs));
        logs
    }

    /// Whether more is held than may be.
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        let charged = self.spilling.charged.load(Ordering::Relaxed);
        let held = self.spilling.readers.held();
        self.spilling
            .limit()
            .is_some_and(|limit| charged > limit.saturating_sub(held) && charged > 0)
    }

    /// Writes all groups of all threads as a run, unless another thread is at it. The caller holds no logs.
    pub(crate) fn spill(&self) -> Result<(), FoldError> {
        let Ok(_turn) = self.spilling.turn.try_lock() else {
            return Ok(());
        };
        if !self.is_over() {
            return Ok(());
        }
        // Held to the end: a thread that joins meanwhile would fold into what has been written already.
        let listed = lock(&self.spilling.members);
        let members: Vec<_> = listed.iter().filter_map(Weak::upgrade).collect();
        let mut all: Vec<_> = members.iter().map(|logs| lock(logs)).collect();
        for logs in &mut all {
            logs.flush()?;
        }
        self.write_run(members.len())?;
        for logs in &mut all {
            logs.forget();
        }
        Ok(())
    }

    /// Writes all tables as a run and leaves them empty. Every log has been folded.
    pub(crate) fn write_run(&self, threads: usize) -> Result<(), FoldError> {
        let Some(budget) = &self.spilling.budget else {
            return Ok(());
        };
        let (sections, facets, standings) = sections_in_order(self, threads)?;
        let written = |write: &dyn Fn(&mut (dyn Write + Send)) -> io::Result<()>| -> io::Result<_> {
            let mut writer = budget.spill.create()?;
            write(&mut *writer)?;
            Ok(Arc::from(writer.finish()?))
        };
        let spill = |source| FoldError::Spill { source };
        let run = written(&|out| run::write(out, &sections, &facets, threads)).map_err(spill)?;
        lock(&self.spilling.runs).push(run);
        drop(sections);
        if M::EDGES {
            let run = written(&|out| standing_runs::write(out, &standings)).map_err(spill)?;
            lock(&self.spilling.standing_runs).push(run);
        }
        drop(standings);
        self.clear();
        self.spilling.charged.store(0, Ordering::Relaxed);
        Ok(())
    }
}
