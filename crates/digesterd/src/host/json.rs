//! A host's answer as one JSON document. Times are Unix seconds.

use digest_insight::HostWindow;
use serde::Serialize;

use super::Answer;
use super::interface::Standing;
use crate::asked::Asked;

#[derive(Serialize)]
struct Document<'a> {
    host: &'a str,
    addresses: &'a [std::net::IpAddr],
    #[serde(flatten)]
    standing: &'a Standing,
    /// From when on what is first seen is new.
    new_since: Option<i64>,
    windows: Vec<Window<'a>>,
    /// Parts of the time asked for of which nothing is stored.
    gaps: &'a [(i64, i64)],
    new_peers: u64,
    peers: &'a digest_insight::Listed<digest_insight::Peer>,
    services: &'a digest_insight::Listed<digest_insight::Offered>,
    rejected: &'a digest_insight::Listed<digest_insight::Rejected>,
}

#[derive(Serialize)]
struct Window<'a> {
    digest: &'a str,
    start: i64,
    stop: i64,
    coverage: String,
    /// Why it is partial.
    reasons: &'a [String],
    /// Minutes that the host's interface reported, where a table of interfaces says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    minutes_reported: Option<u64>,
    #[serde(flatten)]
    sums: HostWindow,
}

/// The document, with a newline.
pub(super) fn document(answer: &Answer, asked: &Asked) -> Vec<u8> {
    let windows = answer.host.windows.iter().zip(&asked.digests).enumerate();
    let windows = windows.map(|(at, (sums, digest))| {
        let (start, stop) = answer.windows.get(at).copied().unwrap_or_default();
        Window {
            digest: &digest.name,
            start,
            stop,
            coverage: digest.coverage.to_string(),
            reasons: &digest.reasons,
            minutes_reported: answer.standing.reported.get(&at).map(|(minutes, _)| *minutes),
            sums: *sums,
        }
    });
    let document = Document {
        host: &answer.name,
        addresses: &answer.addresses,
        standing: &answer.standing,
        new_since: answer.new_since,
        windows: windows.collect(),
        gaps: &asked.gaps,
        new_peers: answer.host.new_peers,
        peers: &answer.host.peers,
        services: &answer.host.services,
        rejected: &answer.host.rejected,
    };
    let mut json = serde_json::to_vec(&document).unwrap_or_default();
    json.push(b'\n');
    json
}
