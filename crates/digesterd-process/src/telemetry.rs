//! Logs: one JSON object a line on stdout for services, readable lines on stderr for commands.

use std::io;

use tracing_subscriber::EnvFilter;

/// The filter where `RUST_LOG` is unset: this program's steps, other libraries' warnings.
const DEFAULT_FILTER: &str = "info,aws_config=warn,aws_smithy_runtime=warn,actix_server=warn,hyper=warn";

/// Where log lines go and how they look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogStyle {
    /// JSON on stdout.
    Service,
    /// Text on stderr; stdout is for data.
    Command,
}

/// Starts logging for the whole process. `filter` is `RUST_LOG`; one that cannot be read falls back
/// to the default, with a warning.
///
/// A second call in one process changes nothing.
pub fn start(style: LogStyle, filter: Option<&str>) {
    let asked = filter.map(EnvFilter::try_new);
    let (filter, unreadable) = match asked {
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (EnvFilter::new(DEFAULT_FILTER), Some(error)),
        None => (EnvFilter::new(DEFAULT_FILTER), None),
    };
    let started = match style {
        LogStyle::Service => tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(io::stdout)
            .with_env_filter(filter)
            .try_init(),
        LogStyle::Command => tracing_subscriber::fmt()
            .with_writer(io::stderr)
            .with_target(false)
            .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
            .with_env_filter(filter)
            .try_init(),
    };
    if started.is_ok()
        && let Some(error) = unreadable
    {
        tracing::warn!(%error, "RUST_LOG cannot be read; info is used");
    }
}
