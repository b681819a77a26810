//! Entry point of `digesterd-worker`: settings from the environment, then the worker's whole life.

use std::process::ExitCode;

use anyhow::Context as _;
use digesterd_process::ending::conclude;
use digesterd_process::environment::Environment;
use digesterd_process::telemetry::{self, LogStyle};
use digesterd_worker::{Settings, run};

fn main() -> ExitCode {
    let environment = Environment::from_os();
    telemetry::start(LogStyle::Service, environment.log_filter());
    conclude(start(&environment))
}

fn start(environment: &Environment) -> anyhow::Result<()> {
    let settings = Settings::read(environment)?;
    tokio::runtime::Runtime::new()
        .context("the async runtime could not be started")?
        .block_on(run(settings))
}
