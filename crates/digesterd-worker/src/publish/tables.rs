//! The tables of the digest's edges and interfaces: encoded on threads, uploaded as they come, under the attempt's nonce.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use digest_core::manifest::StoredTable;
use digest_core::{Digest, JobRecord};
use digest_storage::{TableKind, Tables};
use digest_tables::{Origins, TableError, TableSummary, write_edges, write_interfaces};
use futures::{Stream, stream};
use tokio::sync::mpsc;

use super::error::PublishError;
use super::pieces::Pieces;

/// The tables that were stored; both, or none.
#[derive(Debug, Clone, Default)]
pub(super) struct StoredTables {
    pub(super) edges: Option<StoredTable>,
    pub(super) interfaces: Option<StoredTable>,
}

/// Stores the tables before the digest appears.
pub(super) async fn store(
    digest: &Arc<Digest>,
    origins: Origins,
    tables: &Tables,
    record: &JobRecord,
) -> Result<StoredTables, PublishError> {
    let origins = Arc::new(origins);
    let mut stored = StoredTables::default();
    for (kind, table) in [
        (TableKind::Edges, &mut stored.edges),
        (TableKind::Interfaces, &mut stored.interfaces),
    ] {
        *table = Some(store_one(kind, digest, &origins, tables, record).await?);
    }
    Ok(stored)
}

async fn store_one(
    kind: TableKind,
    digest: &Arc<Digest>,
    origins: &Arc<Origins>,
    tables: &Tables,
    record: &JobRecord,
) -> Result<StoredTable, PublishError> {
    let (sender, pieces) = mpsc::channel(1);
    let (digest, origins) = (Arc::clone(digest), Arc::clone(origins));
    let writing = tokio::task::spawn_blocking(move || write(kind, &digest, &origins, sender));
    let (job, nonce) = (record.job(), record.nonce());
    let stored = tables.write(kind, job, nonce, Box::pin(to_the_end(pieces))).await;
    // A writer whose pieces nobody takes ends by itself, and so does an upload whose pieces break off: the side that
    // gave up first is the one that says why.
    let summary = match (writing.await, stored) {
        (Err(error), _) => return Err(PublishError::Panicked(error.to_string())),
        (Ok(Err(error)), _) if !is_of_the_reader(&error) => return Err(PublishError::Table(error)),
        (Ok(_), Err(error)) => return Err(PublishError::of(what(kind))(error)),
        (Ok(written), Ok(())) => written.map_err(PublishError::Table)?,
    };
    Ok(StoredTable {
        key: Tables::key(kind, job, nonce),
        rows: summary.rows,
        bytes: summary.bytes,
        sha256: summary.sha256,
    })
}

fn what(kind: TableKind) -> &'static str {
    match kind {
        TableKind::Edges => "the table of edges",
        TableKind::Interfaces => "the table of interfaces",
    }
}

fn write(
    kind: TableKind,
    digest: &Digest,
    origins: &Origins,
    sender: mpsc::Sender<Bytes>,
) -> Result<TableSummary, TableError> {
    let mut out = Pieces::new(sender.clone());
    let summary = match kind {
        TableKind::Edges => write_edges(digest, origins, &mut out),
        TableKind::Interfaces => write_interfaces(digest, origins, &mut out),
    }?;
    out.send()?;
    // Without this mark the table is not whole.
    sender
        .blocking_send(Bytes::new())
        .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
    Ok(summary)
}

/// Whether the uploading side ended first.
fn is_of_the_reader(error: &TableError) -> bool {
    matches!(error, TableError::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
}

/// The pieces up to the mark that ends them; an error where it does not come.
fn to_the_end(pieces: mpsc::Receiver<Bytes>) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::unfold(Some(pieces), |pieces| async {
        let mut pieces = pieces?;
        match pieces.recv().await {
            Some(mark) if mark.is_empty() => None,
            Some(piece) => Some((Ok(piece), Some(pieces))),
            None => Some((Err(io::Error::other("the table broke off")), None)),
        }
    })
}
