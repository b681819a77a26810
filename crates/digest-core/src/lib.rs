//! Pure kernel of vpcflow-digesterd: flow record bytes in, sorted digest out.
//!
//! No async, no object store, no HTTP, no clock and no logging live here: every function's answer
//! follows from its arguments. Callers read [`window`], [`scope`], [`id`] and [`job`] to name a digest.

pub mod id;
pub mod job;
pub mod scope;
pub mod window;

pub use id::DigestId;
pub use job::Job;
pub use scope::Scope;
pub use window::Window;
