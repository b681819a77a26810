//! The contract suite over moto, with the client of `S3_CLIENT`'s cargo feature; see scripts/integration.
//!
//! `MOTO_ENDPOINT` says where moto listens. Without it every test here fails: none passes by not running.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

mod encryption;
mod foreign_keys;
mod inside_a_prefix;
mod refusals;
mod server;
mod whole_bucket;
