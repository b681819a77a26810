//! The environment: read once, by each binary's main, into one plain struct per concern.
//!
//! [`Environment::from_os`] takes what the [`variables`] table names out of the process's variables.
//! A [`Reader`] turns them into settings; each `read` function demands only what its concern needs,
//! and all problems come out together:
//!
//! ```
//! use digesterd_process::environment::{Environment, Service, Timings};
//!
//! let environment = Environment::from_pairs([("PORT", "80a"), ("DIGEST_CLAIM_TIMEOUT", "soon")]);
//! let reader = environment.reader();
//! let (service, timings) = (Service::read(&reader), Timings::read(&reader));
//! let error = reader.finish(service.zip(timings)).unwrap_err();
//! assert_eq!(error.problems.len(), 2);
//! ```
//!
//! An empty variable counts as unset.

use std::collections::BTreeMap;
use std::ffi::OsString;

mod access;
mod aws;
mod buckets;
mod client;
mod digests;
mod flow_logs;
mod limits;
mod memory;
mod places;
mod queue;
mod reader;
mod secret;
mod service;
#[cfg(test)]
mod tests;
mod timings;
mod traces;
mod values;
pub mod variables;
mod worker;

pub use access::{AccessSettings, TlsFiles};
pub use aws::{AwsSettings, StaticKeys};
pub use buckets::{Bucket, BucketSettings, RoleSettings};
pub use client::{ClientSettings, InsideSettings};
pub use digests::DigestSettings;
pub use flow_logs::{FlowLogsSettings, PrefetchSettings};
pub use limits::Limits;
pub use queue::{ApplianceSettings, QueueSettings, SqsSettings};
pub use reader::{EnvironmentError, Reader, VariableProblem};
pub use secret::Secret;
pub use service::Service;
pub use timings::Timings;
pub use traces::TraceSettings;
pub use worker::WorkerSettings;

/// The variables of the process that this program knows, unparsed.
#[derive(Clone, Default)]
pub struct Environment {
    /// Non-empty values by name.
    values: BTreeMap<&'static str, String>,
    /// Variables whose value is no UTF-8.
    unreadable: Vec<VariableProblem>,
    /// `HOME`, for `~`.
    home: Option<String>,
}

impl Environment {
    /// The process's own variables. Called once, at the start of `main`.
    #[must_use]
    pub fn from_os() -> Self {
        Self::from_pairs(std::env::vars_os())
    }

    /// Variables from anywhere, as a test or another program has them.
    #[must_use]
    pub fn from_pairs<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        let mut environment = Self::default();
        for (name, value) in pairs {
            let (name, value) = (name.into(), value.into());
            if name == "HOME" {
                environment.home = value.into_string().ok().filter(|home| !home.is_empty());
                continue;
            }
            let Some(variable) = name.to_str().and_then(variables::find) else {
                continue;
            };
            match value.into_string() {
                Ok(value) if value.is_empty() => {}
                Ok(value) => drop(environment.values.insert(variable.name, value)),
                Err(_) => environment.unreadable.push(VariableProblem {
                    name: variable.name,
                    problem: "is not valid UTF-8".to_owned(),
                }),
            }
        }
        environment
    }

    /// The same with one variable set, as a flag of the command line does. A name that no variable has is ignored.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        if let Some(variable) = variables::find(name) {
            self.unreadable.retain(|problem| problem.name != variable.name);
            self.values.insert(variable.name, value.into());
        }
        self
    }

    /// Whether a variable is set.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A reader that begins with no problem but the unreadable values.
    #[must_use]
    pub fn reader(&self) -> Reader<'_> {
        Reader::new(self)
    }

    /// The log filter, needed before any other setting can be reported on.
    #[must_use]
    pub fn log_filter(&self) -> Option<&str> {
        self.values.get("RUST_LOG").map(String::as_str)
    }
}

impl std::fmt::Debug for Environment {
    /// Names only: a value may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}
