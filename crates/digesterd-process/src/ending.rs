//! How a process ends: exit code 0 done, 1 failed, 2 unusable settings.

use std::io::Write;
use std::process::ExitCode;

use crate::environment::EnvironmentError;

/// Exit code of a failure.
pub const FAILED: u8 = 1;
/// Exit code where the settings cannot be used.
pub const USAGE: u8 = 2;

/// Tells a failure on stderr, with its causes, and gives the exit code.
#[must_use]
pub fn conclude(result: Result<(), anyhow::Error>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    let bad_settings = error.chain().any(|cause| cause.is::<EnvironmentError>());
    // Nobody is left to tell where stderr is closed.
    let _ = writeln!(std::io::stderr(), "error: {}", causes(&error));
    ExitCode::from(if bad_settings { USAGE } else { FAILED })
}

/// An error and its causes in one line, none of them twice.
fn causes(error: &anyhow::Error) -> String {
    crate::problem::chain(error.as_ref())
}
