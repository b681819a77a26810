//! Tables of edges are what the digest knows, and its text is a grouping of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

#[allow(dead_code, reason = "the kernel's tests use all of it")]
#[path = "../../../digest-core/tests/kernel/corpus.rs"]
mod corpus;
mod file;
mod golden;
mod grouping;
mod hostile;
mod interfaces;
#[path = "../../../../fuzz/kept.rs"]
mod kept;
mod merging;
mod passing_over;
mod readback;
mod reading;
mod replay;
