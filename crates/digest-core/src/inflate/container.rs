//! What an object was found to be, for whoever is to be told: how its bytes are packed, and what its rows came in.

/// How an object's bytes are packed, by the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Container {
    /// Not at all: text.
    Plain,
    /// Members of gzip.
    Gzip,
    /// Frames of zstd, with text or to be skipped.
    Zstd,
    /// A Parquet file.
    Parquet,
}

/// What rows come in that were not delivered as a flow log of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Delivery {
    /// An export of CloudWatch Logs: a time before each row.
    Export,
    /// JSON documents, of Firehose or of a subscription of CloudWatch Logs.
    Documents,
}
