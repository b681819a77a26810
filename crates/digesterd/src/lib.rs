//! The command line of vpcflow-digesterd, one module a command: `demo`, `serve`, `digest`, `inspect`, `sample-logs`,
//! `check`; `create`, `get`, `status` and `list` speak to a running API, `index` puts its list of digests in order, `token`
//! lets somebody in; `diff`, `graph`, `merge`, `top`, `edges`, `rejected`, `host`, `services`, `unexpected` and
//! `unusual` tell what is in digests.
//!
//! stdout is data, stderr is for people. Exit codes: 0 done, 1 failed, 2 arguments or settings that cannot be used.
//! Everything that makes digests lives in the crates below; here it is put together and shown.

use std::process::ExitCode;

use anyhow::Context;
use digest_questions::Question;
use digesterd_process::environment::Environment;
use digesterd_process::life::conclude;
use digesterd_process::telemetry::{self, LogStyle};

mod arguments;
mod asked;
mod check;
mod client;
mod demo;
mod diff;
mod digest;
mod edges;
mod findings;
mod graph;
mod hive;
mod host;
mod index;
mod inspect;
mod merge;
mod output;
mod place;
mod progress_bar;
mod questions;
mod records;
pub mod sample_logs;
mod serve;
mod services;
mod standalone;
mod stdout;
mod stored;
mod summary;
mod table;
mod table_bytes;
mod times;
mod token;
mod unexpected;
mod units;
mod unusual;

pub use arguments::{
    ApiArguments, Arguments, AskedArguments, BaselineArguments, Bytes, CheckArguments, Command,
    CreateArguments, DemoArguments, DiffArguments, DiffFormat, DigestArguments, EdgesArguments,
    FromArguments, GetArguments, GraphArguments, HostArguments, InspectArguments, ListArguments,
    MergeArguments, MergedTable, QuestionArguments, RecordsArguments, Role, ServeArguments, ShownArguments,
    Since, Sort, StatusArguments, TimeArguments, TokenArguments, TokenScope, UnexpectedArguments,
    UnusualArguments, UnusualSort, WhichArguments, WindowArguments,
};

/// Log lines of a command where `RUST_LOG` is unset: what a person would want to know, no more.
const QUIET: &str = "warn";

/// Does what the arguments say and gives the exit code.
#[must_use]
pub fn run(arguments: &Arguments) -> ExitCode {
    let environment = Environment::from_os();
    match &arguments.command {
        // Its traces need the runtime.
        Command::Serve(_) => {}
        _ => telemetry::start(LogStyle::Command, environment.log_filter().or(Some(QUIET)), None),
    }
    let done = match &arguments.command {
        Command::Demo(arguments) => waited_for(demo::run(arguments)),
        Command::Serve(arguments) => waited_for(serve::run(arguments, environment)),
        Command::Digest(arguments) => waited_for(digest::run(arguments, environment)),
        Command::Inspect(arguments) => waited_for(inspect::run(arguments, environment)),
        Command::SampleLogs(arguments) => sample_logs::run(arguments),
        Command::Create(arguments) => waited_for(client::create::run(arguments, &environment)),
        Command::Get(arguments) => waited_for(client::get::run(arguments, &environment)),
        Command::Status(arguments) => waited_for(client::status::run(arguments, &environment)),
        Command::List(arguments) => waited_for(client::list::run(arguments, &environment)),
        Command::Index => waited_for(index::run(&environment)),
        Command::Token(arguments) => token::run(arguments),
        Command::Graph(arguments) => waited_for(graph::run(arguments, &environment)),
        Command::Merge(arguments) => waited_for(merge::run(arguments, &environment)),
        Command::Top(arguments) => {
            waited_for(questions::edges("top", Question::Top, arguments, &environment))
        }
        Command::Edges(arguments) => waited_for(questions::edges(
            "edges",
            Question::Edges,
            arguments,
            &environment,
        )),
        Command::Rejected(arguments) => waited_for(questions::edges(
            "rejected",
            Question::Rejected,
            arguments,
            &environment,
        )),
        Command::Host(arguments) => waited_for(host::run(arguments, &environment)),
        Command::Unexpected(arguments) => waited_for(unexpected::run(arguments, &environment)),
        Command::Unusual(arguments) => waited_for(unusual::run(arguments, &environment)),
        Command::Records(arguments) => waited_for(records::run(arguments, &environment)),
        Command::Services(arguments) => waited_for(services::run(arguments, &environment)),
        Command::Diff(arguments) => match waited_for(diff::run(arguments, &environment)) {
            Ok(code) => return code,
            Err(error) if arguments.exit_code && error.downcast_ref::<clap::Error>().is_none() => {
                let _ = conclude(Err(error));
                return ExitCode::from(diff::FAILED);
            }
            Err(error) => Err(error),
        },
        Command::Check(arguments) => match waited_for(check::run(arguments, environment)) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
    };
    match done.map_err(anyhow::Error::downcast::<clap::Error>) {
        Ok(()) => ExitCode::SUCCESS,
        // Told as clap tells its own, with the usage and exit code 2.
        Err(Ok(usage)) => usage.exit(),
        Err(Err(error)) => conclude(Err(error)),
    }
}

/// Runs a command to its end on the async runtime.
fn waited_for<T>(command: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the async runtime does not start")?
        .block_on(command)
}
