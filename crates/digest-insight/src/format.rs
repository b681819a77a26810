//! The formats that a digest comes in.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A format of a whole digest, an edge after another. Columns of types (Parquet) are no conversion of the text but objects of their
/// own, and not among these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// The stored bytes: the text as one gzip member.
    Gzip,
    /// The text.
    Text,
    /// CSV with a header (RFC 4180).
    Csv,
    /// A JSON object a line.
    JsonLines,
    /// A graph for Graphviz, a line an edge.
    Dot,
    /// A graph in GraphML.
    GraphMl,
}

/// A format that there is not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no format {name:?}; there are {known}", known = Format::names())]
pub struct UnknownFormat {
    /// What was asked for, cut to 64 characters.
    name: String,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Gzip,
        Self::Text,
        Self::Csv,
        Self::JsonLines,
        Self::Dot,
        Self::GraphMl,
    ];

    /// Its name, as requests and commands spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Text => "text",
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Dot => "dot",
            Self::GraphMl => "graphml",
        }
    }

    /// Its media type, without parameters.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Gzip => "application/octet-stream",
            Self::Text => "text/plain",
            Self::Csv => "text/csv",
            Self::JsonLines => "application/x-ndjson",
            Self::Dot => "text/vnd.graphviz",
            Self::GraphMl => "application/graphml+xml",
        }
    }

    /// The names of all of them, in a sentence.
    #[must_use]
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let known = Self::ALL.into_iter().find(|format| format.name() == name);
        known.ok_or_else(|| UnknownFormat {
            name: name.chars().take(64).collect(),
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
