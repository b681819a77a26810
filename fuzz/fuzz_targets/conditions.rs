//! Any bytes: see `digesterd_api::checks::conditions`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| digesterd_api::checks::conditions(bytes));
