//! The life of a service's process, from its first instruction to its exit code: 0 done, 1 failed,
//! 2 unusable settings or arguments.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use crate::environment::{Environment, EnvironmentError, TraceSettings};
use crate::problem::chain;
use crate::telemetry::{self, LogStyle};
use crate::traces::Traces;

/// Exit code of a failure.
pub const FAILED: u8 = 1;
/// How long threads may go on that work for nobody any more.
const LINGER: Duration = Duration::from_millis(200);
/// Exit code where settings or arguments cannot be used.
pub const USAGE: u8 = 2;

/// What a service's binary says about itself.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
}

/// The whole `main` of a service: reads the environment, starts the logs, runs `life` on a
/// multi-threaded runtime and says how it ended.
///
/// The program takes no arguments but `--help` and `--version`.
pub fn lead<F, Fut>(program: Program, life: F) -> ExitCode
where
    F: FnOnce(Environment) -> Fut,
    Fut: Future<Output = anyhow::Result<()>>,
{
    if let Some(code) = answer_arguments(program, std::env::args_os().nth(1)) {
        return code;
    }
    let environment = Environment::from_os();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(async {
                let _traces = observe(program.name, &environment)?;
                life(environment).await
            });
            // A build that was given back may still compress or sort somewhere: nobody waits for that.
            runtime.shutdown_timeout(LINGER);
            result
        }
        Err(error) => Err(error.into()),
    };
    conclude(result)
}

/// Starts a service's log lines and, where a collector is named, its traces: for as long as what is given back lives.
///
/// # Errors
/// Variables that name no collector; a collector that cannot be spoken to at all.
pub fn observe(program: &'static str, environment: &Environment) -> anyhow::Result<Option<Traces>> {
    let settings = TraceSettings::read_all(environment)?;
    let traces = settings
        .map(|settings| Traces::open(&settings, program))
        .transpose()?;
    telemetry::start(LogStyle::Service, environment.log_filter(), traces.as_ref());
    Ok(traces)
}

/// Tells a failure on stderr, with its causes, and gives the exit code.
#[must_use]
pub fn conclude(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    let bad_settings = error.chain().any(|cause| cause.is::<EnvironmentError>());
    say(
        &mut std::io::stderr(),
        &format!("error: {}", chain(error.as_ref())),
    );
    ExitCode::from(if bad_settings { USAGE } else { FAILED })
}

fn answer_arguments(program: Program, argument: Option<OsString>) -> Option<ExitCode> {
    let argument = argument?;
    let Program { name, version, about } = program;
    match argument.to_str() {
        Some("--version" | "-V") => say(&mut std::io::stdout(), &format!("{name} {version}")),
        Some("--help" | "-h") => say(
            &mut std::io::stdout(),
            &format!(
                "{name} {version}\n{about}\n\nAll settings are environment variables: see docs/configuration.md."
            ),
        ),
        _ => {
            let refusal = format!(
                "error: {name} takes no arguments but --help and --version; settings are environment variables"
            );
            say(&mut std::io::stderr(), &refusal);
            return Some(ExitCode::from(USAGE));
        }
    }
    Some(ExitCode::SUCCESS)
}

fn say(out: &mut dyn Write, text: &str) {
    // Nobody is left to tell where the stream is closed.
    let _ = writeln!(out, "{text}");
}
