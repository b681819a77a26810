//! The command line of vpcflow-digesterd as a library, so that tests and the binary share it.

pub mod sample_logs;
