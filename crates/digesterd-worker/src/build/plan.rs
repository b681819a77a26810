//! The plan and its list: which objects can hold records of the window, and what else lies there.

use digest_core::manifest::{ObjectCounts, ObjectEntry};
use digest_storage::{FlowLogObject, FlowLogs};

use super::error::BuildError;
use super::request::{BuildRequest, Source};

/// Why a flow log object in Parquet is not read.
const PARQUET: &str = "Parquet objects are not read";

/// What listing found.
#[derive(Debug)]
pub(super) struct Listed {
    /// Objects to read.
    pub(super) objects: Vec<FlowLogObject>,
    /// Flow log objects that are not read, with the reason.
    pub(super) unread: Vec<ObjectEntry>,
    /// Counts, with nothing read yet.
    pub(super) counts: ObjectCounts,
}

impl Listed {
    /// Compressed bytes to read.
    pub(super) fn bytes(&self) -> u64 {
        self.objects.iter().map(|object| object.size).sum()
    }
}

/// Lists what the request asks for.
pub(super) async fn list(request: &BuildRequest, flow_logs: &FlowLogs) -> Result<Listed, BuildError> {
    let plan = match (&request.source, &request.window) {
        (Source::Layout, Some(window)) => flow_logs.plan(window, &request.scope, request.late_arrival).await,
        (Source::Layout, None) | (Source::Loose, _) => flow_logs.loose().await,
        (Source::One(key), _) => flow_logs.one(key).await,
    };
    let plan = plan.map_err(BuildError::List)?;
    let mut counts = ObjectCounts {
        listed: plan.listed,
        foreign: plan.foreign,
        empty: plan.empty,
        ..ObjectCounts::default()
    };
    let (parquet, objects): (Vec<_>, Vec<_>) = plan
        .objects
        .into_iter()
        .partition(|object| object.key.ends_with(".parquet"));
    if !parquet.is_empty() {
        counts.unread.insert(PARQUET.to_owned(), parquet.len() as u64);
    }
    let unread = parquet.into_iter().map(|object| ObjectEntry {
        place: object.place.as_deref().map(str::to_owned),
        key: object.key,
        etag: object.etag,
        size: object.size,
        skipped: Some(PARQUET.to_owned()),
    });
    Ok(Listed {
        objects,
        unread: unread.collect(),
        counts,
    })
}
