//! Arguments of `unusual`.

use clap::{Args, ValueEnum};

use super::insight::{AskedArguments, Bytes, EdgesArguments};

/// Which windows are the baseline.
#[derive(Debug, Clone, Args)]
pub struct BaselineArguments {
    /// The windows that it is held against, each a digest: files, ids or START..STOP
    #[arg(long, value_name = "DIGEST", num_args = 1.., conflicts_with = "baseline_last")]
    pub baseline: Vec<String>,
    /// The last N windows as long as what is asked, right before it, as far as DIGEST_STORAGE_BUCKET has them [default: 7]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=366))]
    pub baseline_last: Option<u16>,
}

/// Arguments of `unusual`.
#[derive(Debug, Clone, Args)]
pub struct UnusualArguments {
    #[command(flatten)]
    pub(crate) asked: AskedArguments,
    #[command(flatten)]
    pub(crate) baseline: BaselineArguments,
    #[command(flatten)]
    pub(crate) edges: EdgesArguments,
    /// Bytes, and services that one client addresses, are unusual from so many times the most of any window of the baseline
    #[arg(long, value_name = "K", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub times: u32,
    /// And bytes only where they are more by this: 1000, 64kB, 1MB
    #[arg(long, value_name = "BYTES", default_value = "10MB")]
    pub bytes: Bytes,
    /// Least score that is listed; what has less is counted
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub score: u32,
    /// What comes first is most of
    #[arg(long, value_name = "WHAT", default_value = "score")]
    pub sort: UnusualSort,
    /// Most findings that are listed
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// JSON, an object a line, in place of columns
    #[arg(long)]
    pub json: bool,
}

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UnusualSort {
    /// The highest score
    Score,
    /// Most bytes
    Bytes,
}
