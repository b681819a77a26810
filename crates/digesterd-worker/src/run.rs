//! A worker process, from its settings to its end.

use crate::settings::Settings;

/// Runs a worker until it is told to stop.
///
/// # Errors
/// What keeps the process from starting.
pub async fn run(settings: Settings) -> anyhow::Result<()> {
    drop(settings);
    Ok(())
}
