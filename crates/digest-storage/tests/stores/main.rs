//! The contract suite over the stores that need no server outside the process, and what is particular to each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

mod attempts;
mod faults_off;
#[cfg(feature = "rusoto")]
mod in_process_rusoto;
mod in_process_s3;
#[path = "../../../../fuzz/kept.rs"]
mod kept;
mod layouts;
mod listing_calls;
mod local;
mod memory;
mod planning;
mod reading_ahead;
mod replay;
mod survey;
mod vast;
