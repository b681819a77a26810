//! How much a worker does at once and where it keeps what does not fit: `WORKER_CONCURRENCY`,
//! `DIGEST_TEMP_DIR`.

use std::path::PathBuf;

use serde::Deserialize;

use super::{Reader, values};

/// Settings of the building itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerSettings {
    /// Jobs built at the same time, at least 1.
    pub concurrency: usize,
    /// Directory for temporary files; `None` is the system's.
    pub temp_dir: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
pub(super) struct Raw {
    worker_concurrency: Option<String>,
    digest_temp_dir: Option<String>,
}

impl WorkerSettings {
    /// Reads the variables; `None` and a note for each one at fault.
    #[must_use]
    pub fn read(reader: &Reader<'_>) -> Option<Self> {
        let raw: Raw = reader.raw();
        let concurrency = reader.value_or("WORKER_CONCURRENCY", raw.worker_concurrency, values::count, 1);
        Some(Self {
            concurrency: usize::try_from(concurrency?).unwrap_or(usize::MAX),
            temp_dir: raw.digest_temp_dir.map(PathBuf::from),
        })
    }
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            concurrency: 1,
            temp_dir: None,
        }
    }
}
