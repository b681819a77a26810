//! The jobs this process is at: one visit per id, however many deliveries ask for it.
//!
//! The first delivery of an id begins a visit, a task of its own; every further one joins it. Both see its
//! stage through a watch channel, so that a caller that hangs up takes nothing with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use digest_core::DigestId;
use tokio::sync::watch;

use super::stage::{Ending, Stage};

/// Registry of the visits in this process.
#[derive(Debug, Default, Clone)]
pub(crate) struct Running {
    visits: Arc<Mutex<HashMap<DigestId, Arc<Visit>>>>,
}

/// One visit as its deliveries see it.
#[derive(Debug)]
struct Visit {
    stage: watch::Sender<Stage>,
    /// A receiver of the visit's own: it goes on without any caller.
    kept: Mutex<Option<watch::Receiver<Stage>>>,
}

/// The visit's own end of the registry; dropping it ends the visit for everybody.
#[derive(Debug)]
pub(crate) struct Seat {
    running: Running,
    id: DigestId,
    visit: Arc<Visit>,
}

impl Running {
    /// Joins the visit of this id, or begins one: then the caller must run it, holding the seat.
    ///
    /// `keep` says that the visit goes on even when nobody waits for it.
    pub(crate) fn join(&self, id: DigestId, keep: bool) -> (watch::Receiver<Stage>, Option<Seat>) {
        let mut visits = self.lock();
        if let Some(visit) = visits.get(&id) {
            let stage = visit.stage.subscribe();
            if keep {
                visit.keep();
            }
            return (stage, None);
        }
        let visit = Arc::new(Visit {
            stage: watch::Sender::new(Stage::Arrived),
            kept: Mutex::new(None),
        });
        if keep {
            visit.keep();
        }
        let stage = visit.stage.subscribe();
        visits.insert(id, Arc::clone(&visit));
        let seat = Seat {
            running: self.clone(),
            id,
            visit,
        };
        (stage, Some(seat))
    }

    /// Whether this process is at the job.
    pub(crate) fn has(&self, id: DigestId) -> bool {
        self.lock().contains_key(&id)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<DigestId, Arc<Visit>>> {
        self.visits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visit {
    fn keep(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get_or_insert_with(|| self.stage.subscribe());
    }

    fn let_go(&self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn is_kept(&self) -> bool {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

impl Seat {
    /// Tells every delivery how far the visit is.
    pub(crate) fn reach(&self, stage: Stage) {
        self.visit.stage.send_replace(stage);
    }

    /// Whether the visit goes on without callers.
    pub(crate) fn is_kept(&self) -> bool {
        self.visit.is_kept()
    }

    /// From here on the visit needs callers: what it waits for is seen to by somebody else.
    pub(crate) fn let_go(&self) {
        self.visit.let_go();
    }

    /// Resolves once nobody waits for this visit any more.
    pub(crate) async fn deserted(&self) {
        self.visit.stage.closed().await;
    }

    /// Ends a visit that nobody waits for. False where a delivery came in at the last moment.
    pub(crate) fn leave(&self) -> bool {
        let mut visits = self.running.lock();
        let deserted = self.visit.stage.receiver_count() == 0;
        if deserted {
            visits.remove(&self.id);
        }
        deserted
    }

    /// Ends the visit for everybody.
    pub(crate) fn end(self, ending: Ending) {
        self.running.lock().remove(&self.id);
        self.reach(Stage::Ended(ending));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut visits = self.running.lock();
        if visits
            .get(&self.id)
            .is_some_and(|visit| Arc::ptr_eq(visit, &self.visit))
        {
            visits.remove(&self.id);
        }
        // A visit that fell over must not leave its callers waiting.
        self.visit.stage.send_if_modified(|stage| {
            let open = !matches!(stage, Stage::Ended(_));
            if open {
                *stage = Stage::Ended(Ending::interrupted());
            }
            open
        });
    }
}
