//! Any bytes: see `digest_core::checks::documents`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| digest_core::checks::documents(bytes));
