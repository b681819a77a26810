//! HTTP front end of vpcflow-digesterd: takes requests for digests, hands digests out.
//!
//! A POST runs through `query` → id → `flights` (one for many at once) → `claim` (the job record) → `submit` (marker, queue);
//! a GET through
//! `query` → `fetch`, which looks at the digest, then at its `progress`, and answers by the request's
//! `conditions` and `negotiation`. Below `/v1/digests` the [`status`] resource tells how far a job is, and a
//! [`listing`] which digests there are, a `difference` what has changed from one to another; `questions` are answered from
//! their tables, `raw_records` from the flow logs. [`configure`] puts all on a router of any actix-web application; [`run()`] is the whole life of the `digesterd-api` binary.

mod admission;
mod api;
mod baseline;
#[cfg(feature = "testing")]
pub mod checks;
mod claim;
mod computing;
mod conditions;
mod description;
mod difference;
mod fetch;
mod flights;
pub mod listing;
mod negotiation;
mod progress;
mod query;
mod question_query;
mod questions;
mod raw_records;
mod refusals;
mod routes;
mod run;
mod seals;
mod settings;
pub mod status;
mod submit;
mod text;
mod written;

pub use api::Api;
pub use questions::QUESTION_PATHS;
pub use raw_records::RECORDS_PATHS;
pub use routes::{PATHS, configure, configure_root};
pub use run::{inside, run};
pub use settings::Settings;
