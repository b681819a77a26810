//! The command line as a person or a script has it: the real binary, its output, its exit codes, what it leaves.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

#[path = "cli/check.rs"]
mod check;
#[path = "cli/client.rs"]
mod client;
#[path = "cli/demo.rs"]
mod demo;
#[path = "cli/digest.rs"]
mod digest;
#[path = "cli/files.rs"]
mod files;
#[path = "cli/hours.rs"]
mod hours;
#[path = "cli/insight.rs"]
mod insight;
#[path = "cli/inspect.rs"]
mod inspect;
#[path = "cli/inspect_objects.rs"]
mod inspect_objects;
#[path = "cli/logs.rs"]
mod logs;
#[path = "cli/program.rs"]
mod program;
#[path = "cli/questions.rs"]
mod questions;
#[path = "cli/refusals.rs"]
mod refusals;
#[path = "cli/serve.rs"]
mod serve;
#[path = "cli/tables.rs"]
mod tables;
