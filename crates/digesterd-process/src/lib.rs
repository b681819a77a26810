//! What every digesterd process needs, whatever its role.
//!
//! Linking it makes `allocator` every allocation's. A service's `main` hands its [`life`] to this crate: the [`environment`] is read once, [`telemetry`]
//! starts, and the service opens its [`stores`] with [`credentials`] and runs its routes in a [`server`],
//! which wraps them in the [`request_log`], lets in whom the [`guard`] knows by their [`tokens`] and speaks [`tls`] if it is told to, answers for their [`health`], sends their [`traces`], tells their [`metrics`] and gives errors the form of
//! [`problem`] documents, until [`shutdown`] is asked for.

mod allocator;
mod bodies;
mod security_headers;
mod watch;

#[cfg(feature = "testing")]
pub mod checks;
pub mod credentials;
pub mod environment;
pub mod guard;
pub mod health;
pub mod life;
pub mod metrics;
pub mod problem;
pub mod queues;
pub mod request_log;
pub mod server;
pub mod shutdown;
pub mod stores;
pub mod telemetry;
pub mod tls;
pub mod tokens;
pub mod traces;
pub mod waiting;
