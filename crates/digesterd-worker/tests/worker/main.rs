//! The worker as a whole: real router, real stores, flow logs made here, texts held against the oracle.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

mod bench;
mod building;
mod deliveries;
mod draining;
mod following;
mod logs;
mod places;
mod publishing;
mod state_table;
mod states;
mod sweeping;
mod tables;
