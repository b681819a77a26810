//! Entry point of `digesterd`.

use std::process::ExitCode;

use clap::Parser;
use digesterd::{Arguments, run};

fn main() -> ExitCode {
    run(&Arguments::parse())
}
