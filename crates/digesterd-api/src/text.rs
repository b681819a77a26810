//! The lines inside a stored digest, decompressed on their way out, and turned into other formats there.

use std::io;

use actix_web::web::Bytes;
use async_compression::tokio::bufread::GzipDecoder;
use digest_insight::{Conversion, Format};
use digest_storage::StoreError;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use tokio_util::io::{ReaderStream, StreamReader};

/// Bytes of one piece.
const PIECE: usize = 64 << 10;

/// The text of a gzip stream, whatever the number of its members.
fn lines(
    gzip: impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static,
) -> impl Stream<Item = io::Result<Bytes>> + 'static {
    let reader = StreamReader::new(Box::pin(gzip.map_err(io::Error::other)));
    let mut decoder = GzipDecoder::new(reader);
    decoder.multiple_members(true);
    ReaderStream::with_capacity(decoder, PIECE)
}

/// What a format makes of a stored digest, a piece of text at a time. A digest that breaks off, or has lines that are
/// none, breaks the answer off.
pub(crate) fn converted(
    gzip: impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static,
    format: Format,
) -> impl Stream<Item = io::Result<Bytes>> + 'static {
    let lines = Box::pin(lines(gzip));
    stream::try_unfold(Some((lines, Conversion::to(format))), async |state| {
        let Some((mut lines, mut conversion)) = state else {
            return Ok(None);
        };
        let mut out = Vec::new();
        while let Some(piece) = lines.next().await {
            conversion.push(&piece?, &mut out).map_err(io::Error::other)?;
            if !out.is_empty() {
                return Ok(Some((Bytes::from(out), Some((lines, conversion)))));
            }
        }
        conversion.finish(&mut out).map_err(io::Error::other)?;
        Ok((!out.is_empty()).then(|| (Bytes::from(out), None)))
    })
}
