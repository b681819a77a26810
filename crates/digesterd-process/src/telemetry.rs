//! Logs: one JSON object a line on stdout for services, readable lines on stderr for commands.

use std::io;

use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::traces::Traces;

/// Spans are recorded of our own crates alone.
const OURS: &str = "digest";

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

/// Starts logging for the whole process, and records spans where they are wanted. `filter` is `RUST_LOG`, for log lines alone;
/// one that cannot be read falls back to the default, with a warning.
///
/// A second call in one process changes nothing.
pub fn start(style: LogStyle, filter: Option<&str>, traces: Option<&Traces>) {
    let asked = filter.map(EnvFilter::try_new);
    let (filter, unreadable) = match asked {
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (EnvFilter::new(DEFAULT_FILTER), Some(error)),
        None => (EnvFilter::new(DEFAULT_FILTER), None),
    };
    let lines = match style {
        LogStyle::Service => fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(io::stdout)
            .with_filter(filter)
            .boxed(),
        LogStyle::Command => fmt::layer()
            .with_writer(io::stderr)
            .with_target(false)
            .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
            .with_filter(filter)
            .boxed(),
    };
    let recorded = traces.map(|traces| {
        tracing_opentelemetry::layer()
            .with_tracer(traces.tracer())
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|what| {
                what.is_span() && what.target().starts_with(OURS)
            }))
    });
    let started = tracing_subscriber::registry()
        .with(recorded)
        .with(lines)
        .try_init();
    if started.is_ok()
        && let Some(error) = unreadable
    {
        tracing::warn!(%error, "RUST_LOG cannot be read; info is used");
    }
}
