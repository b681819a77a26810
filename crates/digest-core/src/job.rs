//! The job: which digest to build, as it travels from the API to a worker.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::DigestId;
use crate::scope::{Scope, ScopeError};
use crate::window::{Bound, Window, WindowError};

/// A request to build one digest. The id always follows from window and scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    id: DigestId,
    window: Window,
    scope: Scope,
}

/// Why a message body is no job that may be built.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JobError {
    /// Not the JSON object that a job is.
    #[error("the body is no job ({{\"id\", \"start\", \"stop\"}} as JSON): {0}")]
    Unreadable(String),
    /// The window does not parse, is empty or reversed.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// The scope has an impossible name.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The id is not that of the window and scope.
    #[error("the id {given:?} is not that of the window and scope, which is {expected}")]
    IdMismatch {
        /// What the body said (cut to 64 characters).
        given: String,
        /// What follows from window and scope.
        expected: DigestId,
    },
}

/// The job as JSON. Unknown members are let through: newer senders may add some.
#[derive(Serialize, Deserialize)]
struct Wire {
    id: String,
    start: String,
    stop: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    account: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    region: Vec<String>,
}

impl Job {
    /// The job of a window and scope.
    #[must_use]
    pub fn new(window: Window, scope: Scope) -> Self {
        Self {
            id: DigestId::of(&window, &scope),
            window,
            scope,
        }
    }

    /// Reads a message body.
    ///
    /// The Go service's id of a window with literal offsets is accepted too; the job then carries
    /// this service's id.
    ///
    /// # Errors
    /// [`JobError`]; none of them can be helped by another delivery.
    pub fn parse(body: &[u8]) -> Result<Self, JobError> {
        let wire: Wire =
            serde_json::from_slice(body).map_err(|error| JobError::Unreadable(error.to_string()))?;
        Self::from_wire(&wire)
    }

    fn from_wire(wire: &Wire) -> Result<Self, JobError> {
        let start = Bound::parse("start", &wire.start)?;
        let stop = Bound::parse("stop", &wire.stop)?;
        let window = Window::from_bounds(start, stop)?;
        let job = Self::new(window, Scope::new(&wire.account, &wire.region)?);
        let go_id = job.scope.is_all().then(|| DigestId::of_go_bounds(start, stop));
        let given = wire.id.parse::<DigestId>().ok();
        if given.is_some() && (given == Some(job.id) || given == go_id) {
            return Ok(job);
        }
        Err(JobError::IdMismatch {
            given: wire.id.chars().take(64).collect(),
            expected: job.id,
        })
    }

    fn wire(&self) -> Wire {
        Wire {
            id: self.id.to_string(),
            start: self.window.start_rfc3339(),
            stop: self.window.stop_rfc3339(),
            account: self.scope.accounts().to_vec(),
            region: self.scope.regions().to_vec(),
        }
    }

    /// The message body: JSON with `id`, `start`, `stop` and, where scoped, `account` and `region`.
    #[must_use]
    pub fn to_json(&self) -> String {
        // A struct of strings always serialises.
        serde_json::to_string(&self.wire()).unwrap_or_default()
    }

    /// The digest's id.
    #[must_use]
    pub fn id(&self) -> DigestId {
        self.id
    }

    /// The window of time.
    #[must_use]
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// The accounts and regions.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }
}

impl Serialize for Job {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.wire().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Job {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_wire(&Wire::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(id: &str, start: &str, stop: &str) -> Vec<u8> {
        format!(r#"{{"id":"{id}","start":"{start}","stop":"{stop}"}}"#).into_bytes()
    }

    #[test]
    fn reads_what_it_writes() {
        let window = Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").unwrap();
        let scoped = Job::new(window, Scope::parse(Some("1,2"), Some("us-east-1")).unwrap());
        assert_eq!(Job::parse(scoped.to_json().as_bytes()).unwrap(), scoped);
        let plain = Job::new(window, Scope::default());
        assert_eq!(
            plain.to_json(),
            r#"{"id":"7869fe53-0b48-5a77-9358-32a82efe8858","start":"2018-10-17T00:00:00Z","stop":"2018-10-17T01:00:00Z"}"#
        );
    }

    #[test]
    fn accepts_the_go_services_offset_id_and_stores_under_ours() {
        let job = Job::parse(&body(
            "5180f218-4eaa-5447-8c4c-ce7daf6c4b5d",
            "2018-10-17T10:00:00+10:00",
            "2018-10-17T11:00:00+10:00",
        ))
        .unwrap();
        assert_eq!(job.id().to_string(), "7869fe53-0b48-5a77-9358-32a82efe8858");
    }

    #[test]
    fn refuses_an_id_that_does_not_match() {
        for id in ["5180f218-4eaa-5447-8c4c-ce7daf6c4b5d", "../../x", ""] {
            let refused = Job::parse(&body(id, "2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z"));
            assert!(matches!(refused, Err(JobError::IdMismatch { .. })), "{id:?}");
        }
    }

    #[test]
    fn refuses_what_is_no_json_object() {
        for text in ["", "[]", "null", "{}", "{\"id\":1}", "\u{0}"] {
            assert!(
                matches!(Job::parse(text.as_bytes()), Err(JobError::Unreadable(_))),
                "{text:?}"
            );
        }
    }
}
