//! What `check` found, one line each.

use std::fmt;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// As it should be.
    Ok,
    /// It works, and less well than it could.
    Warning,
    /// It does not work.
    Failed,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) outcome: Outcome,
    /// What was checked.
    pub(crate) what: &'static str,
    /// What was seen, and what to do.
    pub(crate) told: String,
}

impl Finding {
    pub(crate) fn ok(what: &'static str, told: impl Into<String>) -> Self {
        Self::new(Outcome::Ok, what, told)
    }

    pub(crate) fn warning(what: &'static str, told: impl Into<String>) -> Self {
        Self::new(Outcome::Warning, what, told)
    }

    pub(crate) fn failed(what: &'static str, told: impl Into<String>) -> Self {
        Self::new(Outcome::Failed, what, told)
    }

    fn new(outcome: Outcome, what: &'static str, told: impl Into<String>) -> Self {
        let told = told.into();
        Self { outcome, what, told }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "FAILED",
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One line, whatever the cause says.
        let told = self.told.split_whitespace().collect::<Vec<_>>().join(" ");
        write!(f, "{:<8} {:<11} {told}", self.outcome, self.what)
    }
}
