//! Any bytes: see `digest_tables::checks::tables`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| digest_tables::checks::tables(bytes));
