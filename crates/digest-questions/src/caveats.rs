//! What an answer cannot know: of which time nothing is stored, and which digests are not known to be complete.

use chrono::{DateTime, Utc};
use digest_core::Coverage;

use crate::asked::Asked;

impl Asked {
    /// One line for each digest that is not known to be complete, and one for what is not stored or has no table.
    #[must_use]
    pub fn caveats(&self) -> Vec<String> {
        let mut caveats = Vec::new();
        let unknown = self
            .digests
            .iter()
            .filter(|digest| digest.coverage == Coverage::Unknown)
            .count();
        if unknown > 0 {
            let which = if unknown == self.digests.len() {
                self.names()
            } else {
                format!("{unknown} of {}", self.names())
            };
            caveats.push(format!(
                "coverage of {which} is unknown: there is no manifest that fits"
            ));
        }
        for digest in &self.digests {
            if let Coverage::Partial | Coverage::NoData = digest.coverage {
                let why = digest.reasons.join("; ");
                caveats.push(
                    format!("{}: coverage {} {why}", digest.name, digest.coverage)
                        .trim_end()
                        .to_owned(),
                );
            }
        }
        for (from, to) in &self.gaps {
            caveats.push(format!(
                "nothing is stored of {} to {}",
                minute(*from),
                minute(*to)
            ));
        }
        for (from, to) in &self.without_table {
            let (from, to) = (minute(*from), minute(*to));
            caveats.push(format!(
                "the digest of {from} to {to} has no table and is left out"
            ));
        }
        caveats
    }
}

/// A time by its minute: `2026-11-22 03:00`.
fn minute(unix: i64) -> String {
    match DateTime::<Utc>::from_timestamp(unix, 0) {
        Some(time) => time.format("%Y-%m-%d %H:%M").to_string(),
        None => unix.to_string(),
    }
}
