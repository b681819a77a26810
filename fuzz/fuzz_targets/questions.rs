//! Any bytes: see `digesterd_api::checks::questions`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| digesterd_api::checks::questions(bytes));
