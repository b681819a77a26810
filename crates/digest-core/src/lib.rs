//! Pure kernel of vpcflow-digesterd: flow record bytes in, sorted digest out.
//!
//! No async, no object store, no HTTP, no clock and no logging live here: every function's answer
//! follows from its arguments. Callers read [`window`], [`scope`], [`id`] and [`job`] to name a digest;
//! [`record`] is the state machine of its making, [`manifest`] says what it was made of.

pub mod id;
pub mod job;
pub mod manifest;
pub mod record;
pub mod scope;
pub mod window;

pub use id::DigestId;
pub use job::Job;
pub use manifest::{Coverage, Manifest};
pub use record::JobRecord;
pub use scope::Scope;
pub use window::Window;
