//! Jobs as a worker sees them: at least once, never stuck, never wrong.
//!
//! A delivery or the sweeper begins a visit (`visit.rs`), at most one for each id in a process
//! (`running.rs`). The visit looks at the record, decides (`decision.rs`), and either waits for another
//! process (`observed.rs` is how it knows that one is gone), or takes the record (`held.rs`), keeps it with a
//! heartbeat (`heartbeat.rs`) and makes an attempt (`attempt.rs`), which leaves one line in the log
//! (`line.rs`). Callers see stages (`stage.rs`); the Go service sees the marker (`marker.rs`).

mod attempt;
mod decision;
mod heartbeat;
mod held;
mod line;
mod marker;
#[cfg(test)]
mod model;
mod observed;
mod running;
mod stage;
mod visit;

pub(crate) use decision::{Circumstances, Decision, Occasion, decide};
pub(crate) use held::{Held, HoldError};
pub(crate) use marker::{hide as hide_marker, show as show_marker};
pub(crate) use observed::Observed;
pub(crate) use running::{Running, Seat};
pub(crate) use stage::{Ending, Stage};
pub(crate) use visit::visit;
