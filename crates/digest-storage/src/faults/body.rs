//! Bodies that end before their time.

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use object_store::{GetResult, GetResultPayload, Result};

use super::failure;
use crate::error::ErrorKind;

/// The same answer with a body of at most so many bytes, which then breaks off or quietly ends.
pub(super) fn cut(answer: GetResult, after: u64, breaks: bool) -> GetResult {
    let (meta, range) = (answer.meta.clone(), answer.range.clone());
    let (attributes, extensions) = (answer.attributes.clone(), answer.extensions.clone());
    let key = meta.location.to_string();
    let state = (answer.into_stream(), after);
    let kept = stream::unfold(
        state,
        |(mut body, left): (BoxStream<'static, Result<Bytes>>, u64)| async move {
            if left == 0 {
                return None;
            }
            let mut piece = match body.next().await? {
                Ok(piece) => piece,
                Err(error) => return Some((Err(error), (body, 0))),
            };
            piece.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            let left = left - piece.len() as u64;
            Some((Ok(piece), (body, left)))
        },
    );
    // Readers may ask once more after the end.
    let kept = kept.fuse();
    let body = if breaks {
        kept.chain(stream::once(
            async move { Err(failure(ErrorKind::Unavailable, &key)) },
        ))
        .boxed()
    } else {
        kept.boxed()
    };
    GetResult {
        payload: GetResultPayload::Stream(body),
        meta,
        range,
        attributes,
        extensions,
    }
}
