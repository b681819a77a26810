//! Where bytes live. The only crate that knows object stores; it knows keys and bytes, never columns.
//!
//! A [`Place`] is what a bucket variable names; [`open()`] makes a [`Store`] of it. Above the store stand the
//! domain's verbs: [`FlowLogs`] says which objects can hold records of a window, [`Prefetch`] reads them ahead
//! within bounds, [`Digests`], [`Manifests`], [`Records`] and [`Markers`] keep what is made, [`Index`] lists it. Failures are
//! [`StoreError`]s, whose [`ErrorKind`] says what happened and whether a retry helps.

mod capabilities;
#[cfg(feature = "testing")]
pub mod checks;
#[cfg(feature = "testing")]
pub mod contract;
mod credentials;
mod digests;
mod error;
#[cfg(feature = "testing")]
pub mod faults;
mod flow_logs;
mod index;
mod local;
mod manifests;
mod markers;
mod nonce;
mod open;
mod place;
mod prefetch;
mod probe;
mod records;
mod requests;
#[cfg(feature = "rusoto")]
mod rusoto;
mod s3;
mod store;
mod tables;
mod unfinished;
mod upload;
mod version;

pub use capabilities::Capabilities;
pub use digests::{Attributes, DigestObject, DigestRead, Digests, Expect};
pub use error::{ErrorKind, StoreError};
pub use flow_logs::{FlowLogObject, FlowLogs, FoundLogs, Plan, Survey};
pub use index::{Index, IndexKey, IndexKeyError, IndexPage};
pub use manifests::Manifests;
pub use markers::{Marked, Marker, MarkerBody, Markers};
pub use open::open;
pub use place::Place;
pub use prefetch::{Gauge, ObjectReader, Prefetch};
pub use records::{Created, Listed, Records, Swap};
pub use requests::{Operation, RequestCount};
pub use s3::{S3Client, StoreOptions};
pub use store::Store;
pub use tables::{TableKind, TableObject, Tables};
pub use version::Version;
