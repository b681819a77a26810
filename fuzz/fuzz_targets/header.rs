//! Any bytes: see `digest_core::checks::header`.
#![no_main]

#[path = "../measured.rs"]
mod measured;

/// Bytes: a budget of 16 MiB, and as much as that for what is fixed, other ways to read the same and the oracle.
const MOST: usize = 64 << 20;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| measured::within(MOST, || digest_core::checks::header(bytes)));
