//! What one host did: the question of its windows, with what tables of interfaces say of it.

use std::net::IpAddr;

use digest_insight::{
    Filter, Host, HostOptions, HostWindow, LinksOptions, Listed, Observers, Offered, Peer, Rejected, Source,
};
use serde::Serialize;

use crate::asked::Asked;
use crate::error::QuestionError;
use crate::interface::{Standing, standing};
use crate::question::{answered, computed};

/// A host's answer. Times are Unix seconds.
#[derive(Debug, Serialize)]
pub struct HostAnswer {
    /// As it was asked for.
    pub host: String,
    /// The addresses that are meant.
    pub addresses: Vec<IpAddr>,
    /// What tables of interfaces say of it.
    #[serde(flatten)]
    pub standing: Standing,
    /// From when on what is first seen is new.
    pub new_since: Option<i64>,
    /// What it did in each digest's window.
    pub windows: Vec<HostSpan>,
    /// Parts of the time asked for of which nothing is stored.
    pub gaps: Vec<(i64, i64)>,
    /// How many of its peers are new.
    pub new_peers: u64,
    /// Whom it talked to, most bytes first.
    pub peers: Listed<Peer>,
    /// What it served, most bytes first.
    pub services: Listed<Offered>,
    /// What was rejected, most packets first.
    pub rejected: Listed<Rejected>,
}

/// What a host did in a digest's window.
#[derive(Debug, Serialize)]
pub struct HostSpan {
    /// The digest.
    pub digest: String,
    /// First second.
    pub start: i64,
    /// Past the last.
    pub stop: i64,
    /// How complete the digest is.
    pub coverage: digest_core::Coverage,
    /// Why it is partial.
    pub reasons: Vec<String>,
    /// Minutes that the host's interface reported, where a table of interfaces says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes_reported: Option<u64>,
    /// Rows by which AWS says that it lost records of the interface, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipdata_records: Option<u64>,
    /// In and out.
    #[serde(flatten)]
    pub sums: HostWindow,
}

pub(crate) async fn ask(
    asked: &Asked,
    name: String,
    new: Option<i64>,
    mut links: LinksOptions,
    limit: usize,
) -> Result<HostAnswer, QuestionError> {
    let about = match name.parse() {
        Ok(address) => Filter::of_addresses(&[address]),
        Err(_) => Filter::default(),
    };
    links.observers = asked.observers(&links.grouping, about).await?;
    let addresses = addresses(&name, &links.observers)?;
    let mut sources = asked.sources().await?;
    let windows: Vec<(i64, i64)> = asked
        .digests
        .iter()
        .zip(&sources)
        .map(|(digest, source)| digest.window.or_else(|| times(source)).unwrap_or_default())
        .collect();
    let new_since = new_since(&windows, new);
    let options = HostOptions {
        addresses: addresses.clone(),
        links,
        windows: windows.clone(),
        new_since,
        most: limit,
    };
    let host = computed(move || Host::ask(&mut sources, &options)).await?;
    let host = answered(asked, host)?;
    let interfaces = asked.interfaces().await?;
    let of = (addresses.clone(), name.clone());
    let standing = computed(move || standing(&interfaces, &of.0, &of.1)).await?;
    let standing = standing.map_err(QuestionError::Interfaces)?;
    let spans = host.windows.iter().zip(&asked.digests).enumerate();
    let spans = spans.map(|(at, (sums, digest))| {
        let (start, stop) = windows.get(at).copied().unwrap_or_default();
        let told = standing.reported.get(&at);
        HostSpan {
            digest: digest.name.clone(),
            start,
            stop,
            coverage: digest.coverage,
            reasons: digest.reasons.clone(),
            minutes_reported: told.map(|(minutes, _)| *minutes),
            skipdata_records: told.map(|(_, lost)| *lost),
            sums: *sums,
        }
    });
    Ok(HostAnswer {
        host: name,
        addresses,
        new_since,
        windows: spans.collect(),
        standing,
        gaps: asked.gaps.clone(),
        new_peers: host.new_peers,
        peers: host.peers,
        services: host.services,
        rejected: host.rejected,
    })
}

/// The addresses that are meant.
fn addresses(host: &str, observers: &Observers) -> Result<Vec<IpAddr>, QuestionError> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    let mut known = observers.addresses(host.as_bytes()).to_vec();
    known.sort_unstable();
    known.dedup();
    if known.is_empty() {
        return Err(QuestionError::NoAddress(host.to_owned()));
    }
    Ok(known)
}

/// First and last time of a text's lines.
fn times(source: &Source) -> Option<(i64, i64)> {
    match source {
        Source::Text(edges) => edges.line().map(|line| (line.start, line.end)),
        Source::Table(_) => None,
    }
}

/// From when on what is first seen is new: the last so many seconds or the last quarter of the time, begun with a window;
/// `None` where there is nothing earlier.
fn new_since(windows: &[(i64, i64)], last: Option<i64>) -> Option<i64> {
    let known = || windows.iter().filter(|(start, stop)| start < stop);
    let start = known().map(|(start, _)| *start).min()?;
    let stop = known().map(|(_, stop)| *stop).max()?;
    let wanted = match last {
        Some(last) => stop - last,
        None => stop - (stop - start) / 4,
    };
    let since = match last {
        Some(_) => Some(wanted),
        // A window as a whole: the first that begins in the last quarter, or the last one.
        None => known()
            .map(|(start, _)| *start)
            .filter(|begin| *begin >= wanted)
            .min()
            .or_else(|| known().map(|(start, _)| *start).max()),
    };
    since.filter(|since| *since > start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_is_new_against_something() {
        let hours = |count: i64| {
            (0..count)
                .map(|hour| (hour * 3600, hour * 3600 + 3600))
                .collect::<Vec<_>>()
        };
        assert_eq!(new_since(&hours(1), None), None);
        assert_eq!(new_since(&hours(2), None), Some(3600));
        assert_eq!(new_since(&hours(24), None), Some(18 * 3600));
        assert_eq!(new_since(&hours(27), None), Some(21 * 3600));
        assert_eq!(new_since(&hours(24), Some(7200)), Some(22 * 3600));
        assert_eq!(new_since(&hours(2), Some(7200)), None);
        assert_eq!(new_since(&[], None), None);
    }

    #[test]
    fn an_interface_without_an_address_is_told_so() {
        let error = addresses("eni-1", &Observers::default()).unwrap_err();
        assert!(error.to_string().contains("eni-1 is no address"), "{error}");
        assert_eq!(addresses("fd00::1", &Observers::default()).unwrap().len(), 1);
    }
}
