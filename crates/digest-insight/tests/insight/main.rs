//! What is read out of digests, against implementations too simple to be wrong.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod conversions;
mod differences;
mod digests;
mod graphs;
mod merges;
mod reading;
mod services;
mod tables;
mod unusual;
