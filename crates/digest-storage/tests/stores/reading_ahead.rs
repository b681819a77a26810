//! The read-ahead over a store that breaks off, changes and lags, and its bounds, counted at the store.

use std::io::Read;
use std::iter::once;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use digest_storage::faults::{Fault, Faults, Operation};
use digest_storage::{ErrorKind, FlowLogs, Place, Prefetch, Store, StoreError, StoreOptions};
use object_store::ObjectStoreExt;
use object_store::path::Path;

const MIB: u64 = 1024 * 1024;
/// Largest piece of an object that does not come whole.
const PIECE: u64 = 8 * MIB;

/// Bytes in which every position can be told from its neighbours.
fn body(size: u64) -> Vec<u8> {
    (0..size).map(|at| (at ^ at >> 8 ^ at >> 16) as u8).collect()
}

/// A store with objects of these sizes, named by their number.
async fn store(sizes: &[u64]) -> Store {
    let store = Store::memory();
    for (number, size) in sizes.iter().enumerate() {
        put(&store, number, *size).await;
    }
    store
}

async fn put(store: &Store, number: usize, size: u64) {
    let key = Path::from(format!("{number:03}"));
    store.object_store().put(&key, body(size).into()).await.unwrap();
}

/// Reads the nth object on a thread of its own.
async fn read(store: &Store, prefetch: &Prefetch, number: usize) -> Result<Vec<u8>, std::io::Error> {
    let flow_logs = FlowLogs::new(store.clone());
    let plan = flow_logs.loose().await.unwrap();
    let mut reader = prefetch.open(&flow_logs, &plan.objects[number]).await.unwrap();
    tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map(|_| bytes)
    })
    .await
    .unwrap()
}

fn kind(error: &std::io::Error) -> ErrorKind {
    let inner = error.get_ref().unwrap();
    inner.downcast_ref::<StoreError>().unwrap().kind()
}

/// The ranges that a store was asked for; none is the whole.
type Asked = Arc<Mutex<Vec<Option<Range<u64>>>>>;

/// Keeps the ranges that were asked for.
fn ranges(faults: impl Fn(u64) -> Fault + Send + Sync + 'static) -> (Faults, Asked) {
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    let faults = Faults::new(move |call| {
        if call.operation != Operation::Get {
            return Fault::None;
        }
        seen.lock().unwrap().push(call.range.clone());
        faults(call.number)
    });
    (faults, asked)
}

#[tokio::test]
async fn a_body_that_breaks_off_is_resumed_where_it_broke() {
    let store = store(&[100_000]).await;
    for cut in [Fault::Break(30_000), Fault::End(30_000)] {
        let (faults, asked) = ranges(move |number| match number {
            1 => cut.clone(),
            2 => Fault::Fail(ErrorKind::Unavailable),
            3 => Fault::Break(0),
            _ => Fault::None,
        });
        let prefetch = Prefetch::new(1, MIB);
        let bytes = read(&faults.over(&store), &prefetch, 0).await.unwrap();
        assert!(bytes == body(100_000));
        let rest = Some(30_000..100_000);
        assert_eq!(*asked.lock().unwrap(), [None, rest.clone(), rest.clone(), rest]);
        assert_eq!(prefetch.gauge().bytes(), 0);
    }
}

