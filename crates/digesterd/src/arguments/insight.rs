//! Arguments of the commands that tell what is in digests: `diff`, `graph`, `merge`, `top`, `edges`, `rejected`, `host`,
//! `services`, `unexpected`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use digest_insight::{Filter, GraphFormat, Grouping, Network};

use super::ApiArguments;

/// Where digests come from that are named by id or window.
#[derive(Debug, Clone, Args)]
pub struct FromArguments {
    #[command(flatten)]
    pub(crate) api: ApiArguments,
    /// Read digests that are named by id or window from DIGEST_STORAGE_BUCKET, not from an API
    #[arg(long)]
    pub stored: bool,
}

/// Which edges are looked at, and what they are grouped by.
#[derive(Debug, Clone, Args)]
pub struct EdgesArguments {
    /// Only edges of which every term holds: 'cidr=10.0.0.0/8 port=22|443 bytes>=1MB'
    ///
    /// Terms: cidr= (either end), src=, dst=, port= (also 8000-8999), protocol=, action=, account=, eni=, bytes>=,
    /// packets>=. Several values of a term stand between |.
    #[arg(long, value_name = "TERMS", default_value = "", hide_default_value = true)]
    pub filter: Filter,
    /// No edges of which every term holds; may be given several times
    #[arg(long, value_name = "TERMS")]
    pub ignore: Vec<Filter>,
    /// What ends stand for: address, /N or /N4,/N6 (networks), eni, account, internet; by the table of interfaces
    /// instance, vpc, subnet, az, ecs, tag, tag:COLUMN [default: address]
    #[arg(long, value_name = "WHAT")]
    pub group_by: Option<Grouping>,
    /// Networks that are inside (a comma list), in place of INTERNAL_CIDRS [default: private networks]
    #[arg(long, value_name = "CIDRS", value_delimiter = ',')]
    pub internal: Vec<Network>,
}

/// What a difference is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// Lines for people
    Text,
    /// One JSON document
    Json,
    /// A graph for Graphviz: green is new, red is gone, orange has changed
    Dot,
}

/// Arguments of `diff`.
#[derive(Debug, Clone, Args)]
pub struct DiffArguments {
    /// The digest before: a file, an id or START..STOP
    pub previous: String,
    /// The digest after
    pub next: String,
    #[command(flatten)]
    pub(crate) from: FromArguments,
    #[command(flatten)]
    pub(crate) edges: EdgesArguments,
    /// An edge has changed only where its bytes differ by this factor, up or down
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    pub ratio: f64,
    /// And only where its bytes differ by this: 1000, 64kB, 1MB
    #[arg(long, value_name = "BYTES", default_value = "0")]
    pub bytes: Bytes,
    /// Most items of each list; all are counted
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// What is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: DiffFormat,
    /// Exit code 0 where nothing differs, 1 where something does, 3 where they could not be compared
    #[arg(long)]
    pub exit_code: bool,
    /// Write to this file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl std::str::FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        digest_insight::byte_count(text)
            .map(Self)
            .ok_or_else(|| "a number of bytes is written 1000, 64kB, 1MB or 2GiB".to_owned())
    }
}

/// Arguments of `graph`.
#[derive(Debug, Clone, Args)]
pub struct GraphArguments {
    #[command(flatten)]
    pub(crate) asked: AskedArguments,
    #[command(flatten)]
    pub(crate) edges: EdgesArguments,
    /// A link for each service, not one for all between two nodes
    #[arg(long)]
    pub services: bool,
    /// Most links; those with the most bytes are drawn
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub limit: usize,
    /// Most nodes; those with the most bytes are drawn, and links between them [default: all; 300 in svg, which has no
    /// more]
    #[arg(long, value_name = "N")]
    pub nodes: Option<usize>,
    /// dot, graphml, json (nodes and links) or svg
    #[arg(long, value_name = "FORMAT", default_value = "dot")]
    pub format: GraphFormat,
    /// Write to this file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Which tables are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MergedTable {
    /// Those of edges
    Edges,
    /// Those of interfaces
    Interfaces,
}

