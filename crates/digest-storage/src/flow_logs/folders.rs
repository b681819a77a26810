//! Names of folders, remembered from one plan to the next.
//!
//! Accounts and regions seldom change, and every plan begins with them. What was seen is used again only by a plan
//! whose window was settled (its stop and the late arrivals' time over) when it was seen: an account that had not
//! delivered anything until then has nothing for that window either. And only for [`FlowLogs::remembering`]'s age, as
//! objects may be copied in later than AWS writes them.
//!
//! [`FlowLogs::remembering`]: super::FlowLogs::remembering

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use object_store::path::Path;

use super::walk::pages;
use crate::error::StoreError;
use crate::store::Store;

/// Folders that are remembered at most; then all are forgotten.
const MOST_FOLDERS: usize = 10_000;

/// What was seen inside folders.
#[derive(Debug, Default)]
pub(super) struct Folders {
    seen: Mutex<HashMap<Path, Seen>>,
}

#[derive(Debug, Clone)]
struct Seen {
    /// By the calendar, to be held against a window.
    at: DateTime<Utc>,
    /// By a clock that never goes back, to be held against the age.
    since: Instant,
    names: Arc<[String]>,
}

/// Looks into folders for one plan, and counts what it takes.
#[derive(Debug)]
pub(super) struct Lookup<'a> {
    pub(super) store: &'a Store,
    pub(super) folders: &'a Folders,
    /// When the plan's window was settled.
    pub(super) settled: DateTime<Utc>,
    /// How long what was seen may be used.
    pub(super) age: Duration,
}

impl Lookup<'_> {
    /// Names of the folders inside a folder, and the requests that it took.
    pub(super) async fn inside(&self, folder: &Path) -> Result<(Arc<[String]>, u64), StoreError> {
        if let Some(names) = self.folders.known(folder, self.settled, self.age) {
            return Ok((names, 0));
        }
        let (at, since) = (Utc::now(), Instant::now());
        let found = self.store.children(folder).await?;
        let calls = pages(found.common_prefixes.len() + found.objects.len());
        let names = found.common_prefixes.iter().filter_map(Path::filename);
        let names: Arc<[String]> = names.map(str::to_owned).collect();
        if !self.age.is_zero() {
            let names = Arc::clone(&names);
            self.folders.keep(folder, Seen { at, since, names });
        }
        Ok((names, calls))
    }
}

impl Folders {
    fn known(&self, folder: &Path, settled: DateTime<Utc>, age: Duration) -> Option<Arc<[String]>> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = seen.get(folder)?;
        (seen.at >= settled && seen.since.elapsed() < age).then(|| Arc::clone(&seen.names))
    }

    fn keep(&self, folder: &Path, what: Seen) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST_FOLDERS && !seen.contains_key(folder) {
            seen.clear();
        }
        seen.insert(folder.clone(), what);
    }
}