#[tokio::test]
async fn an_object_that_keeps_breaking_off_is_a_failure_that_may_pass() {
    let store = store(&[1_000]).await;
    let (faults, asked) = ranges(|_| Fault::Break(10));
    let failed = read(&faults.over(&store), &Prefetch::new(1, MIB), 0)
        .await
        .unwrap_err();
    assert_eq!(kind(&failed), ErrorKind::Unavailable);
    assert_eq!(asked.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn what_no_try_can_mend_is_told_at_once() {
    let store = store(&[1_000]).await;
    for fatal in [ErrorKind::AccessDenied, ErrorKind::NotFound] {
        let (faults, asked) = ranges(move |_| Fault::Fail(fatal));
        let failed = read(&faults.over(&store), &Prefetch::new(1, MIB), 0)
            .await
            .unwrap_err();
        assert_eq!(kind(&failed), fatal);
        assert_eq!(asked.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn an_object_that_changes_after_the_listing_is_never_read_as_the_other() {
    // Of the same length: only the ETag tells.
    let store = store(&[100_000]).await;
    let flow_logs = FlowLogs::new(store.clone());
    let plan = flow_logs.loose().await.unwrap();
    put(&store, 0, 100_000).await;
    let mut reader = Prefetch::new(1, MIB)
        .open(&flow_logs, &plan.objects[0])
        .await
        .unwrap();
    let failed = tokio::task::spawn_blocking(move || reader.read_to_end(&mut Vec::new()).unwrap_err());
    assert_eq!(kind(&failed.await.unwrap()), ErrorKind::Changed);
}

#[tokio::test]
async fn an_object_that_changes_half_way_is_never_half_of_each() {
    let store = store(&[100_000]).await;
    // Tells when the first body has broken off, and holds the second request until the object is another.
    let (faults, asked) = ranges(|number| match number {
        1 => Fault::Break(30_000),
        _ => Fault::Slow(Duration::from_millis(200)),
    });
    let broken = faults.over(&store);
    let prefetch = Prefetch::new(1, MIB);
    let reading = read(&broken, &prefetch, 0);
    let changing = async {
        while asked.lock().unwrap().len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        put(&store, 0, 100_000).await;
    };
    let (failed, ()) = futures::join!(reading, changing);
    assert_eq!(kind(&failed.unwrap_err()), ErrorKind::Changed);
}

/// Bytes asked of the store and not yet consumed by readers: now, and the most there ever were.
#[derive(Default)]
struct Flight {
    asked: AtomicU64,
    consumed: AtomicU64,
    most: AtomicU64,
}

impl Flight {
    fn ask(&self, bytes: u64) {
        let asked = self.asked.fetch_add(bytes, Ordering::SeqCst) + bytes;
        let now = asked.saturating_sub(self.consumed.load(Ordering::SeqCst));
        self.most.fetch_max(now, Ordering::SeqCst);
    }
}

/// Reads objects of these sizes, all at once, and gives the most bytes and objects that were in flight.
async fn most_in_flight(sizes: &[u64], objects: usize, bytes: u64) -> (u64, u64) {
    let store = store(sizes).await;
    let flight = Arc::new(Flight::default());
    let (asking, all) = (Arc::clone(&flight), sizes.to_vec());
    let faults = Faults::new(move |call| {
        if call.operation == Operation::Get {
            let number: usize = call.key.parse().unwrap();
            asking.ask(
                call.range
                    .as_ref()
                    .map_or(all[number], |range| range.end - range.start),
            );
        }
        Fault::None
    });
    let flow_logs = FlowLogs::new(faults.over(&store));
    let plan = flow_logs.loose().await.unwrap();
    let prefetch = Prefetch::new(objects, bytes);
    let mut readers = Vec::new();
    for object in plan.objects {
        let mut reader = prefetch.open(&flow_logs, &object).await.unwrap();
        let flight = Arc::clone(&flight);
        readers.push(tokio::task::spawn_blocking(move || {
            let (mut all, mut piece) = (Vec::new(), vec![0; 65_536]);
            loop {
                // Slower than the store, so that the read-ahead is what bounds the flight.
                std::thread::sleep(Duration::from_micros(200));
                let count = reader.read(&mut piece).unwrap();
                if count == 0 {
                    break;
                }
                flight.consumed.fetch_add(count as u64, Ordering::SeqCst);
                all.extend_from_slice(&piece[..count]);
            }
            assert!(all == body(object.size), "{}", object.key);
        }));
    }
    for reader in readers {
        reader.await.unwrap();
    }
    assert_eq!((prefetch.gauge().bytes(), prefetch.gauge().objects()), (0, 0));
    assert_eq!(
        flight.asked.load(Ordering::SeqCst),
        sizes.iter().sum::<u64>(),
        "nothing is asked for twice"
    );
    assert!(prefetch.gauge().most_objects() <= objects as u64);
    (flight.most.load(Ordering::SeqCst), prefetch.gauge().most_bytes())
}

/// What a reader has consumed is counted a moment after its room is given back, so one read more may seem to be
/// in flight for each reader.
fn slack(readers: u64) -> u64 {
    readers * 65_536
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_more_than_the_permitted_bytes_are_in_flight() {
    let (most, gauged) = most_in_flight(&[MIB; 24], 8, 3 * MIB).await;
    assert!(gauged <= 3 * MIB, "{gauged}");
    assert!(most <= 3 * MIB + slack(8), "{most}");
    assert!(most > 2 * MIB, "the read-ahead reads ahead: {most}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_object_streams_through_in_pieces() {
    let (most, gauged) = most_in_flight(&[50 * MIB], 1, 1024 * MIB).await;
    assert!(gauged <= 2 * PIECE, "{gauged}");
    assert!(most <= 2 * PIECE + slack(1), "two pieces: {most}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_larger_than_all_permitted_bytes_is_read_within_them() {
    let (most, gauged) = most_in_flight(&[2 * MIB, 5 * MIB, MIB], 3, MIB).await;
    assert!(gauged <= MIB, "{gauged}");
    assert!(most <= MIB + slack(3), "{most}");
}

#[tokio::test]
async fn a_reader_that_goes_away_gives_its_room_back() {
    let store = store(&[MIB, MIB]).await;
    let (flow_logs, prefetch) = (FlowLogs::new(store.clone()), Prefetch::new(1, MIB));
    let plan = flow_logs.loose().await.unwrap();
    drop(prefetch.open(&flow_logs, &plan.objects[0]).await.unwrap());
    let whole = tokio::time::timeout(Duration::from_secs(5), read(&store, &prefetch, 1));
    assert!(
        whole
            .await
            .expect("the second object waits for the first's room")
            .unwrap()
            == body(MIB)
    );
}

#[tokio::test]
async fn an_empty_object_is_an_end() {
    let store = store(&[0]).await;
    let flow_logs = FlowLogs::new(store.clone());
    // The plan leaves empty objects out; one that is read all the same ends at once.
    assert_eq!(flow_logs.loose().await.unwrap().empty, 1);
    let object = digest_storage::FlowLogObject {
        place: None,
        key: "000".to_owned(),
        size: 0,
        etag: None,
        account: String::new(),
        region: String::new(),
        flow_log_id: String::new(),
        named: chrono::Utc::now(),
    };
    let mut reader = Prefetch::new(1, 1).open(&flow_logs, &object).await.unwrap();
    let read = tokio::task::spawn_blocking(move || reader.read(&mut [0; 8]).unwrap());
    assert_eq!(read.await.unwrap(), 0);
}

/// Reads ranges of the nth object on a thread of its own, after a few bytes in order.
async fn read_ranges(
    store: &Store,
    prefetch: &Prefetch,
    ranges: Vec<Range<u64>>,
) -> Result<Vec<Vec<u8>>, std::io::Error> {
    let flow_logs = FlowLogs::new(store.clone());
    let plan = flow_logs.loose().await.unwrap();
    let mut reader = prefetch.open(&flow_logs, &plan.objects[0]).await.unwrap();
    tokio::task::spawn_blocking(move || {
        assert!(reader.has_ranges());
        let mut first = [0; 100];
        reader.read_exact(&mut first)?;
        assert_eq!(first, body(100)[..]);
        let read = ranges.into_iter().map(|range| {
            let mut bytes = vec![0; (range.end - range.start) as usize];
            reader.read_at(range.start, &mut bytes).map(|()| bytes)
        });
        let read: Vec<_> = read.collect::<Result<_, _>>()?;
        assert_eq!(reader.read(&mut first)?, 0, "nothing is left in order");
        Ok(read)
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ranges_of_a_large_object_are_read_within_its_room() {
    let size = 40 * MIB;
    let (faults, asked) = ranges(|_| Fault::None);
    let store = faults.over(&store(&[size]).await);
    let wanted = vec![
        size - 8..size,
        5 * MIB..25 * MIB,
        0..10,
        7..7,
        39 * MIB..39 * MIB + 5,
    ];
    let prefetch = Prefetch::new(1, 10 * MIB);
    let read = read_ranges(&store, &prefetch, wanted.clone()).await.unwrap();
    let whole = body(size);
    for (range, bytes) in wanted.iter().zip(&read) {
        assert!(
            bytes[..] == whole[range.start as usize..range.end as usize],
            "{range:?}"
        );
    }
    let gauge = prefetch.gauge();
    assert_eq!((gauge.bytes(), gauge.objects()), (0, 0));
    assert!(gauge.most_bytes() <= 10 * MIB, "{}", gauge.most_bytes());
    let asked: u64 = asked
        .lock()
        .unwrap()
        .iter()
        .flatten()
        .map(|range| range.end - range.start)
        .sum();
    assert!(
        asked <= 21 * MIB,
        "the rest of the object is not asked for: {asked}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_that_cannot_be_read_is_told_by_its_reason() {
    let store = store(&[40 * MIB]).await;
    let beyond = read_ranges(
        &store,
        &Prefetch::new(1, MIB),
        once(40 * MIB - 1..40 * MIB + 1).collect(),
    )
    .await;
    assert_eq!(beyond.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
    let (faults, _) = ranges(|number| match number {
        1 => Fault::None,
        _ => Fault::Fail(ErrorKind::AccessDenied),
    });
    let denied = read_ranges(
        &faults.over(&store),
        &Prefetch::new(1, MIB),
        once(0..10).collect(),
    )
    .await;
    assert_eq!(kind(&denied.unwrap_err()), ErrorKind::AccessDenied);
}

#[tokio::test]
async fn a_local_file_is_read_in_parts_and_not_past_a_change() {
    let directory = tempfile::tempdir().unwrap();
    let place = Place::Local {
        directory: directory.path().to_owned(),
    };
    let store = digest_storage::open(&place, &StoreOptions::default()).unwrap();
    // Whole where there is room for it, in pieces of the room where there is not.
    for (number, size, room) in [(0, 3 * MIB + 1, 64 * MIB), (1, 20 * MIB + 7, 16 * MIB)] {
        put(&store, number, size).await;
        let bytes = read(&store, &Prefetch::new(2, room), number).await.unwrap();
        assert!(
            bytes == body(size),
            "object {number}: {} of {size} bytes",
            bytes.len()
        );
    }
    let flow_logs = FlowLogs::new(store.clone());
    let plan = flow_logs.loose().await.unwrap();
    let [object] = plan.objects.get(..1).unwrap() else {
        panic!("an object");
    };
    put(&store, 0, MIB).await;
    let mut reader = Prefetch::new(1, MIB).open(&flow_logs, object).await.unwrap();
    assert_eq!(reader.size(), 3 * MIB + 1);
    let changed = tokio::task::spawn_blocking(move || reader.read_to_end(&mut Vec::new()).unwrap_err());
    assert_eq!(kind(&changed.await.unwrap()), ErrorKind::Changed);
}
