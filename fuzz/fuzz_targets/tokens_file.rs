//! Any bytes: see `digesterd_process::checks::tokens_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| digesterd_process::checks::tokens_file(bytes));
