//! The contract suite over a server of S3 that runs elsewhere, by what it is declared to lack; scripts/long/garage does so.
//!
//! | variable | |
//! |---|---|
//! | `CONTRACT_ENDPOINT` | where it listens |
//! | `CONTRACT_REGION` | its region, `us-east-1` without |
//! | `CONTRACT_BUCKETS` | how its empty buckets begin: with `contract` they are `contract-0`, for places inside, `contract-1` and so on, one for each case |
//! | `CONTRACT_ACCESS_KEY`, `CONTRACT_SECRET_KEY` | a key that may read and write there |
//! | `CONTRACT_LACKS` | what it cannot do, between commas: `atomic_create`, `compare_and_swap`, `attributes`, `conditional_copy`, `etags_in_listings` |
//!
//! Without them every test here fails: none passes by not running.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may fail loudly"
)]

mod declared;
mod inside_a_prefix;
mod probed;
mod whole_bucket;
