//! Turns variables into settings and collects every problem on the way.

use std::cell::RefCell;
use std::fmt;

use serde::de::DeserializeOwned;
use thiserror::Error;

use super::{Environment, variables};

/// One variable that is missing or cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VariableProblem {
    /// Name of the variable.
    pub name: &'static str,
    /// What is wrong with it; shows the value only where it cannot be a secret.
    pub problem: String,
}

impl fmt::Display for VariableProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.problem)
    }
}

/// Every problem of the environment at once, each by its variable's name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the settings cannot be used:{}", listed(.problems))]
pub struct EnvironmentError {
    /// The problems, by name.
    pub problems: Vec<VariableProblem>,
}

fn listed(problems: &[VariableProblem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}

/// Reads settings out of an [`Environment`]. Settings are read one after the other, each giving
/// `None` where a variable of its own is at fault; [`Reader::finish`] then tells all faults at once.
#[derive(Debug)]
pub struct Reader<'a> {
    environment: &'a Environment,
    problems: RefCell<Vec<VariableProblem>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(environment: &'a Environment) -> Self {
        Self {
            environment,
            problems: RefCell::new(environment.unreadable.clone()),
        }
    }

    /// The settings, if no variable was at fault.
    ///
    /// # Errors
    /// [`EnvironmentError`] with every problem noted since the reader was made.
    pub fn finish<T>(self, settings: Option<T>) -> Result<T, EnvironmentError> {
        let mut problems = self.problems.into_inner();
        problems.sort();
        problems.dedup();
        match settings {
            Some(settings) if problems.is_empty() => Ok(settings),
            _ => Err(EnvironmentError { problems }),
        }
    }

    /// Notes a problem.
    pub fn note(&self, name: &'static str, problem: impl Into<String>) {
        self.problems.borrow_mut().push(VariableProblem {
            name,
            problem: problem.into(),
        });
    }

    /// A flat struct of optional strings whose fields are variables' names in lower case.
    pub(super) fn raw<T: DeserializeOwned + Default>(&self) -> T {
        self.raw_with_prefix("")
    }

    /// The same for fields that continue a prefix.
    pub(super) fn raw_with_prefix<T: DeserializeOwned + Default>(&self, prefix: &str) -> T {
        let values = self.environment.values.iter();
        let values = values.map(|(name, value)| ((*name).to_owned(), value.clone()));
        // Optional strings cannot fail to be read.
        envy::prefixed(prefix).from_iter(values).unwrap_or_default()
    }

    /// Whether a variable is set.
    pub(super) fn has(&self, name: &str) -> bool {
        self.environment.has(name)
    }

    /// The home directory.
    pub(super) fn home(&self) -> Option<&str> {
        self.environment.home.as_deref()
    }

    /// A variable that must be set.
    pub(super) fn required<T>(
        &self,
        name: &'static str,
        text: Option<String>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match text {
            Some(text) => self.parsed(name, &text, parse),
            None => {
                self.note(name, "is not set");
                None
            }
        }
    }

    /// A variable with a default.
    pub(super) fn value_or<T>(
        &self,
        name: &'static str,
        text: Option<String>,
        parse: impl FnOnce(&str) -> Result<T, String>,
        default: T,
    ) -> Option<T> {
        match text {
            Some(text) => self.parsed(name, &text, parse),
            None => Some(default),
        }
    }

    /// A variable that may be absent: `Some(None)` then, `None` where its value is at fault.
    pub(super) fn optional<T>(
        &self,
        name: &'static str,
        text: Option<String>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        match text {
            Some(text) => self.parsed(name, &text, parse).map(Some),
            None => Some(None),
        }
    }

    fn parsed<T>(
        &self,
        name: &'static str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let shown = match variables::find(name) {
            Some(variable) if !variable.sensitive => {
                let cut: String = text.chars().take(80).collect();
                format!("is {cut:?}, which ")
            }
            _ => String::new(),
        };
        parse(text)
            .map_err(|expected| self.note(name, format!("{shown}{expected}")))
            .ok()
    }
}
