//! Any bytes: see `digest_core::checks::row`.
#![no_main]

#[path = "../measured.rs"]
mod measured;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| measured::bounded(|| digest_core::checks::row(bytes)));
