//! The fetching end: requests an object piece by piece, goes on where a connection broke off, and stops when
//! nobody reads any more.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::GetResultPayload;
use object_store::path::Path;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::yield_now;
use tokio::time::sleep;

use super::reader::{Body, Chunk, FilePart, ObjectReader, Wanted};
use super::{Gauge, Reservation};
use crate::error::{ErrorKind, StoreError};
use crate::flow_logs::FlowLogObject;
use crate::store::Store;

/// Tries for one piece, resumed where the last one broke off.
const TRIES: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Chunks that wait for the reader; their bytes are bounded by the reservation, not by this.
pub(super) const CHUNKS: usize = 4096;
/// The first piece of an object that comes in pieces. By its bytes a reader knows whether it goes on in order, or by
/// ranges; no more is requested until they have been consumed.
pub(super) const FIRST: u64 = 256 * 1024;

/// Room that bytes take until they are consumed.
#[derive(Debug)]
pub(super) struct Held {
    permit: Option<OwnedSemaphorePermit>,
    gauge: Arc<Gauge>,
    bytes: u64,
}

impl Held {
    fn new(permit: OwnedSemaphorePermit, gauge: &Arc<Gauge>) -> Self {
        let bytes = permit.num_permits() as u64;
        gauge.request(bytes);
        Self {
            permit: Some(permit),
            gauge: Arc::clone(gauge),
            bytes,
        }
    }

    /// Takes the room of some bytes out of this one.
    fn split(&mut self, bytes: usize) -> Self {
        let permit = self.permit.as_mut().and_then(|permit| permit.split(bytes));
        let bytes = (bytes as u64).min(self.bytes);
        self.bytes -= bytes;
        Self {
            permit,
            gauge: Arc::clone(&self.gauge),
            bytes,
        }
    }

    /// Gives the room of some bytes back.
    pub(super) fn release(&mut self, bytes: usize) {
        drop(self.split(bytes));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.gauge.release(self.bytes);
    }
}

impl Share {
    /// Waits until the reader has consumed all that was fetched.
    async fn consumed(&self) {
        let all = u32::try_from(self.bytes.num_permits()).unwrap_or(u32::MAX);
        drop(self.turns.acquire_many(all).await);
    }
}

/// One object on its way.
struct Fetch {
    store: Store,
    key: Path,
    etag: Option<String>,
    size: u64,
    chunks: Sender<Result<Chunk, StoreError>>,
}

/// Starts to fetch; the reader is there at once.
pub(super) fn begin(
    store: Store,
    object: &FlowLogObject,
    reservation: Reservation,
    piece: u64,
    whole: bool,
) -> Result<ObjectReader, StoreError> {
    let key = Path::parse(&object.key).map_err(|error| {
        StoreError::of(
            store.place(),
            &object.key,
            object_store::Error::InvalidPath { source: error },
        )
    })?;
    let Reservation {
        object: counted,
        bytes,
        gauge,
    } = reservation;
    let (sender, receiver) = channel(CHUNKS);
    let (wanted, mut ranges) = channel(1);
    let reader = ObjectReader::new(object.size, counted, receiver);
    let reader = if whole { reader } else { reader.with_ranges(wanted) };
    let fetch = Fetch {
        store,
        key,
        etag: object.etag.clone(),
        size: object.size,
        chunks: sender,
    };
    if whole {
        let held = Held::new(bytes, &gauge);
        tokio::spawn(async move {
            fetch.to_the_end(fetch.piece(0..fetch.size, held)).await;
        });
        return Ok(reader);
    }
    tokio::spawn(async move {
        // The share is kept for the object's life; its pieces take turns inside it.
        let share = Share {
            turns: Arc::new(Semaphore::new(bytes.num_permits())),
            bytes,
            gauge,
            piece,
        };
        let first = tokio::select! {
            biased;
            first = ranges.recv() => first,
            is_all = fetch.to_the_end(fetch.in_order(&share)) => {
                if is_all {
                    return;
                }
                // Whoever asks for a range no longer reads in order: that may be seen before the range is.
                ranges.recv().await
            }
        };
        if let Some(first) = first {
            fetch.by_ranges(first, ranges, &share).await;
        }
    });
    Ok(reader)
}

/// What an object that comes in pieces may have in flight.
struct Share {
    bytes: OwnedSemaphorePermit,
    turns: Arc<Semaphore>,
    gauge: Arc<Gauge>,
    piece: u64,
}

impl Fetch {
    /// Goes on until all is there, or nobody reads any more, and tells the reader of a failure. Whether all was there.
    async fn to_the_end(&self, fetching: impl Future<Output = Result<(), StoreError>>) -> bool {
        let fetched = tokio::select! {
            fetched = fetching => fetched,
            () = self.chunks.closed() => return false,
        };
        match fetched {
            Ok(()) => true,
            Err(error) => {
                // Nobody reads any more: nobody wants to know.
                let _ = self.chunks.send(Err(error)).await;
                false
            }
        }
    }

