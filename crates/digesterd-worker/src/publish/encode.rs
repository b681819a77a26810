//! The digest as one gzip member: in memory where it fits, else straight into a temporary object.

use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use digest_core::{Digest, GzipSummary, JobRecord};
use digest_storage::Digests;
use futures::stream;
use tokio::sync::mpsc;

use super::error::PublishError;
use super::pieces::Pieces;
use crate::terms::Terms;

/// A compressed digest.
#[derive(Debug)]
pub(super) struct Encoded {
    pub(super) body: Body,
    pub(super) summary: GzipSummary,
}

/// Where the compressed bytes are.
#[derive(Debug)]
pub(super) enum Body {
    Memory(Bytes),
    /// In the temporary object of the attempt's nonce.
    Temporary,
}

/// Compresses on a thread of its own; what is too large for one request goes into the attempt's temporary object. Nothing larger
/// than the terms allow is stored.
pub(super) async fn encode(
    digest: Arc<Digest>,
    digests: &Digests,
    record: &JobRecord,
    terms: &Terms,
) -> Result<Encoded, PublishError> {
    let (sender, mut pieces) = mpsc::channel(1);
    let most = terms.max_output;
    let encoder = tokio::task::spawn_blocking(move || {
        let mut out = Pieces::new(sender).within(most);
        let summary = digest.write_gzip(&mut out)?;
        out.send()?;
        Ok::<_, io::Error>(summary)
    });
    let mut gathered = Vec::new();
    let mut size = 0;
    let mut fits = true;
    while let Some(piece) = pieces.recv().await {
        let piece: Bytes = piece;
        size += piece.len();
        gathered.push(piece);
        if size > terms.single_put {
            fits = false;
            break;
        }
    }
    if !fits {
        let all = stream::unfold(
            (gathered.into_iter(), pieces),
            |(mut gathered, mut pieces)| async {
                let next = match gathered.next() {
                    Some(piece) => Some(piece),
                    None => pieces.recv().await,
                };
                next.map(|piece| (piece, (gathered, pieces)))
            },
        );
        let uploaded = digests
            .write_temporary(record.job().id(), record.nonce(), Box::pin(all))
            .await;
        uploaded.map_err(PublishError::of("the digest's temporary object"))?;
        gathered = Vec::new();
    }
    let summary = match encoder.await {
        Ok(Ok(summary)) if summary.text.lines > terms.max_edges => {
            return Err(PublishError::TooLarge(format!(
                "it has {} lines, at most {} may be stored (DIGEST_MAX_EDGES)",
                summary.text.lines, terms.max_edges
            )));
        }
        Ok(Ok(summary)) => summary,
        Ok(Err(error)) if error.kind() == io::ErrorKind::FileTooLarge => {
            return Err(PublishError::TooLarge(error.to_string()));
        }
        Ok(Err(error)) => return Err(PublishError::Encode(error)),
        Err(error) => return Err(PublishError::Panicked(error.to_string())),
    };
    let body = if fits {
        Body::Memory(joined(gathered))
    } else {
        Body::Temporary
    };
    Ok(Encoded { body, summary })
}

fn joined(mut pieces: Vec<Bytes>) -> Bytes {
    if pieces.len() == 1 {
        return pieces.pop().unwrap_or_default();
    }
    let mut whole = BytesMut::with_capacity(pieces.iter().map(Bytes::len).sum());
    for piece in pieces {
        whole.extend_from_slice(&piece);
    }
    whole.freeze()
}
