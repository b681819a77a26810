//! A table that was stored beside a digest.

use serde::{Deserialize, Serialize};

/// A table that was stored beside a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredTable {
    /// Key inside the storage place.
    pub key: String,
    /// Rows.
    pub rows: u64,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// SHA-256 of the file in lower-case hex.
    pub sha256: String,
}
