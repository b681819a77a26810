//! Requests for one digest at the same moment: the first asks the stores, the others take what it was told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use digest_core::DigestId;
use tokio::sync::watch;

use crate::claim::{Claim, Refusal};

/// What makes two requests the same: the digest, and whether it is to be made again.
type Sameness = (DigestId, bool);

/// What the first request was told, once it was.
type Told = Option<Refusal>;

/// The claims that are being tried for in this process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flights {
    flying: Arc<Mutex<HashMap<Sameness, watch::Receiver<Told>>>>,
}

/// The first request's place; dropping it lets the others ask for themselves.
#[derive(Debug)]
pub(crate) struct Lead {
    flights: Flights,
    sameness: Sameness,
    told: watch::Sender<Told>,
}

/// One request's part.
#[derive(Debug)]
pub(crate) enum Part {
    /// It asks the stores.
    Lead(Lead),
    /// It waits for the one that does.
    Follow(watch::Receiver<Told>),
}

impl Flights {
    /// Joins the requests of this digest.
    pub(crate) fn join(&self, id: DigestId, refresh: bool) -> Part {
        let sameness = (id, refresh);
        let mut flying = self.lock();
        if let Some(told) = flying.get(&sameness) {
            return Part::Follow(told.clone());
        }
        let (sender, told) = watch::channel(None);
        flying.insert(sameness, told);
        Part::Lead(Lead {
            flights: self.clone(),
            sameness,
            told: sender,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Sameness, watch::Receiver<Told>>> {
        self.flying.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lead {
    /// Tells the others what came of the claim: where it was taken, they find the digest in progress.
    pub(crate) fn tell(self, claim: &Claim) {
        let refusal = match claim {
            Claim::Taken(_) => Refusal::InProgress,
            Claim::Refused(refusal) => refusal.clone(),
        };
        self.told.send_replace(Some(refusal));
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.sameness);
    }
}

/// What the first request was told; nothing where it failed.
pub(crate) async fn told(mut follow: watch::Receiver<Told>) -> Option<Refusal> {
    match follow.wait_for(Option::is_some).await {
        Ok(told) => told.clone(),
        Err(_) => None,
    }
}
