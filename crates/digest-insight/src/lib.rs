//! What stored digests tell: their text read back as edges, in other [`Format`]s, their [`Difference`], their [`Graph`],
//! several merged into one, and the [`Links`] that questions are about.
//!
//! Pure, like the kernel below it: no async, no store, no HTTP, no clock. It reads from any [`std::io::Read`] and starts a
//! thread for each digest that it reads. A digest is never held in memory: [`Edges`] hands out a line at a time.
//!
//! ```
//! use digest_insight::{Difference, DifferenceOptions, Edges};
//!
//! let before = "2 1 eni-1 10.0.0.1 10.0.0.2 0 443 6 3 100 5 9 ACCEPT OK\n";
//! let after = "2 1 eni-1 10.0.0.1 10.0.0.2 0 443 6 3 100 15 19 ACCEPT OK
//! 2 1 eni-1 10.0.0.1 10.0.0.9 0 22 6 1 40 15 19 REJECT OK
//! ";
//! let (mut before, mut after) = (Edges::sorted(before.as_bytes())?, Edges::sorted(after.as_bytes())?);
//! let difference = Difference::of(&mut before, &mut after, &DifferenceOptions::default())?;
//! assert_eq!((difference.new.count, difference.gone.count), (1, 0));
//! assert_eq!(difference.new_hosts.items[0].to_string(), "10.0.0.9");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod conversion;
mod difference;
mod edges;
mod figures;
mod filter;
mod format;
mod gathered;
mod graph;
mod grouping;
mod heaviest;
mod host;
mod host_set;
mod links;
mod listed;
mod merging;
mod network;
mod numbers;
mod observers;
mod policy;
mod quoting;
mod registry;
mod seen_by;
mod service;
mod services;
mod sources;
mod subject;
mod unexpected;
mod unusual;

pub use conversion::Conversion;
pub use difference::{Change, ChangeKind, Difference, DifferenceError, DifferenceOptions};
pub use edges::{Edges, ReadError};
pub use figures::{bytes, counted, grouped};
pub use filter::{Filter, FilterError, byte_count};
pub use format::{Format, UnknownFormat};
pub use graph::{Graph, GraphFormat, GraphLimits};
pub use grouping::{Grouping, Node, UnknownGrouping};
pub use heaviest::{heaviest_edges, heaviest_of};
pub use host::{Host, HostOptions, HostWindow, Offered, Peer, Rejected};
pub use links::{Link, Links, LinksOptions, Measure, TooManyLinks};
pub use listed::Listed;
pub use merging::{MergeError, Merged, merge};
pub use network::{Network, NetworkError};
pub use observers::Observers;
pub use policy::{Policy, PolicyError};
pub use registry::{FIRST_DYNAMIC, REGISTRY_DATE, service_name, service_ports};
pub use seen_by::SeenBy;
pub use service::{End, Port, Rule, Served, served};
pub use services::{Service, services};
pub use sources::{Answer, AskError, Source, Standing, ask};
pub use subject::{Subject, Sums, protocol_name, service_of};
pub use unexpected::{Reason, Unexpected, unexpected};
pub use unusual::{
    Unusual, UnusualFact, UnusualFinding, UnusualOptions, UnusualOrder, UnusualSources, unusual,
};
