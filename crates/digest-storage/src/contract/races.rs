//! Several writers at once. Without the capability nothing is promised of a race, only of a look beforehand; then
//! the cases show that whoever comes later is refused.

use futures::future::join_all;
use object_store::{Attributes, PutMode};

use super::{Subject, claim, path};
use crate::error::ErrorKind;
use crate::records::{Created, Records, Swap};
use crate::version::Version;

const ROUNDS: usize = 5;
const WRITERS: usize = 8;

/// Runs the writers on threads of their own and gives what they said.
async fn at_once<T, F>(writer: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let running = (0..WRITERS).map(|number| tokio::spawn(writer(number)));
    let ended = join_all(running.collect::<Vec<_>>()).await;
    ended.into_iter().map(Result::unwrap).collect()
}

/// Create-if-absent.
pub async fn of_many_creates_exactly_one_succeeds(subject: Subject) {
    if !subject.store.capabilities().atomic_create {
        return super::digests::a_first_publish_needs_an_absent_digest(subject).await;
    }
    for round in 0..ROUNDS {
        let key = path(&format!("round-{round}"));
        let answers = at_once(|number| {
            let (store, key) = (subject.store.clone(), key.clone());
            async move {
                let body = format!("writer {number}");
                let put = store
                    .put(&key, body.clone(), PutMode::Create, Attributes::new())
                    .await;
                put.map(|_| body).map_err(|error| error.kind())
            }
        })
        .await;
        let mut winners = Vec::new();
        for answer in answers {
            match answer {
                Ok(body) => winners.push(body),
                Err(kind) => assert_eq!(kind, ErrorKind::AlreadyExists),
            }
        }
        assert_eq!(winners.len(), 1, "{winners:?}");
        assert_eq!(subject.get(key.as_ref()).await.unwrap(), winners[0]);
    }
}

/// Compare-and-swap of one version.
pub async fn of_many_swaps_exactly_one_succeeds(subject: Subject) {
    if !subject.store.capabilities().compare_and_swap {
        return super::records::a_stale_version_swaps_nothing(subject).await;
    }
    for round in 0..ROUNDS {
        let key = path(&format!("round-{round}"));
        let put = subject
            .store
            .put(&key, "start", PutMode::Overwrite, Attributes::new())
            .await;
        let version = Version::from(&put.unwrap());
        let answers = at_once(|number| {
            let (store, key, version) = (subject.store.clone(), key.clone(), version.clone());
            async move {
                let (mode, body) = (PutMode::Update(version.for_update()), format!("swap {number}"));
                let put = store.put(&key, body.clone(), mode, Attributes::new()).await;
                put.map(|_| body).map_err(|error| error.kind())
            }
        })
        .await;
        let mut winners = Vec::new();
        for answer in answers {
            match answer {
                Ok(body) => winners.push(body),
                Err(kind) => assert_eq!(kind, ErrorKind::Precondition),
            }
        }
        assert_eq!(winners.len(), 1, "{winners:?}");
        assert_eq!(subject.get(key.as_ref()).await.unwrap(), winners[0]);
    }
}

/// Writers that count one number up together: every success is seen in the end. The bodies are of one length,
/// so that a version made of size and time would be found out.
pub async fn no_swap_is_lost(subject: Subject) {
    const EACH: u32 = 5;
    if !subject.store.capabilities().compare_and_swap {
        return super::records::a_stale_version_swaps_nothing(subject).await;
    }
    subject.put("counter", "00000").await;
    let key = path("counter");
    at_once(|_| {
        let (store, key) = (subject.store.clone(), key.clone());
        async move {
            let mut counted = 0;
            while counted < EACH {
                let (bytes, meta) = store.bytes(&key).await.unwrap().unwrap();
                let next = std::str::from_utf8(&bytes).unwrap().parse::<u32>().unwrap() + 1;
                let mode = PutMode::Update(Version::from(&meta).for_update());
                match store
                    .put(&key, format!("{next:05}"), mode, Attributes::new())
                    .await
                {
                    Ok(_) => counted += 1,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Precondition, "{error}"),
                }
            }
        }
    })
    .await;
    let expected = format!("{:05}", WRITERS as u32 * EACH);
    assert_eq!(subject.get("counter").await.unwrap(), expected);
}

/// The same through the job records: a claim, and then a taking of the work.
pub async fn of_many_claims_exactly_one_succeeds(subject: Subject) {
    let capabilities = subject.store.capabilities();
    let records = Records::new(subject.store.clone());
    let claims = if capabilities.atomic_create {
        at_once(|_| {
            let records = records.clone();
            async move { records.create(&claim()).await.unwrap() }
        })
        .await
    } else {
        let mut claims = Vec::new();
        for _ in 0..WRITERS {
            claims.push(records.create(&claim()).await.unwrap());
        }
        claims
    };
    let created = claims.iter().filter(|claim| matches!(claim, Created::Created(_)));
    assert_eq!(created.count(), 1, "{claims:?}");

    let (record, version) = records.load(super::job().id()).await.unwrap().unwrap();
    let take = move |number: usize| {
        let (owner, lease) = (format!("worker {number}"), chrono::TimeDelta::minutes(5));
        record
            .take(&owner, uuid::Uuid::new_v4(), super::now(), lease)
            .unwrap()
    };
    let swaps = if capabilities.compare_and_swap {
        at_once(|number| {
            let (records, version, taken) = (records.clone(), version.clone(), take(number));
            async move { records.swap(&version, &taken).await.unwrap() }
        })
        .await
    } else {
        let mut swaps = Vec::new();
        for number in 0..WRITERS {
            swaps.push(records.swap(&version, &take(number)).await.unwrap());
        }
        swaps
    };
    let taken = swaps.iter().filter(|swap| matches!(swap, Swap::Swapped(_)));
    assert_eq!(taken.count(), 1, "{swaps:?}");
}
