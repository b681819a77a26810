//! The job on its way from the API to a worker.
//!
//! [`JobQueue`] is what a sender sees. [`HttpAppliance`] posts the job to a stream appliance (or to a
//! worker directly), which keeps it until a worker has built it; [`SqsQueue`] speaks to SQS, and is a
//! [`JobSource`] too, which a worker polls; [`in_process()`] is a bounded channel for the standalone
//! service, where sender and worker share a process.
//!
//! Delivery is at least once: a job may arrive twice, and whoever takes it must not mind.

pub mod appliance;
pub mod error;
#[cfg(feature = "testing")]
pub mod faults;
pub mod in_process;
pub mod queue;
pub mod source;
pub mod sqs;

pub use appliance::{ApplianceOptions, HttpAppliance};
pub use error::{QueueError, QueueErrorKind};
pub use in_process::{InProcessJobs, InProcessQueue, QueuedJob, in_process};
pub use queue::{JobQueue, SendContext};
pub use source::{JobSource, Message};
pub use sqs::{SqsOptions, SqsQueue};
