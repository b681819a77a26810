//! What `digesterd` can be told on its command line.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use digest_core::{Scope, Window};
use digest_insight::Format;

use self::examples::{EXAMPLES, GRAPH_EXAMPLES, HOST_EXAMPLES, POLICY_EXAMPLE, UNUSUAL_EXAMPLES};
use crate::sample_logs::SampleLogsArgs;

mod client;
mod examples;
mod insight;
mod token;
mod unusual;

pub use client::{
    ApiArguments, CreateArguments, GetArguments, ListArguments, StatusArguments, WhichArguments,
    WindowArguments,
};
pub use insight::{
    AskedArguments, Bytes, DiffArguments, DiffFormat, EdgesArguments, FromArguments, GraphArguments,
    HostArguments, MergeArguments, MergedTable, QuestionArguments, RecordsArguments, ShownArguments, Since,
    Sort, TimeArguments, UnexpectedArguments,
};
pub use token::{TokenArguments, TokenScope};
pub use unusual::{BaselineArguments, UnusualArguments, UnusualSort};

/// Digests of AWS VPC flow logs: who talked to whom, on which port, accepted or rejected, and how much.
#[derive(Debug, Clone, Parser)]
#[command(name = "digesterd", version, after_help = EXAMPLES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Shows the whole way: sample flow logs, the real API and worker, a digest asked for, fetched and explained
    ///
    /// Needs no settings and reads none but RUST_LOG. All it writes is in one directory, which is kept and named
    /// at the end.
    Demo(DemoArguments),
    /// Runs API and worker in one process
    ///
    /// POST, GET and HEAD / are the API's, POST /{topic}/{event} is the worker's, /livez and /readyz tell the
    /// health. Jobs need no queue. Settings are environment variables (docs/configuration.md) but for
    /// STREAM_APPLIANCE_*, and the flags below take the place of some. Logs are JSON on stdout. SIGTERM and SIGINT
    /// end it gracefully.
    Serve(ServeArguments),
    /// Makes one digest without any service
    ///
    /// The text goes to stdout, or to a file. Nothing is written unless the whole digest could be made. A summary
    /// goes to stderr.
    Digest(DigestArguments),
    /// Shows what flow logs lie in a place, and what a digest of them would read and cost, before it runs
    ///
    /// Accounts, regions and days are found by listing folders; then the objects of one window are listed as a digest
    /// would list them, and a bounded number of these is read. Nothing is written.
    Inspect(InspectArguments),
    /// Writes realistic flow log objects in AWS's layout; the same arguments give the same bytes
    SampleLogs(SampleLogsArgs),
    /// Tries what the settings name and says what is missing
    ///
    /// One line for each check on stdout: ok, warning or FAILED, and what to do. The storage and progress buckets
    /// are tried with a small object of its own, which is removed again. Exit codes: 0 nothing failed, 1 something
    /// failed, 2 the settings cannot be read.
    Check(CheckArguments),
    /// Asks a running API for a digest; its id goes to stdout
    ///
    /// A digest that is stored or being made already is none the worse for it.
    Create(CreateArguments),
    /// Fetches a digest from a running API, by its id or its window
    #[command(override_usage = "digesterd get [OPTIONS] <ID | --start TIME --stop TIME>")]
    Get(GetArguments),
    /// Says how far a digest is, by its id or its window
    #[command(override_usage = "digesterd status [OPTIONS] <ID | --start TIME --stop TIME>")]
    Status(StatusArguments),
    /// Lists the stored digests whose windows lie inside a window of time
    List(ListArguments),
    /// Adds digests that were stored before there was a list to it, and strikes out those that are gone
    ///
    /// Reads and writes the bucket DIGEST_STORAGE_BUCKET, with its region, role and credentials. Digests without a
    /// manifest are not listed. May run at any time, beside any API and worker.
    Index,
    /// Makes a token for an API that asks for one, and its line for DIGEST_TOKENS_FILE
    ///
    /// The token goes to stdout, this once; it cannot be had again from its line, which is printed below it.
    Token(TokenArguments),
    /// Says what has changed from one digest to another: edges, hosts and services that are new or gone, newly rejected
    ///
    /// Digests are files, ids (3f0c…), or windows (START..STOP) that a running API hands out; with --stored, ids and
    /// windows are read from DIGEST_STORAGE_BUCKET.
    Diff(DiffArguments),
    /// Draws who talks to whom: as SVG, for Graphviz, in GraphML or in JSON
    #[command(after_help = GRAPH_EXAMPLES)]
    Graph(GraphArguments),
    /// Merges sorted digests into the digest of them all
    ///
    /// Digests of adjacent windows become the digest of the whole window, byte for byte as if it had been built; their
    /// tables of edges and of interfaces likewise.
    Merge(MergeArguments),
    /// Says which addresses talk most to which
    Top(QuestionArguments),
    /// Lists edges, those with the most bytes first
    Edges(QuestionArguments),
    /// Says what was rejected, most packets first
    Rejected(QuestionArguments),
    /// Says what one host does: in and out by hour, peers and which of them are new, what it serves, what was rejected
    #[command(after_help = HOST_EXAMPLES)]
    Host(HostArguments),
    /// Says who serves what: by the flags of connections where they are logged, else by the order of ports
    Services(QuestionArguments),
    /// Says which traffic nobody would expect: on ports of no registered service, or that a policy does not allow
    #[command(after_help = POLICY_EXAMPLE)]
    Unexpected(UnexpectedArguments),
    /// Says what is unusual against a baseline of other windows: pairs and services that are new, far more bytes than ever,
    /// many services addressed at once, newly rejected, gone
    ///
    /// A finding is made of facts with figures; each adds fixed points to its score (docs/investigations.md has the table).
    /// Windows of the baseline that are incomplete, too few or of another length are told.
    #[command(after_help = UNUSUAL_EXAMPLES)]
    Unusual(UnusualArguments),
    /// Shows the raw records behind edges, read again from the flow logs that digests were made of
    Records(RecordsArguments),
}