/// Arguments of `merge`.
#[derive(Debug, Clone, Args)]
pub struct MergeArguments {
    /// The digests: files, ids or START..STOP; or tables (.parquet), all of edges or all of interfaces
    #[arg(required = true)]
    pub digests: Vec<String>,
    #[command(flatten)]
    pub(crate) from: FromArguments,
    /// Merge the tables of digests that are named by id or window, not their texts
    #[arg(long, value_name = "KIND", requires = "stored")]
    pub table: Option<MergedTable>,
    /// Merge though it is not known what some digests were made of: then nothing is known of gaps and overlaps
    #[arg(long)]
    pub allow_unknown: bool,
    /// Write to this file, as one gzip member if its name ends in .gz
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Which digests a question is asked of.
#[derive(Debug, Clone, Args)]
pub struct AskedArguments {
    /// The digests: tables of edges and of interfaces (.parquet), texts, ids or START..STOP
    ///
    /// A digest that is named by id or window is asked by its table of edges where it has one. Without any, those that
    /// are stored for --since or --start and --stop.
    pub digests: Vec<String>,
    #[command(flatten)]
    pub(crate) from: FromArguments,
    #[command(flatten)]
    pub(crate) time: TimeArguments,
}

/// Of which time the stored digests are asked.
#[derive(Debug, Clone, Args)]
pub struct TimeArguments {
    /// The digests stored in DIGEST_STORAGE_BUCKET for the last 27h, 90m, 7d
    #[arg(long, value_name = "DURATION", conflicts_with_all = ["start", "stop", "digests"])]
    pub since: Option<Since>,
    /// Those stored for the time from here on, RFC 3339
    #[arg(long, value_name = "TIME", requires = "stop", conflicts_with = "digests")]
    pub start: Option<String>,
    /// And up to here
    #[arg(long, value_name = "TIME", requires = "start", conflicts_with = "digests")]
    pub stop: Option<String>,
}

/// A length of time, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since(pub i64);

impl std::str::FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        digest_questions::duration(text).map(Self)
    }
}

/// How an answer is shown.
#[derive(Debug, Clone, Copy, Args)]
pub struct ShownArguments {
    /// What comes first is most of
    #[arg(long, value_name = "WHAT")]
    pub sort: Option<Sort>,
    /// Most lines of a list
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// JSON, an object a line, in place of columns
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `top`, `edges`, `rejected` and `services`.
#[derive(Debug, Clone, Args)]
pub struct QuestionArguments {
    #[command(flatten)]
    pub(crate) asked: AskedArguments,
    #[command(flatten)]
    pub(crate) edges: EdgesArguments,
    #[command(flatten)]
    pub(crate) shown: ShownArguments,
}

/// Arguments of `host`.
#[derive(Debug, Clone, Args)]
pub struct HostArguments {
    /// An address, or an interface (eni-…) whose own addresses are meant
    #[arg(value_name = "ADDRESS-OR-ENI")]
    pub host: String,
    #[command(flatten)]
    pub(crate) asked: AskedArguments,
    #[command(flatten)]
    pub(crate) edges: EdgesArguments,
    /// What was first seen in the last so much of the time is NEW [default: a quarter of it]
    #[arg(long, value_name = "DURATION")]
    pub new: Option<Since>,
    /// Most lines of a list
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// One JSON object in place of lines for people
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `unexpected`.
#[derive(Debug, Clone, Args)]
pub struct UnexpectedArguments {
    #[command(flatten)]
    pub(crate) question: QuestionArguments,
    /// What is expected, in TOML: then whatever no rule allows is unexpected
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

/// How records are shown.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct RecordsShownArguments {
    /// Most records; all are counted
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// JSON, an object a line, in place of columns
    #[arg(long)]
    pub json: bool,
}

impl RecordsShownArguments {
    pub(crate) fn as_shown(self) -> ShownArguments {
        ShownArguments {
            sort: None,
            limit: self.limit,
            json: self.json,
        }
    }
}

/// Arguments of `records`.
#[derive(Debug, Clone, Args)]
pub struct RecordsArguments {
    #[command(flatten)]
    pub(crate) asked: AskedArguments,
    /// Records of edges of which every term holds: 'src=10.0.0.1 dst=10.0.0.2 port=443 protocol=tcp action=REJECT eni=eni-1'
    ///
    /// Terms are those of the other questions; bytes>= and packets>= are of one record.
    #[arg(long, value_name = "TERMS", default_value = "", hide_default_value = true)]
    pub filter: Filter,
    /// No records of which every term holds; may be given several times
    #[arg(long, value_name = "TERMS")]
    pub ignore: Vec<Filter>,
    /// Where the flow logs lie, a path or URL, in place of VPC_FLOW_LOGS_BUCKET
    #[arg(long, value_name = "PATH-OR-URL")]
    pub logs: Option<String>,
    #[command(flatten)]
    pub(crate) shown: RecordsShownArguments,
}

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// Most bytes
    Bytes,
    /// Most packets
    Packets,
    /// Most edges
    Edges,
}
