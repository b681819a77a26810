//! What was written, by object and in all.

use std::fmt;

use digest_core::Window;

use super::row::Content;

/// Rows by what they say, and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Records of accepted flows.
    pub accepted: u64,
    /// Records of rejected flows.
    pub rejected: u64,
    /// Rows of status NODATA.
    pub no_data: u64,
    /// Rows of status SKIPDATA.
    pub skip_data: u64,
    /// Bytes of text, headers included.
    pub text_bytes: u64,
    /// Bytes of the objects.
    pub gzip_bytes: u64,
}

/// An object that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectWritten {
    /// Its key: the path under the directory.
    pub key: String,
    /// What it holds.
    pub counts: Counts,
}

/// All that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Number of objects.
    pub objects: u64,
    /// What they hold.
    pub counts: Counts,
    /// The window that the records fill. A few begin before it, a few after.
    pub window: Window,
}

impl Counts {
    /// All rows but headers.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.accepted + self.rejected + self.no_data + self.skip_data
    }

    pub(super) fn add(&mut self, content: &Content) {
        match content {
            Content::Flow(flow) if flow.accepted => self.accepted += 1,
            Content::Flow(_) => self.rejected += 1,
            Content::NoData => self.no_data += 1,
            Content::SkipData => self.skip_data += 1,
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.no_data += other.no_data;
        self.skip_data += other.skip_data;
        self.text_bytes += other.text_bytes;
        self.gzip_bytes += other.gzip_bytes;
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            objects,
            counts,
            window,
        } = self;
        let records = counts.records();
        let Counts {
            accepted,
            rejected,
            no_data,
            skip_data,
            text_bytes,
            gzip_bytes,
        } = counts;
        write!(
            f,
            "{records} records in {objects} objects: {accepted} ACCEPT, {rejected} REJECT, {no_data} NODATA, \
             {skip_data} SKIPDATA; {text_bytes} bytes of text, {gzip_bytes} of gzip; {window}"
        )
    }
}
