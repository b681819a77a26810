//! Any bytes: see `digest_storage::checks::keys`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| digest_storage::checks::keys(bytes));