    /// Fetches all of the object, piece by piece.
    async fn in_order(&self, share: &Share) -> Result<(), StoreError> {
        let first = FIRST.min(share.piece).min(self.size);
        self.pieces(0..first, share).await?;
        share.consumed().await;
        // A range that was asked for before the room was given back is looked at first.
        yield_now().await;
        self.pieces(first..self.size, share).await?;
        // Until the last piece is consumed the share is in use.
        share.consumed().await;
        Ok(())
    }

    /// Fetches one range after the other, as they are asked for.
    async fn by_ranges(mut self, first: Wanted, mut ranges: Receiver<Wanted>, share: &Share) {
        let mut next = Some(first);
        while let Some(wanted) = next {
            self.chunks = wanted.chunks;
            self.to_the_end(self.pieces(wanted.range, share)).await;
            next = ranges.recv().await;
        }
    }

    /// Fetches a range piece by piece, each once there is room in the share.
    async fn pieces(&self, range: Range<u64>, share: &Share) -> Result<(), StoreError> {
        let mut at = range.start;
        while at < range.end {
            let end = (at + share.piece).min(range.end);
            let wanted = u32::try_from(end - at).unwrap_or(u32::MAX);
            let Ok(permit) = Arc::clone(&share.turns).acquire_many_owned(wanted).await else {
                break;
            };
            self.piece(at..end, Held::new(permit, &share.gauge)).await?;
            at = end;
        }
        Ok(())
    }

    /// Fetches one range, resuming after failures that may pass.
    async fn piece(&self, range: Range<u64>, mut held: Held) -> Result<(), StoreError> {
        let mut at = range.start;
        let mut pause = FIRST_PAUSE;
        for left in (0..TRIES).rev() {
            let failure = match self.from(&mut at, range.end, &mut held).await {
                Ok(()) if at >= range.end => return Ok(()),
                Ok(()) => StoreError::new(
                    ErrorKind::Unavailable,
                    self.store.place(),
                    &self.key,
                    "the answer was cut off",
                ),
                Err(error) => error,
            };
            if left == 0 || !failure.is_retryable() {
                return Err(failure);
            }
            sleep(pause.mul_f64(0.5 + fastrand::f64())).await;
            pause *= 2;
        }
        Ok(())
    }

    async fn from(&self, at: &mut u64, end: u64, held: &mut Held) -> Result<(), StoreError> {
        let range = (*at > 0 || end < self.size).then_some(*at..end);
        let answer = self.store.range(&self.key, range, self.etag.as_deref()).await?;
        let from = answer.range.start;
        match answer.payload {
            GetResultPayload::Stream(mut body) => {
                while let Some(bytes) = body.try_next().await.map_err(|error| self.broken(error))? {
                    self.send(bytes, at, end, held).await?;
                }
                Ok(())
            }
            GetResultPayload::File(file, _) => self.file(file, from, at, end, held).await,
        }
    }

    /// Hands a local file to the reader, whose thread may block: parts that were read ahead would be copied once more, and each would
    /// change threads.
    async fn file(
        &self,
        mut file: File,
        from: u64,
        at: &mut u64,
        end: u64,
        held: &mut Held,
    ) -> Result<(), StoreError> {
        let broken = |source: io::Error| {
            self.broken(object_store::Error::Generic {
                store: "local",
                source: Box::new(source),
            })
        };
        file.seek(SeekFrom::Start(from)).map_err(broken)?;
        let left = end - *at;
        *at = end;
        let chunk = Chunk {
            held: held.split(usize::try_from(left).unwrap_or(usize::MAX)),
            body: Body::File(FilePart {
                file,
                left,
                place: self.store.place().clone(),
                key: self.key.clone(),
            }),
        };
        self.chunks.send(Ok(chunk)).await.map_err(|_| self.unread())
    }

    async fn send(
        &self,
        mut bytes: Bytes,
        at: &mut u64,
        end: u64,
        held: &mut Held,
    ) -> Result<(), StoreError> {
        let left = usize::try_from(end - *at).unwrap_or(usize::MAX);
        bytes.truncate(left);
        if bytes.is_empty() {
            return Ok(());
        }
        *at += bytes.len() as u64;
        let chunk = Chunk {
            held: held.split(bytes.len()),
            body: Body::Bytes(bytes),
        };
        self.chunks.send(Ok(chunk)).await.map_err(|_| self.unread())
    }

    #[cold]
    fn unread(&self) -> StoreError {
        let place = self.store.place();
        StoreError::new(ErrorKind::Other, place, &self.key, "nobody reads any more")
    }

    /// A body that breaks off may be asked for again, whatever the transport says of it.
    fn broken(&self, error: object_store::Error) -> StoreError {
        let error = self.store.error(&self.key, error);
        match error.kind() {
            ErrorKind::Other => error.with_kind(ErrorKind::Unavailable),
            ErrorKind::Precondition => error.with_kind(ErrorKind::Changed),
            _ => error,
        }
    }
}
