//! Entry point of `digesterd-api`.

use std::process::ExitCode;

use digesterd_process::life::{Program, lead};

fn main() -> ExitCode {
    let program = Program {
        name: "digesterd-api",
        version: env!("CARGO_PKG_VERSION"),
        about: "Takes requests for digests of VPC flow logs and hands digests out",
    };
    lead(program, digesterd_api::run)
}
