//! Entry point of `digesterd`.

use clap::Parser;
use digesterd::sample_logs::{self, SampleLogsArgs};

/// Digests of AWS VPC flow logs.
#[derive(Debug, Parser)]
#[command(version)]
enum Command {
    /// Writes realistic flow log objects in AWS's layout; the same arguments give the same bytes.
    SampleLogs(SampleLogsArgs),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::SampleLogs(args) => sample_logs::run(&args),
    }
}
