//! The lines inside a stored digest, decompressed on their way out.

use std::io;

use actix_web::web::Bytes;
use async_compression::tokio::bufread::GzipDecoder;
use digest_storage::StoreError;
use futures::{Stream, TryStreamExt};
use tokio_util::io::{ReaderStream, StreamReader};

/// Bytes of one piece.
const PIECE: usize = 64 << 10;

/// The text of a gzip stream, whatever the number of its members.
pub(crate) fn lines(
    gzip: impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static,
) -> impl Stream<Item = io::Result<Bytes>> + 'static {
    let reader = StreamReader::new(Box::pin(gzip.map_err(io::Error::other)));
    let mut decoder = GzipDecoder::new(reader);
    decoder.multiple_members(true);
    ReaderStream::with_capacity(decoder, PIECE)
}
