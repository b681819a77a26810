//! Checks that hold for any bytes: two ways to one answer are taken and compared, and where they differ the check panics.
//!
//! Fuzz targets (`fuzz/`) call them with what a fuzzer makes up, the kernel's tests with the bytes that are kept in
//! `fuzz/corpus`, and the long run of random rows (`examples/random_rows.rs`) with [`rows::Rows`].

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a check that does not hold ends the program"
)]

pub mod agreement;
pub mod rows;

mod digest_lines;
mod documents;
mod envelopes;
mod held_runs;
mod inflating;
mod kernel;
mod spilling;
mod tables;
mod tokens;

pub use digest_lines::lines;
pub use documents::documents;
pub use envelopes::{header, json};
pub use held_runs::HeldRuns;
pub use inflating::inflate;
pub use kernel::{kernel, row};
pub use spilling::spill;
pub use tables::{footer, pages};
pub use tokens::{addresses, numbers};

/// A check of any bytes.
pub type Check = fn(&[u8]);

/// Every check, by the name of its fuzz target and its corpus.
pub const CHECKS: [(&str, Check); 12] = [
    ("addresses", addresses),
    ("documents", documents),
    ("footer", footer),
    ("header", header),
    ("inflate", inflate),
    ("json", json),
    ("kernel", kernel),
    ("lines", lines),
    ("numbers", numbers),
    ("pages", pages),
    ("row", row),
    ("spill", spill),
];
