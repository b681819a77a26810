//! What the machine gives a worker: read-ahead against its threads, and a directory for temporary files.

use std::path::Path;

use digesterd_process::environment::PrefetchSettings;

use crate::findings::Finding;

/// Compressed bytes that a large object holds while it is read: with less, it comes in smaller pieces.
const SHARE: u64 = 16 << 20;

/// Whether every thread can have an object of its own at full speed.
pub(super) fn prefetch(prefetch: &PrefetchSettings, threads: usize) -> Finding {
    const WHAT: &str = "prefetch";
    let wanted = SHARE.saturating_mul(threads as u64);
    if prefetch.objects < threads {
        return Finding::warning(
            WHAT,
            format!(
                "VPC_MAX_CONCURRENT_PREFETCH={} leaves some of {threads} threads without an object to read; {} would \
                 not",
                prefetch.objects,
                threads + 1,
            ),
        );
    }
    if prefetch.bytes < wanted {
        return Finding::warning(
            WHAT,
            format!(
                "VPC_MAX_BYTES_PREFETCH={} holds large objects up on {threads} threads; {}MiB would not",
                prefetch.bytes,
                wanted >> 20,
            ),
        );
    }
    Finding::ok(
        WHAT,
        format!(
            "up to {} objects and {} MiB for {threads} threads",
            prefetch.objects,
            prefetch.bytes >> 20
        ),
    )
}

/// Whether temporary files can be written.
pub(super) fn temporary(directory: Option<&Path>) -> Finding {
    const WHAT: &str = "temp dir";
    let directory = directory.map_or_else(std::env::temp_dir, Path::to_owned);
    match tempfile::tempfile_in(&directory) {
        Ok(_) => Finding::ok(WHAT, format!("{} can be written", directory.display())),
        Err(error) => Finding::failed(
            WHAT,
            format!(
                "{} cannot be written: {error}; set DIGEST_TEMP_DIR",
                directory.display()
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Outcome;

    fn outcome(objects: usize, bytes: u64) -> Outcome {
        prefetch(&PrefetchSettings { objects, bytes }, 4).outcome
    }

    #[test]
    fn a_read_ahead_that_starves_threads_is_warned_of() {
        assert_eq!(outcome(4, 64 << 20), Outcome::Ok);
        assert_eq!(outcome(3, 64 << 20), Outcome::Warning);
        assert_eq!(outcome(4, (64 << 20) - 1), Outcome::Warning);
    }

    #[test]
    fn a_directory_that_is_not_there_fails() {
        assert_eq!(
            temporary(Some(Path::new("/no/such/directory"))).outcome,
            Outcome::Failed
        );
        assert_eq!(temporary(None).outcome, Outcome::Ok);
    }
}
