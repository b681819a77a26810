//! Arguments of the commands that speak to a running API: `create`, `get`, `status`, `list`; and of `index`.

use std::path::PathBuf;

use clap::Args;
use digest_core::{DigestId, Job, Scope, Window};
use digest_insight::Format;
use url::Url;

use super::refused;

/// Which service is spoken to.
#[derive(Debug, Clone, Args)]
pub struct ApiArguments {
    /// Address of the API, in place of DIGESTERD_API [default: http://localhost:8080]
    #[arg(long, value_name = "URL")]
    pub api: Option<Url>,
}

/// A window and a scope.
#[derive(Debug, Clone, Args)]
pub struct WindowArguments {
    /// First instant of the window, RFC 3339; cut to the minute
    #[arg(long, value_name = "TIME")]
    pub start: String,
    /// First instant after the window, RFC 3339; cut to the minute
    #[arg(long, value_name = "TIME")]
    pub stop: String,
    /// Only flow logs of these accounts (a comma list), as their keys name them
    #[arg(long, value_name = "ACCOUNTS")]
    pub account: Option<String>,
    /// Only flow logs of these regions (a comma list), as their keys name them
    #[arg(long, value_name = "REGIONS")]
    pub region: Option<String>,
}

/// A digest that may be there: by its id, or by its window and scope.
#[derive(Debug, Clone, Args)]
pub struct WhichArguments {
    /// Id of the digest, in place of --start and --stop
    #[arg(conflicts_with_all = ["start", "stop", "account", "region"], required_unless_present_all = ["start", "stop"])]
    pub id: Option<DigestId>,
    /// First instant of the window, RFC 3339; cut to the minute
    #[arg(long, value_name = "TIME", requires = "stop")]
    pub start: Option<String>,
    /// First instant after the window, RFC 3339; cut to the minute
    #[arg(long, value_name = "TIME", requires = "start")]
    pub stop: Option<String>,
    /// Accounts of the scope (a comma list)
    #[arg(long, value_name = "ACCOUNTS")]
    pub account: Option<String>,
    /// Regions of the scope (a comma list)
    #[arg(long, value_name = "REGIONS")]
    pub region: Option<String>,
}

/// Arguments of `create`.
#[derive(Debug, Clone, Args)]
pub struct CreateArguments {
    #[command(flatten)]
    pub(crate) api: ApiArguments,
    #[command(flatten)]
    pub(crate) window: WindowArguments,
    /// Make the digest again though it is stored or failed for good
    #[arg(long)]
    pub refresh: bool,
    /// Wait until the digest is stored, and show how far it is
    #[arg(long)]
    pub wait: bool,
}

/// Arguments of `get`.
#[derive(Debug, Clone, Args)]
pub struct GetArguments {
    #[command(flatten)]
    pub(crate) api: ApiArguments,
    #[command(flatten)]
    pub(crate) which: WhichArguments,
    /// Write to this file, as the stored gzip if its name ends in .gz
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Fetch it in this format: gzip, text, csv, jsonl, dot or graphml
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
}

/// Arguments of `status`.
#[derive(Debug, Clone, Args)]
pub struct StatusArguments {
    #[command(flatten)]
    pub(crate) api: ApiArguments,
    #[command(flatten)]
    pub(crate) which: WhichArguments,
    /// The API's own JSON in place of lines for people
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `list`.
#[derive(Debug, Clone, Args)]
pub struct ListArguments {
    #[command(flatten)]
    pub(crate) api: ApiArguments,
    #[command(flatten)]
    pub(crate) window: WindowArguments,
    /// One JSON object a line in place of columns
    #[arg(long)]
    pub json: bool,
}

impl WindowArguments {
    /// The job that is asked for.
    pub(crate) fn job(&self, command: &str) -> Result<Job, clap::Error> {
        job(
            command,
            &self.start,
            &self.stop,
            (self.account.as_deref(), self.region.as_deref()),
        )
    }
}

impl WhichArguments {
    /// The id that is asked for.
    pub(crate) fn id(&self, command: &str) -> Result<DigestId, clap::Error> {
        if let Some(id) = self.id {
            return Ok(id);
        }
        let (start, stop) = (self.start.as_deref(), self.stop.as_deref());
        let scope = (self.account.as_deref(), self.region.as_deref());
        Ok(job(
            command,
            start.unwrap_or_default(),
            stop.unwrap_or_default(),
            scope,
        )?
        .id())
    }
}

fn job(
    command: &str,
    start: &str,
    stop: &str,
    (account, region): (Option<&str>, Option<&str>),
) -> Result<Job, clap::Error> {
    let window = Window::parse(start, stop).map_err(|error| refused(command, error))?;
    let scope = Scope::parse(account, region).map_err(|error| refused(command, error))?;
    Ok(Job::new(window, scope))
}
