//! From a built digest to a stored one: encode → store → release, in the order that keeps every crash mendable.
//!
//! The gzip's object is what "stored" means. So the tables of edges and interfaces and the manifest are written first, under the attempt's nonce;
//! then the lease is renewed by compare-and-swap; then the digest appears under its name by one conditional
//! request; then the manifest is copied to its own, and the digest is listed in the index. Whoever visits the job after a crash finds the nonce in
//! the record, sees which of these steps was the last, and goes on from there (`standing.rs`).

use std::sync::Arc;

use digest_core::Coverage;
use digest_core::manifest::Bound;
use digesterd_process::metrics::ThreadTime;

use crate::build::Built;
use crate::job::Held;
use crate::terms::Terms;
use crate::worker::Places;

mod encode;
mod error;
mod land;
mod pieces;
mod side;
mod standing;
mod tables;

pub(crate) use error::PublishError;
pub(crate) use side::{abandon, finish, finish_or_leave};
#[cfg(test)]
pub(crate) use standing::{Found, judge};
pub(crate) use standing::{Standing, standing};
use tables::StoredTables;

/// What was stored.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    pub(crate) coverage: Coverage,
    pub(crate) edges: u64,
    /// Size of the stored gzip.
    pub(crate) bytes: u64,
    pub(crate) bound: Option<Bound>,
    pub(crate) threads: ThreadTime,
    /// Whether nothing beside the digest is left to a sweeper.
    pub(crate) is_whole: bool,
}

/// Publishes a digest for the holder of its record.
pub(crate) async fn publish(
    places: &Places,
    built: Built,
    held: &Held,
    terms: &Terms,
) -> Result<Published, PublishError> {
    let record = held.record().await;
    let Built {
        digest,
        report,
        origins,
        keeps_edges,
    } = built;
    let digest = Arc::new(digest);
    let stored = if keeps_edges {
        tables::store(&digest, origins, &places.tables, &record).await?
    } else {
        StoredTables::default()
    };
    let encoded = encode::encode(digest, &places.digests, &record, terms).await?;
    let manifest = side::write(&places.manifests, &record, &report, &encoded.summary, stored).await?;
    land::land(&places.digests, held, terms, &encoded, manifest.coverage).await?;
    let is_whole = finish_or_leave(places, &record, Some(&manifest)).await;
    Ok(Published {
        coverage: manifest.coverage,
        edges: manifest.edges,
        bytes: manifest.gzip.bytes,
        bound: manifest.bound,
        threads: report.threads,
        is_whole,
    })
}
