//! Pure kernel of vpcflow-digesterd: flow record bytes in, sorted digest out.
//!
//! No async, no object store, no HTTP, no clock and no logging live here: every function's answer
//! follows from its arguments. Callers read [`window`], [`scope`], [`id`] and [`job`] to name a digest;
//! [`record`] is the state machine of its making, [`manifest`] says what it was made of,
//! [`index_entry`] the same in one line.
//!
//! # From bytes to a digest
//!
//! A [`Fold`] reads objects, one after another: it inflates them (gzip, zstd, or plain), takes rows
//! out of what they were delivered in, cuts the text into lines, finds the columns by the header above them and judges
//! each row. Regular rows, which nearly all
//! are, are held against the burst of rows that they are of; any other row is read by itself, with the same meaning. Records go to the log
//! of their interface and from there to its table, where an edge's records add up. Each object gives an [`ObjectTally`]
//! of what became of its rows. Several threads share their tables ([`fold_parallel`] drives them); what does not fit a
//! [`Budget`] is spilled in sorted runs. [`Fold::finish`] puts the edges in order: a [`Digest`], which writes itself as
//! text or as one gzip member on all threads, or hands out its [`Edge`]s.
//!
//! ```
//! use digest_core::{Fold, FoldOptions, Window};
//!
//! let log = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status
//! 2 123456789010 eni-1 10.0.0.7 10.0.0.9 49152 443 6 10 840 1539734400 1539734460 ACCEPT OK
//! 2 123456789010 eni-1 10.0.0.7 10.0.0.9 49153 443 6 5 420 1539734405 1539734470 ACCEPT OK
//! 2 123456789010 eni-1 - - - - - - - 1539734400 1539734460 - NODATA
//! ";
//! let options = FoldOptions {
//!     window: Some(Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z")?),
//!     ..FoldOptions::default()
//! };
//! let mut fold = Fold::new(&options);
//! let tally = fold.read_object("example.log", &mut log.as_bytes())?;
//! assert_eq!((tally.records, tally.no_data), (2, 1));
//!
//! let mut text = Vec::new();
//! fold.finish()?.write_text(&mut text)?;
//! let line = b"2 123456789010 eni-1 10.0.0.7 10.0.0.9 0 443 6 15 1260 1539734400 1539734470 ACCEPT OK\n";
//! assert_eq!(text, line);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The private modules stand below in the order of the data.

// What a digest is called, how it is made and what it was made of.
pub mod window;

pub mod scope;

pub mod id;

pub mod job;

pub mod record;

pub mod manifest;

pub mod index_entry;

// From bytes to a digest, in the order of the data.
mod contents;

mod input;

mod checksum;

mod inflate;

mod block;

mod field;

mod layout;

mod fact;

mod sighting;

mod untold;
mod vector;

mod number;

mod address;

mod facet;

mod dimensions;

mod flow_record;

mod object_rows;

mod columnar;
mod hybrid;
mod parquet_claims;
mod parquet_shapes;
mod thrift;

mod regular;

mod key;

mod history;

mod compact_record;

mod intern;

mod index;

mod addresses;

mod memory;

mod table;

mod tables;

mod others;

mod met;

mod interfaces;

mod known_facets;

mod known_sets;

mod standing;

mod log;

mod logs;

mod spill;

mod readers;

mod spilling;

mod run;

mod run_bytes;

mod merge;

mod standing_runs;

mod minutes;

mod tally;

mod folder;

mod fold;

mod first_layout;

mod raw_records;

mod parallel;

mod digest;

mod edge;

mod turns;

mod edge_blocks;

mod interface_facts;

mod dotted;
mod grouped;
mod line;
mod page;

mod deflate;

mod render;

// And a stored digest read back.
mod digest_text;

mod digest_line;
mod digest_lines;

mod digest_writer;

mod error;

#[cfg(feature = "testing")]
pub mod checks;

#[cfg(feature = "testing")]
pub mod measure;

#[cfg(feature = "testing")]
pub mod oracle;

#[cfg(feature = "testing")]
mod parquet_copy;

pub use address::parse_ip;
pub use contents::{Contents, InOrder, Ranges};
pub use digest::Digest;
pub use digest_line::{DigestLine, LineFault};
pub use digest_lines::{DigestLines, DigestRow};
pub use digest_text::{TextError, read_digest_text};
pub use digest_writer::DigestWriter;
pub use dimensions::Dimensions;
pub use dotted::dotted;
pub use edge::Edge;
pub use edge_blocks::EdgeBlock;
pub use error::{FoldError, LayoutFault, RowFault, Unit};
pub use fact::{FACTS, FACTS_OF_EDGES, FactSet};
pub use field::{FIELDS, FieldType, KnownField};
pub use first_layout::{Beginning, beginning, first_layout};
pub use fold::{BadRows, Fold, FoldOptions};
pub use history::History;
pub use hybrid::{Hybrid, HybridFault};
pub use id::DigestId;
pub use index_entry::IndexEntry;
pub use inflate::{Container, Delivery};
pub use interface_facts::InterfaceFacts;
pub use job::Job;
pub use layout::Layout;
pub use manifest::{Coverage, Manifest};
pub use minutes::Minutes;
pub use others::{Actions, Mention, Others, Place};
pub use parallel::{Source, fold_parallel};
pub use parquet_claims::{
    ClaimFault, FOOTER_TAIL, check_filter_header, check_footer, check_offset_index, check_page_header,
    check_rows, footer_length, footer_tail,
};
#[cfg(feature = "testing")]
pub use parquet_copy::parquet_copy;
pub use raw_records::{EachRecord, RawRecord, raw_records};
pub use record::JobRecord;
pub use render::{GzipSummary, TextSummary};
pub use scope::Scope;
pub use spill::{Budget, Spill, SpillWriter, SpilledRun};
pub use standing::SharedAddress;
pub use tally::{Fault, ObjectTally};
pub use untold::untold;
pub use window::Window;
