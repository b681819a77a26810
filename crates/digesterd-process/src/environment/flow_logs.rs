//! Which flow logs are read and how much of them is in flight: `VPC_FLOW_LOGS_SCAN_ACCOUNTS`,
//! `VPC_FLOW_LOGS_SCAN_REGIONS`, `VPC_FLOW_LOGS_SCAN_CACHE`, `VPC_MAX_BYTES_PREFETCH`, `VPC_MAX_CONCURRENT_PREFETCH`.

use std::time::Duration;

use digest_core::Scope;
use serde::Deserialize;

use super::{Reader, values};

/// Accounts and regions to look for; empty means that they are found by listing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FlowLogsSettings {
    /// Account ids.
    pub accounts: Vec<String>,
    /// Region names.
    pub regions: Vec<String>,
    /// How long those that were found by listing are used again; zero: not at all.
    pub cache: Duration,
}

/// What may be requested and not yet inflated, per process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrefetchSettings {
    /// Objects.
    pub objects: usize,
    /// Compressed bytes.
    pub bytes: u64,
}

#[derive(Default, Deserialize)]
pub(super) struct RawScan {
    vpc_flow_logs_scan_accounts: Option<String>,
    vpc_flow_logs_scan_regions: Option<String>,
    vpc_flow_logs_scan_cache: Option<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct RawPrefetch {
    vpc_max_concurrent_prefetch: Option<String>,
    vpc_max_bytes_prefetch: Option<String>,
}

impl FlowLogsSettings {
    /// Reads the variables; `None` and a note for each one at fault.
    #[must_use]
    pub fn read(reader: &Reader<'_>) -> Option<Self> {
        let raw: RawScan = reader.raw();
        let names = |name, text: Option<String>| {
            let list = values::list(text.as_deref().unwrap_or_default());
            // The names become parts of listing prefixes: they must be names and nothing else.
            match Scope::new(&list, std::iter::empty::<&str>()) {
                Ok(_) => Some(list),
                Err(_) => {
                    reader.note(
                        name,
                        "is not a comma list of names of letters, digits and hyphens",
                    );
                    None
                }
            }
        };
        let accounts = names("VPC_FLOW_LOGS_SCAN_ACCOUNTS", raw.vpc_flow_logs_scan_accounts);
        let regions = names("VPC_FLOW_LOGS_SCAN_REGIONS", raw.vpc_flow_logs_scan_regions);
        let cache = reader.value_or(
            "VPC_FLOW_LOGS_SCAN_CACHE",
            raw.vpc_flow_logs_scan_cache,
            values::duration,
            Duration::ZERO,
        );
        Some(Self {
            accounts: accounts?,
            regions: regions?,
            cache: cache?,
        })
    }
}

impl PrefetchSettings {
    /// Reads the variables, both of which a worker must be told.
    #[must_use]
    pub fn read(reader: &Reader<'_>) -> Option<Self> {
        let raw: RawPrefetch = reader.raw();
        let objects = reader.required(
            "VPC_MAX_CONCURRENT_PREFETCH",
            raw.vpc_max_concurrent_prefetch,
            values::count,
        );
        let bytes = reader.required("VPC_MAX_BYTES_PREFETCH", raw.vpc_max_bytes_prefetch, values::size);
        Some(Self {
            objects: usize::try_from(objects?).unwrap_or(usize::MAX),
            bytes: bytes?,
        })
    }

    /// Reads the variables, each with the command line's own default.
    #[must_use]
    pub fn read_or_default(reader: &Reader<'_>) -> Option<Self> {
        let raw: RawPrefetch = reader.raw();
        let default = Self::default();
        let objects = reader.optional(
            "VPC_MAX_CONCURRENT_PREFETCH",
            raw.vpc_max_concurrent_prefetch,
            values::count,
        );
        let bytes = reader.value_or(
            "VPC_MAX_BYTES_PREFETCH",
            raw.vpc_max_bytes_prefetch,
            values::size,
            default.bytes,
        );
        Some(Self {
            objects: objects?.map_or(default.objects, |count| {
                usize::try_from(count).unwrap_or(usize::MAX)
            }),
            bytes: bytes?,
        })
    }
}

impl Default for PrefetchSettings {
    /// The command line's: 4 objects and 256 MiB.
    fn default() -> Self {
        Self {
            objects: 4,
            bytes: 256 << 20,
        }
    }
}
