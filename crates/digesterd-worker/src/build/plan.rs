//! The plan and its list: which objects can hold records of the window, and what else lies there.

use digest_core::manifest::ObjectCounts;
use digest_storage::{FlowLogObject, FlowLogs};

use super::error::BuildError;
use super::request::{BuildRequest, Source};

/// What listing found.
#[derive(Debug)]
pub(super) struct Listed {
    /// Objects to read.
    pub(super) objects: Vec<FlowLogObject>,
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
    let counts = ObjectCounts {
        listed: plan.listed,
        foreign: plan.foreign,
        empty: plan.empty,
        ..ObjectCounts::default()
    };
    Ok(Listed {
        objects: plan.objects,
        counts,
    })
}
