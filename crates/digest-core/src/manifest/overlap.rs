//! What several flow logs report at once, as the manifest tells it.

use serde::{Deserialize, Serialize};

/// Interfaces whose traffic several flow logs report, and which a digest counts more than once unless
/// only the newest is to count.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Overlap {
    /// How many interfaces.
    pub interfaces: u64,
    /// How many flow logs report on any of them.
    pub flow_logs: u64,
    /// Whether only the newest flow log of each counts (`DIGEST_OVERLAP=prefer-newest`); else all do.
    #[serde(default)]
    pub newest_counts: bool,
    /// The first few interfaces, by name.
    pub examples: Vec<OverlapExample>,
}

/// One such interface.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OverlapExample {
    /// Its id.
    pub interface: String,
    /// The first few flow logs that report on it, each behind its place where there are several.
    pub flow_logs: Vec<String>,
}
