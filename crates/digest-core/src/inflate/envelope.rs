//! What rows are delivered in, where that is not a flow log of its own: known by the first bytes of an object's text.

use super::GZIP;

/// Blanks that may stand before a time or a document.
const BLANKS: usize = 32;
/// UTF-8's byte order mark: some editors and shells begin a file with it.
pub(super) const MARK: &[u8] = b"\xef\xbb\xbf";

pub(super) mod documents;
pub(super) mod export;

/// What stands around the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// Nothing.
    None,
    /// A time before each row, as CloudWatch Logs exports them.
    Export,
    /// A byte order mark, which is no part of the text.
    Mark,
    /// Another compression: nothing is taken off, and nothing read.
    Gzip,
    /// JSON, as Firehose and CloudWatch Logs' subscriptions deliver it.
    Documents,
}

impl Envelope {
    /// Bytes by which it is known.
    pub(super) const KNOWN_BY: usize = MARK.len() + BLANKS + export::LONGEST;

    /// The envelope of a text that begins so.
    pub(crate) fn of(begin: &[u8]) -> Self {
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let blanks = begin
            .iter()
            .take(BLANKS)
            .take_while(|byte| is_blank(byte))
            .count();
        let text = begin.get(blanks..).unwrap_or_default();
        match text.first() {
            _ if begin.starts_with(MARK) => Self::Mark,
            _ if begin.starts_with(&GZIP) => Self::Gzip,
            Some(b'{') => Self::Documents,
            Some(b'0'..=b'9') if export::begins_with_time(text) => Self::Export,
            _ => Self::None,
        }
    }
}
