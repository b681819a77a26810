//! Questions asked of stored digests, for the API and the command line alike: which digests there are of a time or an id,
//! with their tables; whose addresses are known; and the [`Answer`].
//!
//! What is computed lies in `digest-insight`; here it is put on threads that may wait for a store's bytes. An [`Asked`] is
//! what a question is asked of: found in a store by [`of_id`] and [`of_stretch`], or put together by whoever has files.

mod answer;
mod asked;
mod baseline;
mod caveats;
mod duration;
mod error;
mod host;
mod interface;
mod question;
mod records;
mod stored;
mod stretch;
mod table_object;

pub use answer::{Answer, EdgesAnswer, Row, UnexpectedAnswer};
pub use asked::{Asked, AskedDigest, AskedEdges, Table, Text};
pub use baseline::{BASELINE_WINDOWS, BaselineWindow, last_windows};
pub use duration::duration;
pub use error::QuestionError;
pub use host::{HostAnswer, HostSpan};
pub use interface::Standing;
pub use question::{Asking, Question, UnusualAsking, ask};
pub use records::{RecordRow, RecordSource, RecordsAnswer, RecordsAsking, UnreadObject};
pub use stored::{Known, OpenText, of_id, of_stretch};
pub use stretch::stored_windows;
pub use table_object::of_object;