/// Arguments of `demo`.
#[derive(Debug, Clone, Args)]
pub struct DemoArguments {
    /// Leave API and worker running until Ctrl-C
    #[arg(long)]
    pub keep_running: bool,
    /// Directory to write to, in place of a new temporary one
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Arguments of `serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeArguments {
    /// Keep everything below this directory: flow logs in DIR/flow-logs, digests in DIR/digests, jobs in
    /// DIR/progress
    ///
    /// Takes the place of VPC_FLOW_LOGS_BUCKET, DIGEST_STORAGE_BUCKET and DIGEST_PROGRESS_BUCKET.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address to listen on, in place of LISTEN_ADDRESS
    #[arg(long, value_name = "ADDRESS")]
    pub listen_address: Option<IpAddr>,
    /// Port to listen on, in place of PORT
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
}

/// Arguments of `digest`.
#[derive(Debug, Clone, Args)]
pub struct DigestArguments {
    /// The flow logs: a bucket or folder in AWS's layout, a folder of loose files, or one file
    ///
    /// A path, file:///path or s3://bucket/prefix. A folder is in AWS's layout if it contains AWSLogs or is AWSLogs;
    /// then only the objects are read that can hold records of the window. In a bucket without AWSLogs at the named prefix it
    /// is looked for some levels below. Several URLs of places in AWS's layout may
    /// stand in a comma list. Buckets in S3 are opened with the settings of VPC_FLOW_LOGS_BUCKET (REGION, USE_IAM,
    /// AWS_…).
    #[arg(long, value_name = "PATH-OR-URL")]
    pub logs: String,
    /// First instant of the window, RFC 3339; cut to the minute
    ///
    /// May be left out, together with --stop, for loose files: then every record counts.
    #[arg(long, value_name = "TIME", requires = "stop")]
    pub start: Option<String>,
    /// First instant after the window, RFC 3339; cut to the minute
    #[arg(long, value_name = "TIME", requires = "start")]
    pub stop: Option<String>,
    /// Only flow logs of these accounts (a comma list), as their keys name them
    #[arg(long, value_name = "ACCOUNTS")]
    pub account: Option<String>,
    /// Only flow logs of these regions (a comma list), as their keys name them
    #[arg(long, value_name = "REGIONS")]
    pub region: Option<String>,
    /// Write to this file, as one gzip member if its name ends in .gz
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// What a row that cannot be read does, in place of DIGEST_BAD_ROWS
    #[arg(long, value_name = "WHAT")]
    pub bad_rows: Option<BadRowsArgument>,
    /// Threads that read [default: all processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Write the digest in this format: gzip, text, csv, jsonl, dot or graphml [default: text, gzip where the file's
    /// name ends in .gz]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Write the digest's manifest to this file: what it was made of and how complete it is
    #[arg(long, value_name = "FILE", requires = "start")]
    pub manifest: Option<PathBuf>,
    /// Write the digest's edges with all that is known of them to this file, as Parquet
    #[arg(long, value_name = "FILE")]
    pub edges: Option<PathBuf>,
    /// Write what is known of the interfaces to this file, as Parquet
    #[arg(long, value_name = "FILE")]
    pub interfaces: Option<PathBuf>,
}

/// Arguments of `inspect`.
#[derive(Debug, Clone, Args)]
pub struct InspectArguments {
    /// The flow logs, as `digest --logs` takes them; in a bucket without AWSLogs at its top they are looked for some
    /// levels below
    #[arg(value_name = "PATH-OR-URL")]
    pub logs: String,
    /// First instant of the window [default: the last day that has flow logs]
    #[arg(long, value_name = "TIME", requires = "stop")]
    pub start: Option<String>,
    /// First instant after the window
    #[arg(long, value_name = "TIME", requires = "start")]
    pub stop: Option<String>,
    /// Only flow logs of these accounts (a comma list), as their keys name them
    #[arg(long, value_name = "ACCOUNTS")]
    pub account: Option<String>,
    /// Only flow logs of these regions (a comma list), as their keys name them
    #[arg(long, value_name = "REGIONS")]
    pub region: Option<String>,
    /// Objects that are read at most, of 64 MiB together at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub samples: u16,
    /// JSON in place of text
    #[arg(long)]
    pub json: bool,
}

/// What a row that cannot be read does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BadRowsArgument {
    /// No digest is made
    Fail,
    /// It is counted and left out; the digest is partial
    Skip,
}

/// Arguments of `check`.
#[derive(Debug, Clone, Args)]
pub struct CheckArguments {
    /// Whose settings [default: those that are there]
    pub role: Option<Role>,
}

/// A process that settings are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// digesterd-api
    Api,
    /// digesterd-worker
    Worker,
}

impl DigestArguments {
    /// The window that is asked for; none: every record.
    pub(crate) fn window(&self) -> Result<Option<Window>, clap::Error> {
        window("digest", self.start.as_deref(), self.stop.as_deref())
    }

    /// The accounts and regions that are asked for.
    pub(crate) fn scope(&self) -> Result<Scope, clap::Error> {
        Scope::parse(self.account.as_deref(), self.region.as_deref()).map_err(|why| refused("digest", why))
    }

    /// Whether more than the text is asked for: tables, or a manifest that says what was kept.
    pub(crate) fn keeps_edges(&self) -> bool {
        self.edges.is_some() || self.interfaces.is_some() || self.manifest.is_some()
    }
}

impl InspectArguments {
    /// The window that is asked for.
    pub(crate) fn window(&self) -> Result<Option<Window>, clap::Error> {
        window("inspect", self.start.as_deref(), self.stop.as_deref())
    }

    /// The accounts and regions that are asked for.
    pub(crate) fn scope(&self) -> Result<Scope, clap::Error> {
        Scope::parse(self.account.as_deref(), self.region.as_deref()).map_err(|why| refused("inspect", why))
    }
}

fn window(command: &str, start: Option<&str>, stop: Option<&str>) -> Result<Option<Window>, clap::Error> {
    let Some((start, stop)) = start.zip(stop) else {
        return Ok(None);
    };
    Window::parse(start, stop)
        .map(Some)
        .map_err(|why| refused(command, why))
}

/// Arguments of a command that are well written and cannot be used: told as clap tells its own.
pub(crate) fn refused(command: &str, why: impl std::fmt::Display) -> clap::Error {
    let mut all = Arguments::command();
    all.build();
    let one = all.find_subcommand_mut(command).cloned();
    one.unwrap_or(all).error(ErrorKind::ValueValidation, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Arguments, ErrorKind> {
        Arguments::try_parse_from(line.split(' ')).map_err(|error| error.kind())
    }

    fn digest(line: &str) -> DigestArguments {
        match parsed(line).unwrap().command {
            Command::Digest(arguments) => arguments,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_only_tables_show_is_kept_where_one_is_asked_for() {
        assert!(!digest("digesterd digest --logs a").keeps_edges());
        for table in [
            "--edges e",
            "--interfaces i",
            "--manifest m --start 2026-01-05T09:00:00Z --stop 2026-01-05T10:00:00Z",
        ] {
            assert!(
                digest(&format!("digesterd digest --logs a -o o {table}")).keeps_edges(),
                "{table}"
            );
        }
    }

    #[test]
    fn the_parser_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn half_a_window_is_refused() {
        for half in ["--start", "--stop"] {
            let line = format!("digesterd digest --logs x {half} 2018-10-17T00:00:00Z");
            assert_eq!(
                parsed(&line).unwrap_err(),
                ErrorKind::MissingRequiredArgument,
                "{half}"
            );
        }
    }

    #[test]
    fn windows_and_scopes_that_cannot_be_are_refused() {
        let window = "digesterd digest --logs x --start 2018-10-17T01:00:00Z --stop";
        for stop in ["2018-10-17T01:00:59Z", "2018-10-17T00:00:00Z", "soon"] {
            assert!(digest(&format!("{window} {stop}")).window().is_err(), "{stop}");
        }
        let hour = digest(&format!("{window} 2018-10-17T12:00:00+10:00"));
        assert_eq!(hour.window().unwrap().unwrap().minutes(), 60);
        assert_eq!(digest("digesterd digest --logs x").window().unwrap(), None);
        assert!(digest("digesterd digest --logs x --account a/b").scope().is_err());
    }

    #[test]
    fn a_manifest_needs_a_window() {
        let line = "digesterd digest --logs x --manifest m.json";
        assert_eq!(parsed(line).unwrap_err(), ErrorKind::MissingRequiredArgument);
    }

    #[test]
    fn no_threads_are_refused() {
        assert_eq!(
            parsed("digesterd digest --logs x --threads 0").unwrap_err(),
            ErrorKind::ValueValidation
        );
    }
}
