//! A digest's edges and its interfaces as tables in Parquet, with all that is known of them beyond the digest's text.
//!
//! [`write_edges`] takes edges from a [`Digest`](digest_core::Digest) in its order and writes row groups of bounded size,
//! which are made on all of the digest's threads. Engines read the file as it lies: signed numbers, text for addresses and
//! a number beside it for IPv4, null where a format or a record says nothing. Every value is a fact that was measured.
//! [`write_interfaces`] writes a row for each interface: what flow logs say of it, and what of it was logged.
//! [`EdgesTable`] and [`InterfacesTable`] read both back, as much of them as a question needs.
//!
//! The modules stand in the order of the data: edges into columns, a column's values each once, pages of numbers,
//! row groups, and the file; then the same of interfaces, which are few.

mod origins;

mod edge_schema;

mod edge_columns;

mod runs;

mod column;

mod texts;

mod addresses;

mod measured;

mod numbers;

mod dictionary;

mod bits;

mod delta;

mod page;

mod pages;

mod chunk;

mod sealing;

mod edges;

mod tags;

mod interface_columns;

mod interfaces;

mod error;

mod reading;

mod merging;

#[cfg(feature = "testing")]
pub mod checks;

pub use edges::{ROWS_OF_A_GROUP, write_edges};
pub use error::TableError;
pub use interfaces::write_interfaces;
pub use merging::edges::merge_edges;
pub use merging::error::MergeTablesError;
pub use merging::interfaces::merge_interfaces;
pub use origins::{Delivery, Origin, Origins};
pub use reading::condition::{Condition, Test};
pub use reading::edge_rows::{EdgeRows, Wanted};
pub use reading::edges_table::EdgesTable;
pub use reading::error::TableReadError;
pub use reading::interface_row::InterfaceRow;
pub use reading::interfaces_table::InterfacesTable;
pub use reading::source::TableSource;
pub use sealing::TableSummary;
