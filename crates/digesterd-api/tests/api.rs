//! The API by its requests, over the real router, server and sockets:
//!
//! * `asking`: POST, from refusals to the order of record, marker and queue;
//! * `fetching`: GET and HEAD, with conditions, ranges and text;
//! * `standing`: what is answered while a digest is made or was given up, by this service or the Go one;
//! * `formats`: a digest in every format;
//! * `differing`: what has changed from one digest to another;
//! * `questions`: what stored tables tell;
//! * `graphs`: the same, drawn;
//! * `bound`: tokens that are bound to accounts;
//! * `store_requests`: what each call costs in requests to the stores;
//! * `slow_readers`: who reads slowly, and who stops reading;
//! * `queries`: what must hold of any query;
//! * `described`: `api.yaml` and the router agree.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests may fail loudly"
)]

#[path = "api/app.rs"]
mod app;
#[path = "api/asking.rs"]
mod asking;
#[path = "api/bound.rs"]
mod bound;
#[path = "api/described.rs"]
mod described;
#[path = "api/differing.rs"]
mod differing;
#[path = "api/fetching.rs"]
mod fetching;
#[path = "api/formats.rs"]
mod formats;
#[path = "api/graphs.rs"]
mod graphs;
#[path = "../../../fuzz/kept.rs"]
mod kept;
#[path = "api/queries.rs"]
mod queries;
#[path = "api/questions.rs"]
mod questions;
#[path = "api/raw_records.rs"]
mod raw_records;
#[path = "api/slow_readers.rs"]
mod slow_readers;
#[path = "api/standing.rs"]
mod standing;
#[path = "../../digesterd-worker/tests/worker/state_table.rs"]
mod state_table;
#[path = "api/states.rs"]
mod states;
#[path = "api/status.rs"]
mod status;
#[path = "api/store_requests.rs"]
mod store_requests;
