//! What the kernel promises, each promise in a file of its own:
//!
//! * [`agreement`]: whatever the bytes, the kernel says what the naive oracle says.
//! * [`invariance`]: order, splits, threads, compression and read sizes change nothing.
//! * [`beginnings`]: what is told of an object without its rows is what folding it finds.
//! * [`bursts`]: rows that share what they share at any length, and rows among them that are wrong.
//! * [`long_logs`]: thousands of rows in bursts, with every other kind among them.
//! * [`others`]: records that another flow log has do not count; those that may count twice are told.
//! * [`parallel`]: an error in any thread ends the work of all.
//! * [`parquet`]: a Parquet file says what text of the same records says, and a hostile one does no harm.
//! * [`parquet_reading`]: what of a Parquet file is read, and what is said of one that cannot be.
//! * [`raw_records`]: records one at a time are those that a fold counts.
//! * [`windows`]: adjacent windows share no record, and add up.
//! * [`bounds`]: overflowing sums, wide headers and what inflates too far are refused in bounded memory; long rows in `tests/long_row.rs`.
//! * [`spilling`]: a budget changes neither text nor gzip bytes, and failing runs are told.
//! * [`gzip`]: what is written is one member that any reader reads whole.
//! * [`facets`]: what tells edges apart beyond the text is kept, and the text adds it up.
//! * [`fields`]: the table of fields in the documentation is the one in the code.
//! * [`replay`]: what fuzzing is started from, and random rows, in every way the kernel has.
//! * [`fixtures`]: small logs beside the digests they give.
//!
//! [`corpus`] makes the logs, [`parquet_file`] tables of them, [`ranged`] notes what is asked of one, [`answer`] brings the kernel's digest into the oracle's shape.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests may fail loudly"
)]

mod agreement;
mod answer;
mod beginnings;
mod bounds;
mod bursts;
mod corpus;
mod facets;
mod fields;
mod fixtures;
mod gzip;
mod invariance;
#[path = "../../../../fuzz/kept.rs"]
mod kept;
mod long_logs;
mod mentions;
mod others;
mod parallel;
mod parquet;
mod parquet_file;
mod parquet_reading;
mod ranged;
mod raw_records;
mod replay;
mod spilling;
mod windows;
