//! Entry point of `digesterd-worker`.

use std::process::ExitCode;

use digesterd_process::life::{Program, lead};

fn main() -> ExitCode {
    let program = Program {
        name: "digesterd-worker",
        version: env!("CARGO_PKG_VERSION"),
        about: "Takes jobs, builds digests of VPC flow logs and stores them",
    };
    lead(program, digesterd_worker::run)
}
