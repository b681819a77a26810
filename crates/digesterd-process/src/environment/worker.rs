//! How much a worker does at once, how much memory it takes, and where it keeps what does not fit:
//! `WORKER_CONCURRENCY`, `DIGEST_MAX_MEMORY`, `DIGEST_TEMP_DIR`, `DIGEST_MAX_TEMP`, `DIGEST_MAX_EDGES`, `DIGEST_MAX_OUTPUT`.

use std::path::PathBuf;

use serde::Deserialize;

use super::{Reader, memory, values};

/// Settings of the building itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerSettings {
    /// Jobs built at the same time, at least 1.
    pub concurrency: usize,
    /// Directory for temporary files; `None` is the system's.
    pub temp_dir: Option<PathBuf>,
    /// Bytes that the edges of all builds together may hold; `None` is a share of what the machine has.
    pub max_memory: Option<u64>,
    /// Most bytes that all builds together may hold in temporary files.
    pub max_temp: u64,
    /// Most lines of a digest.
    pub max_edges: u64,
    /// Most bytes of a digest's gzip.
    pub max_output: u64,
}

#[derive(Default, Deserialize)]
pub(super) struct Raw {
    worker_concurrency: Option<String>,
    digest_temp_dir: Option<String>,
    digest_max_memory: Option<String>,
    digest_max_temp: Option<String>,
    digest_max_edges: Option<String>,
    digest_max_output: Option<String>,
}

impl WorkerSettings {
    /// Reads the variables; `None` and a note for each one at fault.
    #[must_use]
    pub fn read(reader: &Reader<'_>) -> Option<Self> {
        let raw: Raw = reader.raw();
        let concurrency = reader.value_or("WORKER_CONCURRENCY", raw.worker_concurrency, values::count, 1);
        let max_memory = reader.optional("DIGEST_MAX_MEMORY", raw.digest_max_memory, |text| {
            values::size(text).and_then(|bytes| {
                let fits = bytes >= LEAST_MEMORY;
                fits.then_some(bytes)
                    .ok_or_else(|| "is less than 16MiB".to_owned())
            })
        });
        let default = Self::default();
        let size = |name, text, default| reader.value_or(name, text, values::size, default);
        let max_temp = size("DIGEST_MAX_TEMP", raw.digest_max_temp, default.max_temp);
        let max_output = size("DIGEST_MAX_OUTPUT", raw.digest_max_output, default.max_output);
        let max_edges = reader.value_or(
            "DIGEST_MAX_EDGES",
            raw.digest_max_edges,
            |text| values::count(text).map(u64::from),
            default.max_edges,
        );
        Some(Self {
            concurrency: usize::try_from(concurrency?).unwrap_or(usize::MAX),
            temp_dir: raw.digest_temp_dir.map(PathBuf::from),
            max_memory: max_memory?,
            max_temp: max_temp?,
            max_edges: max_edges?,
            max_output: max_output?,
        })
    }

    /// Bytes that the edges of one build may hold.
    #[must_use]
    pub fn memory_of_a_build(&self) -> u64 {
        let all = self.max_memory.unwrap_or_else(memory::share);
        (all / u64::try_from(self.concurrency.max(1)).unwrap_or(u64::MAX)).max(LEAST_MEMORY)
    }

    /// The directory for temporary files.
    #[must_use]
    pub fn temporary_directory(&self) -> PathBuf {
        self.temp_dir.clone().unwrap_or_else(std::env::temp_dir)
    }
}

/// Less than this is spilled so often that nothing is gained.
const LEAST_MEMORY: u64 = 16 << 20;

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            concurrency: 1,
            temp_dir: None,
            max_memory: None,
            max_temp: 256 << 30,
            max_edges: 1_000_000_000,
            max_output: 64 << 30,
        }
    }
}
