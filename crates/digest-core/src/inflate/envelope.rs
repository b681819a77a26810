//! What rows are delivered in, where that is not a flow log of its own: known by the first bytes of an object's text.

use super::GZIP;

pub(super) mod documents;
pub(super) mod export;

/// What stands around the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// Nothing.
    None,
    /// A time before each row, as CloudWatch Logs exports them.
    Export,
    /// Another compression: nothing is taken off, and nothing read.
    Gzip,
    /// JSON, as Firehose and CloudWatch Logs' subscriptions deliver it.
    Documents,
}

impl Envelope {
    /// Bytes by which it is known.
    pub(super) const KNOWN_BY: usize = export::LONGEST;

    /// The envelope of a text that begins so.
    pub(crate) fn of(begin: &[u8]) -> Self {
        match begin.first() {
            Some(b'{') => Self::Documents,
            _ if begin.starts_with(&GZIP) => Self::Gzip,
            Some(b'0'..=b'9') if export::begins_with_time(begin) => Self::Export,
            _ => Self::None,
        }
    }
}
