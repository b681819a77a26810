//! What every digesterd process needs, whatever its role.
//!
//! A binary's `main` reads the [`environment`] once, starts [`telemetry`], opens its [`stores`] with
//! [`credentials`], and runs its routes in a [`server`], which wraps them in the [`request_log`],
//! answers for their [`health`] and gives errors the form of [`problem`] documents, until
//! [`shutdown`] is asked for. [`ending`] turns what came of it into an exit code.

pub mod credentials;
pub mod ending;
pub mod environment;
pub mod health;
pub mod problem;
pub mod request_log;
pub mod server;
pub mod shutdown;
pub mod telemetry;
