//! Queues over real sockets: what is sent, what counts as taken, what an answer means, when a client gives up.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may fail loudly"
)]

mod appliance;
mod listener;
mod sqs;

use digest_core::{Job, Scope, Window};

fn job() -> Job {
    let window = Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").unwrap();
    Job::new(window, Scope::default())
}
