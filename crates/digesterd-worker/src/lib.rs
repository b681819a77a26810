//! Queue-driven builder: takes jobs, builds digests from flow logs, stores them.
//!
//! A job's way: [`configure`] reads it from a request, [`take_in`] from a queue that is polled (a process without
//! either calls [`Worker::accept`]), the worker's `job` module takes its record, [`build()`] makes the digest, `publish` stores it, and the record
//! says so. The [`Sweeper`] finishes what any worker left. [`run()`] is the whole life of the
//! `digesterd-worker` binary; the command line uses [`build()`] alone.

pub mod build;
mod intake;
mod job;
mod publish;
mod routes;
mod run;
mod settings;
mod sweep;
mod terms;
mod worker;

pub use build::build;
pub use intake::take_in;
pub use routes::{Addresses, configure};
pub use run::{open, run};
pub use settings::Settings;
pub use sweep::{Sweeper, Swept};
pub use terms::Terms;
pub use worker::{Accepted, Mode, Places, Worker};
