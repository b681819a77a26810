//! A fault at each call of a job in turn, over the API's own router, a worker that polls a queue, and another that
//! sweeps: whatever fails, a digest that is as it should be or a reason comes of every request.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests may fail loudly, and tell what was swept"
)]
#![cfg_attr(
    not(feature = "fault-sweep"),
    allow(dead_code, reason = "the sweep alone uses all of it")
)]

mod buckets;
mod outage;
mod scene;
mod script;
mod service;
mod sweep;
