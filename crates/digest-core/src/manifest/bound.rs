//! What held a build up most.

use serde::{Deserialize, Serialize};

/// What held the build up most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    /// Waiting for bytes of flow logs.
    Fetch,
    /// Inflating, parsing and folding.
    Cpu,
    /// Writing and reading sorted runs in the temporary directory.
    Disk,
}
